import { useQuery } from '@tanstack/react-query';
import { Monitor, Smartphone, Terminal } from 'lucide-react';
import { useState } from 'react';
import { queryClient } from '@/api';
import { authSessionsOptions } from '@/api/gen/@tanstack/react-query.gen';
import type { CustomerSession } from '@/api/gen/types.gen';
import { PageHeader } from '@/components/layout/page-header';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, CardAction, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Loaded } from '@/components/ui/panel';
import { Skeleton } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { useSignOut } from '@/features/auth/session';
import { notify } from '@/lib/notify';
import { ago, MINUTE, zoneName } from '@/lib/time';
import { useNow } from '@/lib/use-now';
import { useClock } from '@/stores/preferences';
import { deviceOf } from './device';
import { EndOthersDialog, EndSessionDialog } from './end-session-dialog';

const ICONS = { computer: Monitor, phone: Smartphone, program: Terminal } as const;

/** This one first, then by last use. */
const inOrder = (sessions: readonly CustomerSession[]) =>
  [...sessions].sort(
    (a, b) => Number(b.current) - Number(a.current) || Date.parse(b.last_used_at) - Date.parse(a.last_used_at),
  );

const sessionsQuery = authSessionsOptions();
const sessionsChanged = () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });

export function SessionsPage() {
  const clock = useClock();
  const query = useQuery(sessionsQuery);
  const [ending, setEnding] = useState<CustomerSession | null>(null);
  const [endingOthers, setEndingOthers] = useState(false);
  const others = query.data?.sessions.filter((s) => !s.current).length ?? 0;
  return (
    <>
      <PageHeader
        title="Sessions"
        section="Settings"
        description="Where your wallet signed in, and still is. End what you do not know."
      />
      <Card>
        <CardHeader>
          <CardTitle>Signed in now</CardTitle>
          <CardDescription>
            Times in {zoneName(clock)}. An open dashboard counts as used every 15 minutes. The network is where the
            session began.
          </CardDescription>
          {others > 0 && (
            <CardAction className="max-sm:col-span-2 max-sm:col-start-1 max-sm:row-span-1 max-sm:row-start-3 max-sm:pt-2 max-sm:justify-self-start">
              <Button variant="outline" size="sm" onClick={() => setEndingOthers(true)}>
                End all others
              </Button>
            </CardAction>
          )}
        </CardHeader>
        <Loaded query={query} what="Sessions could not be loaded" skeleton={<SessionsSkeleton />}>
          {({ sessions }) => (
            <>
              <ul className="border-t" aria-label="Sessions">
                {inOrder(sessions).map((s) => (
                  <SessionRow key={s.session_id} session={s} onEnd={() => setEnding(s)} />
                ))}
              </ul>
              {others === 0 && (
                <p className="border-t px-5 py-4 text-[13px] text-muted-foreground">You are signed in nowhere else.</p>
              )}
            </>
          )}
        </Loaded>
      </Card>
      <EndSessionDialog session={ending} onClose={() => setEnding(null)} onEnded={sessionsChanged} />
      <EndOthersDialog
        open={endingOthers}
        count={others}
        onClose={() => setEndingOthers(false)}
        onEnded={sessionsChanged}
      />
    </>
  );
}

function SessionRow({ session: s, onEnd }: { session: CustomerSession; onEnd: () => void }) {
  const now = useNow(MINUTE);
  const signOut = useSignOut();
  const device = deviceOf(s.user_agent);
  const Icon = ICONS[device.kind];
  return (
    <li className="flex items-start gap-3 border-b px-5 py-4 last:border-0" data-slot="session">
      <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-accent text-on-accent">
        <Icon aria-hidden className="size-[18px]" strokeWidth={1.8} />
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex items-start justify-between gap-2">
          <p className="flex min-h-8 flex-wrap items-center gap-x-2 gap-y-1">
            <span className="font-medium break-words" title={s.user_agent || 'It sent no name'}>
              {device.name}
            </span>
            {s.current && <Badge tone="success">This session</Badge>}
          </p>
          {s.current ? (
            <Button
              variant="ghost"
              size="sm"
              onClick={() => {
                signOut().catch((e: unknown) => notify.failed('You are still signed in.', e));
              }}
            >
              Sign out
            </Button>
          ) : (
            <Button variant="ghost" size="sm" className="text-destructive" onClick={onEnd}>
              End<span className="sr-only"> {device.name}</span>
            </Button>
          )}
        </div>
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-[13px] text-muted-foreground sm:flex sm:flex-wrap sm:gap-x-5 [&_dd]:text-foreground/80 sm:[&>div]:gap-x-1.5 [&>div]:contents sm:[&>div]:flex">
          <div>
            <dt>Last used</dt>
            <dd title={s.last_used_at}>{ago(s.last_used_at, now)}</dd>
          </div>
          <div>
            <dt>Signed in</dt>
            <dd>
              <Timestamp at={s.created_at} />
            </dd>
          </div>
          <div>
            <dt>Network</dt>
            <dd className="font-mono text-xs leading-5 break-words">{s.ip_prefix || 'unknown'}</dd>
          </div>
        </dl>
      </div>
    </li>
  );
}

const SessionsSkeleton = () => (
  <div className="border-t">
    {[0, 1].map((i) => (
      <div key={i} className="flex gap-3 border-b px-5 py-4 last:border-0">
        <Skeleton className="size-9" />
        <div className="grid flex-1 content-start gap-2">
          <Skeleton className="h-4 w-40" />
          <Skeleton className="h-4 w-full max-w-md" />
        </div>
      </div>
    ))}
  </div>
);
