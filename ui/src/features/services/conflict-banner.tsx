import { TriangleAlert } from 'lucide-react';
import type { ConfigOut, ServiceType } from '@/api/gen/types.gen';
import { Button } from '@/components/ui/button';
import { Timestamp } from '@/components/ui/timestamp';
import { formatUsdExact, parseUsd } from '@/lib/money';
import { changes, type Draft, toDraft } from './settings';

/** Somebody saved while this draft was made: both are shown, and nothing is lost or overwritten until the customer chose. */
export function ConflictBanner({
  type,
  conflict,
  draft,
  onKeep,
  onTake,
}: {
  type: ServiceType;
  conflict: ConfigOut;
  draft: Draft;
  onKeep: () => void;
  onTake: () => void;
}) {
  const differences = changes(type, toDraft(type, conflict.config), draft);
  return (
    <section role="alert" className="rounded-xl border border-warning/30 bg-warning-subtle">
      <div className="flex gap-2.5 px-5 pt-4">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
        <p>
          <span className="font-medium">Somebody else saved {type.label} meanwhile.</span> Version {conflict.version}
          {conflict.changed_at && (
            <>
              , <Timestamp at={conflict.changed_at} />
            </>
          )}
          , at {formatUsdExact(parseUsd(conflict.price.monthly_usd))} a month. Your changes are still here.
        </p>
      </div>
      {differences.length > 0 ? (
        <div className="overflow-x-auto px-5 pt-3">
          <table className="w-full text-[13px]">
            <thead className="border-b border-warning/30 text-left">
              <tr>
                <th scope="col" className="py-1.5 pr-3 font-medium">
                  Setting
                </th>
                <th scope="col" className="py-1.5 pr-3 font-medium">
                  Saved meanwhile
                </th>
                <th scope="col" className="py-1.5 font-medium">
                  Yours
                </th>
              </tr>
            </thead>
            <tbody>
              {differences.map((d) => (
                <tr key={d.label} className="align-top">
                  <th scope="row" className="py-1.5 pr-3 text-left font-normal">
                    {d.label}
                  </th>
                  <td className="py-1.5 pr-3">{d.before}</td>
                  <td className="py-1.5">{d.after}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p className="px-5 pt-2">Both are the same.</p>
      )}
      <div className="flex flex-wrap gap-2 px-5 pt-3 pb-4">
        <Button size="sm" onClick={onKeep}>
          Go on with mine
        </Button>
        <Button size="sm" variant="outline" onClick={onTake}>
          Take the saved one
        </Button>
      </div>
    </section>
  );
}
