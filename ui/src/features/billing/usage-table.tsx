import type { UsageAnswer } from '@/api/gen/types.gen';
import { Money } from '@/components/ui/money';
import { Head, Row, RowHeader, Table, Td, Th } from '@/components/ui/table';
import { ServiceName } from '@/features/services/service-name';
import { bytes, count } from '@/lib/format';
import { day, hourMinute } from '@/lib/time';
import { rows } from './table';

/** Usage by hour or day with its sums: every digit that counts, and rows that add up to the last one. */
export function UsageTable({ usage, step }: { usage: UsageAnswer; step: 'hour' | 'day' }) {
  const list = rows(usage);
  if (list.length === 0) {
    return <p className="border-t px-5 py-5 text-[13px] text-muted-foreground">Nothing to list.</p>;
  }
  return (
    <Table label={`Usage by ${step}`} className="border-t">
      <Head>
        <tr>
          <Th>{step === 'day' ? 'Day' : 'Hour'} (UTC)</Th>
          <Th className="w-full">Services</Th>
          <Th right>Requests</Th>
          <Th right>Billable</Th>
          <Th right>Sent</Th>
          <Th right>Charged</Th>
        </tr>
      </Head>
      <tbody>
        {list.map((r) => (
          <Row key={r.start}>
            <RowHeader className="tnum font-normal">
              {step === 'day' ? day(r.start, 'utc') : `${day(r.start, 'utc')}, ${hourMinute(r.start, 'utc')}`}
            </RowHeader>
            <Td>
              <span className="flex gap-x-4 text-muted-foreground">
                {r.parts.map((p) => (
                  <span key={p.service} className="inline-flex gap-1.5">
                    <ServiceName name={p.service} />
                    <Money usd={p.amount_usd} exact className="text-foreground" />
                  </span>
                ))}
              </span>
            </Td>
            <Td right>{count(r.requests)}</Td>
            <Td right>{count(r.billable)}</Td>
            <Td right title={`${count(r.bytes)} bytes`}>
              {bytes(r.bytes)}
            </Td>
            <Td right className="font-medium">
              <Money usd={r.amount} exact />
            </Td>
          </Row>
        ))}
      </tbody>
      <tfoot className="font-semibold">
        <tr className="border-t">
          <RowHeader colSpan={2}>Total</RowHeader>
          <Td right>{count(usage.total.requests)}</Td>
          <Td right>{count(usage.total.billable)}</Td>
          <Td right title={`${count(usage.total.bytes)} bytes`}>
            {bytes(usage.total.bytes)}
          </Td>
          <Td right>
            <Money usd={usage.total.amount_usd} exact />
          </Td>
        </tr>
      </tfoot>
    </Table>
  );
}
