import { createFileRoute } from '@tanstack/react-router';
import { RequestsPage } from '@/features/logs/requests-page';
import { only, type Search, text } from '@/lib/search';

export const Route = createFileRoute('/_app/logs')({
  validateSearch: (s: Search) => only({ service: text(s.service, 64), cursor: text(s.cursor, 64) }),
  component: Requests,
});

function Requests() {
  const { service, cursor } = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <RequestsPage
      service={service}
      cursor={cursor}
      onService={(next) => void navigate({ search: next ? { service: next } : {} })}
    />
  );
}
