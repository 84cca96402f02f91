import { useQuery } from '@tanstack/react-query';
import type { ServiceType } from '@/api/gen/types.gen';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Money } from '@/components/ui/money';
import { Loaded } from '@/components/ui/panel';
import { SkeletonLines } from '@/components/ui/skeleton';
import { bytes, count } from '@/lib/format';
import { formatUsdChange, parseUsd } from '@/lib/money';
import { month } from '@/lib/time';
import { replayQuery } from './queries';
import type { Settings } from './settings';

/** What last month would have cost with the draft: the customer's real usage at today's prices. */
export function ReplayCard({ type, settings, valid }: { type: ServiceType; settings: Settings; valid: boolean }) {
  const replay = useQuery({ ...replayQuery(type.name, settings), enabled: valid, placeholderData: (before) => before });
  return (
    <Card>
      <CardHeader>
        <CardTitle>Last month on this plan</CardTitle>
        <CardDescription>Your real usage, at today’s prices</CardDescription>
      </CardHeader>
      <CardContent>
        <Loaded query={replay} what="Last month could not be priced" skeleton={<SkeletonLines lines={4} />}>
          {(r) => {
            const change = parseUsd(r.total_usd) - parseUsd(r.current_usd);
            return (
              <>
                <p aria-live="polite">
                  <Money usd={r.total_usd} exact className="text-2xl font-semibold tracking-tight" />{' '}
                  <span className="text-[13px] text-muted-foreground">
                    for {month(Date.parse(r.from), 'utc')}, UTC
                    {change !== 0n && `; ${formatUsdChange(change)} against the saved plan`}
                  </span>
                </p>
                <dl className="mt-3 divide-y border-t text-[13px]">
                  <div className="flex justify-between gap-3 py-2">
                    <dt className="text-muted-foreground">Plan and options</dt>
                    <dd>
                      <Money usd={r.plan.monthly_usd} exact />
                    </dd>
                  </div>
                  {r.usage.map((u) => (
                    <div key={u.name} className="flex justify-between gap-3 py-2">
                      <dt className="text-muted-foreground">
                        {u.label}, {u.name === 'requests' ? count(u.quantity) : bytes(u.quantity)}
                      </dt>
                      <dd>
                        <Money usd={u.amount_usd} exact />
                      </dd>
                    </div>
                  ))}
                </dl>
                {r.usage.every((u) => u.quantity === 0) && (
                  <p className="mt-2 text-[13px] text-muted-foreground">{type.label} was not used that month.</p>
                )}
              </>
            );
          }}
        </Loaded>
      </CardContent>
    </Card>
  );
}
