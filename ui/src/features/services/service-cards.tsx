import { useQuery } from '@tanstack/react-query';
import { Card } from '@/components/ui/card';
import { ErrorState } from '@/components/ui/error-state';
import { monthUsageQuery } from '@/features/billing/queries';
import { statsQuery } from '@/features/logs/queries';
import { MINUTE } from '@/lib/time';
import { useNow } from '@/lib/use-now';
import { pinnedFirst, usePins } from './pins';
import { servicesQuery } from './queries';
import { ServiceCard, ServiceCardSkeleton } from './service-card';

/** Every service of the catalog: pinned ones first, then those that serve. */
export function ServiceCards({ heading }: { heading: 'h2' | 'h3' }) {
  const now = useNow(MINUTE / 4);
  const services = useQuery(servicesQuery);
  const stats = useQuery(statsQuery('24h', now));
  const usage = useQuery(monthUsageQuery(now));
  const pins = usePins();
  if (services.isError && !services.data) {
    return (
      <Card>
        <ErrorState
          title="Services could not be loaded"
          error={services.error}
          onRetry={() => void services.refetch()}
          busy={services.isFetching}
        />
      </Card>
    );
  }
  const list =
    services.data &&
    pinnedFirst(
      [...services.data].sort((a, b) => Number(b.configuration.enabled) - Number(a.configuration.enabled)),
      pins,
    );
  return (
    <div className="grid grid-cols-1 gap-4 md:grid-cols-2 xl:grid-cols-3" aria-busy={services.isPending || undefined}>
      {list?.map((s) => (
        <ServiceCard key={s.type.name} service={s} stats={stats.data} usage={usage.data} heading={heading} />
      )) ?? ['a', 'b', 'c'].map((k) => <ServiceCardSkeleton key={k} />)}
    </div>
  );
}
