import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { LoggedRequest } from '@/api/gen/types.gen';
import { Badge } from '@/components/ui/badge';
import { Skeleton } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { lookOf } from '@/features/services/look';
import { servicesQuery } from '@/features/services/queries';
import { cn } from '@/lib/cn';
import { bytes, count, duration } from '@/lib/format';
import { zoneName } from '@/lib/time';
import { useClock } from '@/stores/preferences';
import { outcome, priceOf } from './request';

const cell = 'px-3 py-2 whitespace-nowrap first:pl-5 last:pr-5';
const head = `${cell} font-medium`;

/** Requests as rows. `compact` leaves out what a small panel has no room for. */
export function RequestsTable({ requests, compact = false, label }: { requests: readonly LoggedRequest[] | undefined; compact?: boolean; label: string }) {
  const services = useQuery(servicesQuery).data ?? [];
  const clock = useClock();
  const fresh = useFresh(requests);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do
    <div className="overflow-x-auto focus-ring-inset" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full text-[13px]">
        <thead className="border-b text-left text-muted-foreground">
          <tr>
            <th scope="col" className={head}>
              Time ({zoneName(clock)})
            </th>
            <th scope="col" className={head}>
              Status
            </th>
            <th scope="col" className={head}>
              Service
            </th>
            <th scope="col" className={cn(head, 'w-full')}>
              Request
            </th>
            <th scope="col" className={cn(head, 'text-right')}>
              Duration
            </th>
            {!compact && (
              <th scope="col" className={cn(head, 'text-right')}>
                Size
              </th>
            )}
            <th scope="col" className={cn(head, 'text-right')}>
              Price
            </th>
          </tr>
        </thead>
        <tbody>
          {requests?.map((r) => {
            const o = outcome(r.status);
            const type = services.find((s) => s.type.name === r.service)?.type;
            return (
              <tr key={r.request_id} className={cn('border-b last:border-0 hover:bg-muted/60', fresh.has(r.request_id) && 'arrived')}>
                <td className={cn(cell, 'text-muted-foreground')}>
                  <Timestamp at={r.at} form={compact ? 'time' : 'dayTime'} />
                </td>
                <td className={cell}>
                  <Badge tone={o.tone} title={o.means} className="tnum">
                    {o.label}
                    <span className="sr-only">, {o.means}</span>
                  </Badge>
                </td>
                <td className={cell}>
                  <span className="inline-flex items-center gap-1.5">
                    <span aria-hidden className="size-2 rounded-full" style={{ backgroundColor: lookOf(r.service).color }} />
                    {type?.label ?? r.service}
                  </span>
                </td>
                <td className={cn(cell, 'max-w-0 min-w-48 truncate font-mono text-xs')} title={`${r.method} ${r.path}`}>
                  <span className="text-muted-foreground">{r.method}</span> {r.path}
                </td>
                <td className={cn(cell, 'tnum text-right')}>{r.duration_ms < 0 ? '–' : duration(r.duration_ms)}</td>
                {!compact && (
                  <td className={cn(cell, 'tnum text-right')} title={`${count(r.bytes_sent)} bytes`}>
                    {bytes(r.bytes_sent)}
                  </td>
                )}
                <td className={cn(cell, 'tnum text-right', o.tone !== 'success' && 'text-muted-foreground')}>{priceOf(r, services) ?? '–'}</td>
              </tr>
            );
          }) ??
            Array.from({ length: compact ? 8 : 20 }, (_, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: identical placeholders
              <tr key={i} className="border-b last:border-0">
                <td colSpan={7} className={cell}>
                  <Skeleton className="h-[18px]" />
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

/** The ids that were not in the list before this render; none of the first list. */
function useFresh(requests: readonly LoggedRequest[] | undefined): ReadonlySet<string> {
  const seen = useRef<ReadonlySet<string> | null>(null);
  const ids = requests?.map((r) => r.request_id);
  const before = seen.current;
  useEffect(() => {
    if (ids) seen.current = new Set(ids);
  });
  return new Set(before && ids ? ids.filter((id) => !before.has(id)) : []);
}
