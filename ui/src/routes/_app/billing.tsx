import { createFileRoute } from '@tanstack/react-router';
import { BillingPage } from '@/features/billing/billing-page';
import { PERIODS } from '@/features/billing/periods';
import { useDefaultView } from '@/features/settings/default-views';
import { oneOf, only, type Search } from '@/lib/search';

export const Route = createFileRoute('/_app/billing')({
  validateSearch: (s: Search) => only({ period: oneOf(s.period, PERIODS) }),
  component: Billing,
});

function Billing() {
  const usual = useDefaultView('billing');
  const { period = usual } = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <BillingPage
      period={period}
      onPeriod={(next) => void navigate({ search: next === usual ? {} : { period: next }, replace: true })}
    />
  );
}
