import { useQuery } from '@tanstack/react-query';
import { PageHeader } from '@/components/layout/page-header';
import { Card } from '@/components/ui/card';
import { ErrorState } from '@/components/ui/error-state';
import { ApiKeysCard, ApiKeysSkeleton } from './api-keys-card';
import { servicesQuery } from './queries';

export function ApiKeysPage({ create, onCreateSeen }: { create: boolean; onCreateSeen: () => void }) {
  const services = useQuery(servicesQuery);
  return (
    <>
      <PageHeader
        title="API keys"
        description={
          <>
            Your programs send one as the header <code className="font-mono text-[13px]">X-API-Key</code>. Each key
            works for one service.
          </>
        }
      />
      {services.data ? (
        <ApiKeysCard services={services.data} create={create} onCreateSeen={onCreateSeen} />
      ) : services.isError ? (
        <Card>
          <ErrorState
            title="Services could not be loaded"
            error={services.error}
            onRetry={() => void services.refetch()}
            busy={services.isFetching}
          />
        </Card>
      ) : (
        <ApiKeysSkeleton />
      )}
    </>
  );
}
