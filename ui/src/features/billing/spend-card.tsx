import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Money } from '@/components/ui/money';
import { Loaded } from '@/components/ui/panel';
import { Skeleton } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { lookOf } from '@/features/services/look';
import { servicesQuery } from '@/features/services/queries';
import { balanceQuery } from '@/features/wallet/queries';
import { count } from '@/lib/format';
import { sumUsd } from '@/lib/money';
import { DAY, day, floorTo, MINUTE, monthStart } from '@/lib/time';
import { useNow } from '@/lib/use-now';
import { monthUsageQuery } from './queries';

/** What this month's usage and plans cost so far, by service, and what is left to spend. */
export function SpendCard() {
  const now = useNow(MINUTE / 4);
  const usage = useQuery(monthUsageQuery(now));
  const balance = useQuery(balanceQuery);
  const services = useQuery(servicesQuery).data ?? [];
  return (
    <Card>
      <CardHeader>
        <CardTitle>Spend this month</CardTitle>
        <CardDescription>
          Usage and plans, {day(monthStart(now), 'utc')} to {day(now, 'utc')}, UTC
        </CardDescription>
      </CardHeader>
      <CardContent className="flex flex-1 flex-col">
        <Loaded query={usage} what="Spend could not be loaded" skeleton={<Skeleton className="h-[300px]" />}>
          {(data) => {
            // Services of the catalog in its order, also those that cost nothing yet; then what is sold no more.
            const names = [...new Set([...services.map((s) => s.type.name), ...data.services.map((s) => s.service)])];
            return (
              <>
                <Money usd={data.total.amount_usd} className="text-[28px] leading-9 font-semibold tracking-tight" />
                <p className="text-[13px] text-muted-foreground">for {count(data.total.billable)} billable requests</p>
                <dl className="mt-4 divide-y border-y text-[13px]">
                  {names.map((name) => (
                    <div key={name} className="flex items-center justify-between gap-3 py-2">
                      <dt className="flex items-center gap-1.5 text-muted-foreground">
                        <span
                          aria-hidden
                          className="size-2 rounded-full"
                          style={{ backgroundColor: lookOf(name).color }}
                        />
                        {services.find((s) => s.type.name === name)?.type.label ?? name}
                      </dt>
                      <dd>
                        <Money usd={data.services.find((s) => s.service === name)?.amount_usd ?? '0'} />
                      </dd>
                    </div>
                  ))}
                </dl>
                <dl className="space-y-1.5 pt-3 text-[13px]">
                  <div className="flex justify-between gap-3">
                    <dt className="text-muted-foreground">Of it plans</dt>
                    <dd>
                      <Money usd={data.total.plan_usd} />
                    </dd>
                  </div>
                  <div className="flex justify-between gap-3">
                    <dt className="text-muted-foreground">Of it today</dt>
                    <dd>
                      <Money
                        usd={sumUsd(
                          data.buckets
                            .filter((b) => Date.parse(b.start) === floorTo(now, DAY))
                            .map((b) => b.amount_usd),
                        )}
                      />
                    </dd>
                  </div>
                  <div className="flex justify-between gap-3">
                    <dt className="text-muted-foreground">Left to spend</dt>
                    <dd className="font-medium">
                      {balance.data ? (
                        <Money usd={balance.data.available_usd} />
                      ) : balance.isError ? (
                        '–'
                      ) : (
                        <Skeleton className="h-5 w-14" />
                      )}
                    </dd>
                  </div>
                  <div className="flex justify-between gap-3">
                    <dt className="text-muted-foreground">Billed through</dt>
                    <dd>{data.billed_through ? <Timestamp at={data.billed_through} /> : 'not yet'}</dd>
                  </div>
                </dl>
                <Button asChild variant="outline" size="sm" className="mt-auto self-start max-xl:mt-4">
                  <Link to="/billing">View billing</Link>
                </Button>
              </>
            );
          }}
        </Loaded>
      </CardContent>
    </Card>
  );
}
