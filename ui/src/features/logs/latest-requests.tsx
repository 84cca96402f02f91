import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Card, CardAction, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { ErrorState } from '@/components/ui/error-state';
import { LiveToggle } from '@/components/ui/live-toggle';
import { usePreferences } from '@/stores/preferences';
import { LIVE_MS, requestsQuery } from './queries';
import { RequestsTable } from './requests-table';

/** The newest requests, following the traffic. */
export function LatestRequests({ service, rows = 8 }: { service?: string; rows?: number }) {
  const live = usePreferences((s) => s.live);
  const latest = useQuery({
    ...requestsQuery({ limit: rows, ...(service && { service }) }),
    refetchInterval: live ? LIVE_MS : false,
  });
  return (
    <Card className="overflow-hidden">
      <CardHeader>
        <CardTitle>Latest requests</CardTitle>
        <CardDescription>{live ? 'New ones appear within seconds' : 'Paused'}</CardDescription>
        <CardAction>
          <LiveToggle />
          <Button asChild variant="link" size="inline" className="ml-1">
            <Link to="/logs" search={service ? { service } : {}}>
              View all
            </Link>
          </Button>
        </CardAction>
      </CardHeader>
      <div className="flex flex-1 flex-col">
        {latest.isError && !latest.data ? (
          <ErrorState
            title="Requests could not be loaded"
            error={latest.error}
            onRetry={() => void latest.refetch()}
            busy={latest.isFetching}
          />
        ) : latest.data?.requests.length === 0 ? (
          <Empty
            icon={ScrollText}
            title="No requests yet"
            action={
              <Button asChild size="sm" variant="outline">
                {service ? (
                  <Link to="/services/$service" params={{ service }} search={{ tab: 'keys' }}>
                    Open API keys
                  </Link>
                ) : (
                  <Link to="/api-keys">Open API keys</Link>
                )}
              </Button>
            }
          >
            Send one with an API key, and it appears here within seconds.
          </Empty>
        ) : (
          <RequestsTable requests={latest.data?.requests} compact label="Latest requests" />
        )}
      </div>
    </Card>
  );
}
