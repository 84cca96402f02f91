import { useQuery } from '@tanstack/react-query';
import { PageHeader } from '@/components/layout/page-header';
import { Card } from '@/components/ui/card';
import { ErrorState } from '@/components/ui/error-state';
import { ApiKeysCard, ApiKeysSkeleton } from './api-keys-card';
import { CallCard } from './call-card';
import { servicesQuery } from './queries';

export function ApiKeysPage({ create, onCreateSeen }: { create: boolean; onCreateSeen: () => void }) {
  const services = useQuery(servicesQuery);
  const first = services.data?.find((s) => s.configuration.enabled) ?? services.data?.[0];
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
        <div className="space-y-6">
          <ApiKeysCard services={services.data} create={create} onCreateSeen={onCreateSeen} />
          {first && <CallCard service={first} />}
        </div>
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
