import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { History } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { hasCode } from '@/api';
import { servicesHistory, servicesRestoreConfig } from '@/api/gen/sdk.gen';
import type { ConfigVersion, ServiceOut } from '@/api/gen/types.gen';
import { Badge } from '@/components/ui/badge';
import { BusyButton, Button } from '@/components/ui/button';
import { Card, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { ErrorState } from '@/components/ui/error-state';
import { Money } from '@/components/ui/money';
import { SkeletonLines } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { useCustomer } from '@/features/auth/session';
import { formatUsdChange, formatUsdExact, parseUsd } from '@/lib/money';
import { notify } from '@/lib/notify';
import { freshConfiguration, historyQuery, putConfiguration } from './queries';
import { changes, show, toDraft } from './settings';

const ConfirmDialog = lazy(() => import('@/components/ui/confirm-dialog').then((m) => ({ default: m.ConfirmDialog })));
const PAGE = 20;

/** Every saved version of a configuration: what it changed, who saved it, what it costs; and the way back to it. */
export function HistoryTab({ service: { type, configuration } }: { service: ServiceOut }) {
  const customer = useCustomer();
  const [asked, setAsked] = useState<ConfigVersion | null>(null);
  const history = useInfiniteQuery({
    queryKey: [...historyQuery(type.name).queryKey, 'pages'],
    queryFn: async ({ pageParam, signal }) =>
      (
        await servicesHistory({
          path: { service: type.name },
          query: { limit: PAGE, before: pageParam },
          signal,
          throwOnError: true,
        })
      ).data.versions,
    initialPageParam: 0,
    getNextPageParam: (last) => (last.length === PAGE ? last.at(-1)?.version : undefined),
  });
  const restore = useMutation({
    mutationFn: async (v: ConfigVersion) =>
      (
        await servicesRestoreConfig({
          path: { service: type.name },
          body: { version: configuration.version, restore: v.version },
          throwOnError: true,
        })
      ).data,
    onSuccess: (now, v) => {
      putConfiguration(now);
      setAsked(null);
      notify.done(`Version ${v.version} of ${type.label} is back`, `It is version ${now.version} now.`);
    },
    onError: (e) => {
      if (hasCode(e, 'services.config_changed')) freshConfiguration(type.name).then(putConfiguration, () => {});
    },
  });
  const versions = history.data?.pages.flat();
  return (
    <Card>
      <CardHeader>
        <CardTitle>History</CardTitle>
        <CardDescription>Every version that was saved, newest first</CardDescription>
      </CardHeader>
      {!versions ? (
        history.isError ? (
          <ErrorState
            title="The history could not be loaded"
            error={history.error}
            onRetry={() => void history.refetch()}
            busy={history.isFetching}
          />
        ) : (
          <SkeletonLines lines={6} className="px-5 pb-5" />
        )
      ) : versions.length === 0 ? (
        <Empty icon={History} title="No configuration saved" className="border-t">
          The first version appears here when you save one under Configuration.
        </Empty>
      ) : (
        <ol className="divide-y border-t">
          {versions.map((v) => (
            <li key={v.version} className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 px-5 py-4">
              <div className="min-w-0 flex-1 basis-72">
                <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                  <span className="font-medium">Version {v.version}</span>
                  {v.version === configuration.version && <Badge tone="success">In force</Badge>}
                  <span className="text-[13px] text-muted-foreground">
                    <Timestamp at={v.changed_at} /> by{' '}
                    {v.changed_by === `customer:${customer?.customer_id}` ? 'you' : v.changed_by}
                  </span>
                </p>
                {v.version === 1 ? (
                  <p className="mt-1 text-[13px] text-muted-foreground">First configuration</p>
                ) : v.changes.length === 0 ? (
                  <p className="mt-1 text-[13px] text-muted-foreground">Saved without a change</p>
                ) : (
                  <dl className="mt-1.5 grid gap-1 text-[13px]">
                    {v.changes.map((c) => (
                      <div key={c.name} className="flex flex-wrap gap-x-2">
                        <dt className="text-muted-foreground">{c.label}</dt>
                        <dd>
                          <span className="text-muted-foreground line-through">{said(type, c.name, c.before)}</span>{' '}
                          <span className="sr-only">became</span> {said(type, c.name, c.after)}
                        </dd>
                      </div>
                    ))}
                  </dl>
                )}
              </div>
              <div className="flex items-start gap-4">
                <p className="text-right text-[13px]">
                  <Money usd={v.price.monthly_usd} exact className="font-medium" />
                  <span className="block text-muted-foreground">
                    {v.version > 1 && parseUsd(v.price_change_usd) !== 0n
                      ? formatUsdChange(parseUsd(v.price_change_usd))
                      : 'a month'}
                  </span>
                </p>
                {v.version !== configuration.version && (
                  <Button
                    variant="outline"
                    size="sm"
                    disabled={customer?.status === 'suspended' || v.refused.length > 0}
                    aria-describedby={v.refused.length > 0 ? `refused-${v.version}` : undefined}
                    onClick={() => {
                      restore.reset();
                      setAsked(v);
                    }}
                  >
                    Restore<span className="sr-only"> version {v.version}</span>
                  </Button>
                )}
              </div>
              {v.refused.length > 0 && v.version !== configuration.version && (
                <p id={`refused-${v.version}`} className="w-full text-[13px] text-muted-foreground">
                  Cannot be restored: {v.refused.map((f) => f.message).join(' ')}
                </p>
              )}
            </li>
          ))}
        </ol>
      )}
      {history.hasNextPage && (
        <div className="border-t px-5 py-3">
          <BusyButton
            variant="outline"
            size="sm"
            busy={history.isFetchingNextPage}
            busyLabel="Loading…"
            onClick={() => void history.fetchNextPage()}
          >
            Show older
          </BusyButton>
        </div>
      )}
      {asked && (
        <Suspense fallback={null}>
          <ConfirmDialog
            open
            onOpenChange={(open) => !open && setAsked(null)}
            title={`Restore version ${asked.version}?`}
            action={`Restore for ${formatUsdExact(parseUsd(asked.price.monthly_usd))} a month`}
            busyLabel="Restoring…"
            busy={restore.isPending}
            error={restore.error}
            onConfirm={() => restore.mutate(asked)}
          >
            <p>It is saved again as a new version; nothing of the history is lost. Against what is in force now:</p>
            <ul className="list-disc pl-5 text-foreground">
              {changes(type, toDraft(type, configuration.config), toDraft(type, asked.config)).map((c) => (
                <li key={c.label}>
                  {c.label}: {c.after} instead of {c.before}
                </li>
              ))}
            </ul>
          </ConfirmDialog>
        </Suspense>
      )}
    </Card>
  );
}

function said(type: ServiceOut['type'], name: string, v: unknown): string {
  if (v === undefined) return 'nothing';
  if (name === 'tier') return type.tiers.find((t) => t.name === v)?.label ?? String(v);
  const option = type.options.find((o) => o.name === name);
  return option ? show(option, v) : JSON.stringify(v);
}
