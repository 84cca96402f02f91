import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { LoggedRequest } from '@/api/gen/types.gen';
import { Badge } from '@/components/ui/badge';
import { Skeleton } from '@/components/ui/skeleton';
import { Head, Row, Table, Td, Th } from '@/components/ui/table';
import { Timestamp } from '@/components/ui/timestamp';
import { servicesQuery } from '@/features/services/queries';
import { ServiceName } from '@/features/services/service-name';
import { bytes, count, duration } from '@/lib/format';
import { zoneName } from '@/lib/time';
import { useClock } from '@/stores/preferences';
import { outcome, priceOf } from './request';

/** Requests as rows. `compact` leaves out what a small panel has no room for. */
export function RequestsTable({
  requests,
  compact = false,
  label,
}: {
  requests: readonly LoggedRequest[] | undefined;
  compact?: boolean;
  label: string;
}) {
  const services = useQuery(servicesQuery).data ?? [];
  const clock = useClock();
  const fresh = useFresh(requests);
  return (
    <Table label={label}>
      <Head>
        <tr>
          <Th>Time ({zoneName(clock)})</Th>
          <Th>Status</Th>
          <Th>Service</Th>
          <Th className="w-full">Request</Th>
          <Th right>Duration</Th>
          {!compact && <Th right>Size</Th>}
          <Th right>Price</Th>
        </tr>
      </Head>
      <tbody>
        {requests?.map((r) => {
          const o = outcome(r.status);
          return (
            <Row key={r.request_id} className={fresh.has(r.request_id) ? 'arrived' : undefined}>
              <Td className="text-muted-foreground">
                <Timestamp at={r.at} form={compact ? 'time' : 'dayTimeSeconds'} />
              </Td>
              <Td>
                <Badge tone={o.tone} title={o.means} className="tnum">
                  {o.label}
                  <span className="sr-only">, {o.means}</span>
                </Badge>
              </Td>
              <Td>
                <ServiceName name={r.service} />
              </Td>
              <Td className="max-w-0 min-w-48 truncate font-mono text-xs" title={`${r.method} ${r.path}`}>
                <span className="text-muted-foreground">{r.method}</span> {r.path}
              </Td>
              <Td right>{r.duration_ms < 0 ? '–' : duration(r.duration_ms)}</Td>
              {!compact && (
                <Td right title={`${count(r.bytes_sent)} bytes`}>
                  {bytes(r.bytes_sent)}
                </Td>
              )}
              <Td right className={o.tone === 'success' ? undefined : 'text-muted-foreground'}>
                {priceOf(r, services) ?? '–'}
              </Td>
            </Row>
          );
        }) ??
          Array.from({ length: compact ? 8 : 20 }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: identical placeholders
            <Row key={i}>
              <Td colSpan={7}>
                <Skeleton className="h-[18px]" />
              </Td>
            </Row>
          ))}
      </tbody>
    </Table>
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
