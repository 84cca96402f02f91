import { ArrowRight } from 'lucide-react';
import type { ServiceOut } from '@/api/gen/types.gen';
import { BusyButton, Button } from '@/components/ui/button';
import { Dialog, DialogClose, DialogContent, DialogFooter } from '@/components/ui/dialog';
import { ErrorNote } from '@/components/ui/error-state';
import { formatUsdChange, formatUsdExact, parseUsd } from '@/lib/money';
import { changes } from './settings';
import type { ConfigFormState } from './use-config-form';

/** The last look before saving: what changes, and what the month costs before and after. */
export function SaveDialog({
  open,
  onOpenChange,
  service: { type, configuration },
  f,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  service: ServiceOut;
  f: ConfigFormState;
}) {
  const first = f.base.version === 0;
  const before = parseUsd(f.base.price.monthly_usd);
  const after = parseUsd(f.price.monthly_usd);
  const busy = f.save.isPending;
  const save = (turnOn: boolean) =>
    f.save.mutate(
      { turnOn },
      {
        onSuccess: () => onOpenChange(false),
        onError: (e) => (e as { status?: number }).status === 409 && onOpenChange(false),
      },
    );
  return (
    <Dialog open={open} onOpenChange={(next) => !busy && onOpenChange(next)}>
      <DialogContent
        title={first ? `Save the configuration of ${type.label}?` : `Save changes to ${type.label}?`}
        description={
          configuration.enabled ? 'They are in force within a few seconds, and count from that second.' : undefined
        }
      >
        {first ? (
          <p className="text-muted-foreground">
            It costs <span className="tnum font-medium text-foreground">{formatUsdExact(after)} a month</span>, charged
            by the second while the service is on, and what is used besides.
          </p>
        ) : (
          <table className="w-full text-[13px]">
            <thead className="border-b text-left text-muted-foreground">
              <tr>
                <th scope="col" className="py-1.5 font-medium">
                  Setting
                </th>
                <th scope="col" className="py-1.5 font-medium">
                  Now
                </th>
                <th scope="col" className="py-1.5 font-medium">
                  After
                </th>
              </tr>
            </thead>
            <tbody>
              {changes(type, f.saved, f.draft).map((c) => (
                <tr key={c.label} className="border-b align-top">
                  <th scope="row" className="py-2 pr-3 text-left font-normal">
                    {c.label}
                  </th>
                  <td className="py-2 pr-3 text-muted-foreground">{c.before}</td>
                  <td className="py-2 font-medium">{c.after}</td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row" className="py-2 pr-3 text-left font-normal">
                  Monthly price
                </th>
                <td className="tnum py-2 pr-3 text-muted-foreground">{formatUsdExact(before)}</td>
                <td className="tnum py-2 font-semibold">
                  {formatUsdExact(after)}
                  {after !== before && (
                    <span className="ml-1.5 font-normal text-muted-foreground">
                      ({formatUsdChange(after - before)})
                    </span>
                  )}
                </td>
              </tr>
            </tfoot>
          </table>
        )}
        {f.save.isError && <ErrorNote error={f.save.error} />}
        <DialogFooter>
          <DialogClose asChild>
            <Button variant="outline" disabled={busy}>
              Cancel
            </Button>
          </DialogClose>
          {first && (
            <Button variant="outline" disabled={busy} onClick={() => save(false)}>
              Save only
            </Button>
          )}
          <BusyButton busy={busy || f.pricing} busyLabel={busy ? 'Saving…' : 'Pricing…'} onClick={() => save(first)}>
            {first ? (
              <>
                Save and turn on <ArrowRight aria-hidden />
              </>
            ) : (
              `Save for ${formatUsdExact(after)} a month`
            )}
          </BusyButton>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
