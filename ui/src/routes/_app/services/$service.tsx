import { createFileRoute } from '@tanstack/react-router';
import { RANGE_NAMES } from '@/features/logs/ranges';
import { ServicePage } from '@/features/services/service-page';
import { oneOf, only, type Search } from '@/lib/search';

export const Route = createFileRoute('/_app/services/$service')({
  validateSearch: (s: Search) =>
    only({ tab: oneOf(s.tab, ['config', 'keys', 'access', 'history']), range: oneOf(s.range, RANGE_NAMES) }),
  component: Service,
});

function Service() {
  const { service } = Route.useParams();
  const { tab, range } = Route.useSearch();
  const navigate = Route.useNavigate();
  // Keyed by service: no draft, dialog or error of one service is ever seen on another.
  return (
    <ServicePage
      key={service}
      name={service}
      tab={tab ?? 'overview'}
      range={range ?? '24h'}
      onRange={(r) => void navigate({ search: (s) => ({ ...s, range: r }), replace: true })}
    />
  );
}
