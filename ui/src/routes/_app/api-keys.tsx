import { createFileRoute } from '@tanstack/react-router';
import { ApiKeysPage } from '@/features/services/api-keys-page';
import { flag, only, type Search } from '@/lib/search';

export const Route = createFileRoute('/_app/api-keys')({
  validateSearch: (s: Search) => only({ create: flag(s.create) }),
  component: ApiKeys,
});

function ApiKeys() {
  const { create } = Route.useSearch();
  const navigate = Route.useNavigate();
  return <ApiKeysPage create={create === true} onCreateSeen={() => void navigate({ search: {}, replace: true })} />;
}
