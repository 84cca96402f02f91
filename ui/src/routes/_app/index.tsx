import { createFileRoute } from '@tanstack/react-router';
import { RANGE_NAMES } from '@/features/logs/ranges';
import { OverviewPage } from '@/features/overview/overview-page';
import { useDefaultView } from '@/features/settings/default-views';
import { oneOf, only, type Search } from '@/lib/search';

export const Route = createFileRoute('/_app/')({
  validateSearch: (s: Search) => only({ range: oneOf(s.range, RANGE_NAMES) }),
  component: Overview,
});

function Overview() {
  const usual = useDefaultView('overview');
  const { range = usual } = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <OverviewPage
      range={range}
      onRange={(next) => void navigate({ search: next === usual ? {} : { range: next }, replace: true })}
    />
  );
}
