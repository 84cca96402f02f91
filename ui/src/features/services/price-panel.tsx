import type { ServiceType } from '@/api/gen/types.gen';
import { BusyButton, Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardFooter, CardHeader, CardTitle } from '@/components/ui/card';
import { ErrorNote } from '@/components/ui/error-state';
import { Money } from '@/components/ui/money';
import { cn } from '@/lib/cn';
import { count } from '@/lib/format';
import { formatUsdChange, formatUsdExact, parseUsd } from '@/lib/money';
import { unitPrices } from './settings';
import type { ConfigFormState } from './use-config-form';

/** What the draft costs, line by line, and the buttons. Sticks beside the form; on a phone its foot sticks to the screen's. */
export function PricePanel({ type, f, disabled }: { type: ServiceType; f: ConfigFormState; disabled: boolean }) {
  const monthly = parseUsd(f.price.monthly_usd);
  const change = monthly - parseUsd(f.base.price.monthly_usd);
  const why = disabled
    ? 'The account is suspended.'
    : f.conflict
      ? 'Decide first which version to go on with.'
      : !f.valid
        ? 'Some fields need your attention.'
        : !f.dirty
          ? 'Nothing is changed.'
          : '';
  return (
    <Card className="sticky bottom-3 lg:top-20 lg:bottom-auto" aria-label="Price">
      <CardHeader className="max-lg:hidden">
        <CardTitle>Monthly price</CardTitle>
        <CardDescription>By the second while the service is on</CardDescription>
      </CardHeader>
      <CardContent className="max-lg:px-4 max-lg:pt-3 max-lg:pb-2">
        <div className="flex flex-wrap items-baseline justify-between gap-x-3 lg:block">
          <p
            role="status"
            className="tnum text-[28px] leading-9 font-semibold tracking-tight max-lg:text-xl"
            data-testid="live-price"
          >
            {formatUsdExact(monthly)}
            <span className="sr-only"> a month</span>
          </p>
          <p className="min-h-5 text-[13px] text-muted-foreground">
            {f.base.version === 0
              ? 'a month, once turned on'
              : change === 0n
                ? f.edited
                  ? 'No change in price'
                  : 'a month'
                : `${formatUsdChange(change)} from now`}
          </p>
        </div>
        <dl className="mt-4 divide-y border-t text-[13px] max-lg:hidden">
          {f.price.lines.map((line) => (
            <div key={line.name} className="flex justify-between gap-3 py-2">
              <dt className="text-muted-foreground">
                {line.label}
                {line.quantity > 1 && <span className="tnum"> × {count(line.quantity)}</span>}
              </dt>
              <dd>
                <Money usd={line.amount_usd} exact />
              </dd>
            </div>
          ))}
        </dl>
        <p className="border-t pt-3 text-[13px] text-muted-foreground max-lg:hidden">
          Usage comes on top: {unitPrices(type).join(', ')}.
        </p>
        {f.quoteError && f.quoteError.fields.length === 0 && (
          <ErrorNote className="mt-3 text-[13px]" error={f.quoteError} />
        )}
      </CardContent>
      <CardFooter className={cn('max-lg:px-4 max-lg:py-2.5', !f.dirty && 'max-lg:hidden')}>
        <BusyButton
          type="submit"
          className="flex-1"
          busy={f.save.isPending}
          busyLabel="Saving…"
          disabled={why !== ''}
          aria-describedby="save-why"
        >
          {f.base.version === 0 ? 'Save configuration' : 'Save changes'}
        </BusyButton>
        {f.edited && (
          <Button variant="outline" onClick={f.discard} disabled={f.save.isPending}>
            Discard
          </Button>
        )}
        <p id="save-why" className={cn('w-full text-[13px] text-muted-foreground', (!why || !f.edited) && 'sr-only')}>
          {why}
        </p>
      </CardFooter>
    </Card>
  );
}
