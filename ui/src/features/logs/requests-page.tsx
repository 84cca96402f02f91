import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight, ScrollText } from 'lucide-react';
import { PageHeader } from '@/components/layout/page-header';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { ErrorState } from '@/components/ui/error-state';
import { NativeSelect } from '@/components/ui/field';
import { LiveToggle } from '@/components/ui/live-toggle';
import { servicesQuery } from '@/features/services/queries';
import { ago } from '@/lib/time';
import { useNow } from '@/lib/use-now';
import { usePreferences } from '@/stores/preferences';
import { LIVE_MS, requestsQuery } from './queries';
import { RequestsTable } from './requests-table';

const PAGE = 50;

/** Requests, newest first, filtered by service. Filter and place stand in the address. */
export function RequestsPage({
  service,
  cursor,
  onService,
}: {
  service: string | undefined;
  cursor: string | undefined;
  onService: (service: string | undefined) => void;
}) {
  const live = usePreferences((s) => s.live);
  const services = useQuery(servicesQuery);
  // An older page holds still: only the newest one follows the traffic.
  const following = live && !cursor;
  const page = useQuery({
    ...requestsQuery({ limit: PAGE, ...(service && { service }), ...(cursor && { cursor }) }),
    refetchInterval: following ? LIVE_MS : false,
  });
  const rows = page.data?.requests;
  const label = services.data?.find((s) => s.type.name === service)?.type.label ?? service;
  return (
    <>
      <PageHeader
        title="Requests"
        description="Every request that reached your services, as the load balancer logged it."
        actions={
          <>
            <NativeSelect
              aria-label="Service"
              value={service ?? ''}
              onChange={(e) => onService(e.target.value || undefined)}
            >
              <option value="">All services</option>
              {services.data?.map(({ type }) => (
                <option key={type.name} value={type.name}>
                  {type.label}
                </option>
              ))}
              {service && services.data && !label && <option value={service}>{service}</option>}
            </NativeSelect>
            {!cursor && <LiveToggle />}
          </>
        }
      />
      <Card className="overflow-hidden">
        {page.isError && !page.data ? (
          <ErrorState
            title="Requests could not be loaded"
            error={page.error}
            onRetry={() => void page.refetch()}
            busy={page.isFetching}
          />
        ) : rows?.length === 0 ? (
          <NoRequests service={label} older={!!cursor} onClear={() => onService(undefined)} />
        ) : (
          <RequestsTable requests={rows} label="Requests" />
        )}
        <div className="flex min-h-14 flex-wrap items-center justify-between gap-3 border-t px-5 py-2.5 text-[13px] text-muted-foreground">
          <Freshness at={page.dataUpdatedAt} following={following} />
          <nav aria-label="Pages" className="flex gap-2">
            {cursor && (
              <Button asChild variant="outline" size="sm">
                <Link to="/logs" search={service ? { service } : {}}>
                  <ChevronLeft aria-hidden /> Newest
                </Link>
              </Button>
            )}
            {page.data?.next_cursor && !page.isPlaceholderData && (
              <Button asChild variant="outline" size="sm">
                <Link to="/logs" search={{ ...(service && { service }), cursor: page.data.next_cursor }}>
                  Older <ChevronRight aria-hidden />
                </Link>
              </Button>
            )}
          </nav>
        </div>
      </Card>
      <p className="mt-3 text-[13px] text-pretty text-muted-foreground">
        The price is the catalog's price of one answered request (status 200 to 399); others are free. Bandwidth, where
        it has a price, is charged by the hour and shown in{' '}
        <Link to="/billing" className="focus-ring rounded-sm text-primary underline underline-offset-2">
          billing
        </Link>
        .
      </p>
    </>
  );
}

function Freshness({ at, following }: { at: number; following: boolean }) {
  const now = useNow(1_000);
  return <p className="tnum">{at > 0 ? `Updated ${ago(at, now)}${following ? ', following' : ''}` : ''}</p>;
}

function NoRequests({ service, older, onClear }: { service: string | undefined; older: boolean; onClear: () => void }) {
  if (older) {
    return (
      <Empty icon={ScrollText} title="No older requests">
        This is the end of the list.
      </Empty>
    );
  }
  if (service) {
    return (
      <Empty
        icon={ScrollText}
        title={`No requests to ${service}`}
        action={
          <Button variant="outline" size="sm" onClick={onClear}>
            Show all services
          </Button>
        }
      >
        No other filter is set: this service has not been called yet.
      </Empty>
    );
  }
  return (
    <Empty
      icon={ScrollText}
      title="No requests yet"
      action={
        <Button asChild size="sm">
          <Link to="/api-keys">Open API keys</Link>
        </Button>
      }
    >
      They appear here within seconds. Send the first one with an API key.
    </Empty>
  );
}
