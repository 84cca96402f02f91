import type { WalletTransaction } from '@/api/gen/types.gen';
import { Badge, type Tone } from '@/components/ui/badge';
import { CopyValue } from '@/components/ui/copy';
import { Money } from '@/components/ui/money';
import { Head, Row, Table, Td, Th } from '@/components/ui/table';
import { Timestamp } from '@/components/ui/timestamp';
import { useLabels } from '@/features/services/service-name';
import { parseUsd } from '@/lib/money';
import { zoneName } from '@/lib/time';
import { useClock } from '@/stores/preferences';
import { describe } from './transaction';

const KINDS: Record<WalletTransaction['kind'], { label: string; tone: Tone }> = {
  charge: { label: 'Charge', tone: 'neutral' },
  refund: { label: 'Refund', tone: 'success' },
  credit: { label: 'Credit', tone: 'success' },
};

/** Transactions as rows, with the cause that makes each of them unique. */
export function Ledger({ transactions }: { transactions: readonly WalletTransaction[] }) {
  const clock = useClock();
  const labelOf = useLabels();
  return (
    <Table label="Transactions" className="border-t">
      <Head>
        <tr>
          <Th>Time ({zoneName(clock)})</Th>
          <Th>Kind</Th>
          <Th className="w-full">For</Th>
          <Th>Cause</Th>
          <Th right>Amount</Th>
        </tr>
      </Head>
      <tbody>
        {transactions.map((t) => {
          const gained = parseUsd(t.amount_usd) > 0n;
          return (
            <Row key={t.transaction_id}>
              <Td className="text-muted-foreground">
                <Timestamp at={t.at} form="dayTimeSeconds" />
              </Td>
              <Td>
                <Badge tone={KINDS[t.kind].tone}>{KINDS[t.kind].label}</Badge>
              </Td>
              <Td>{describe(t, labelOf)}</Td>
              <Td>
                <CopyValue value={t.cause} label="cause" />
              </Td>
              <Td right className={gained ? 'font-medium text-success' : 'font-medium'}>
                <Money usd={t.amount_usd} exact />
              </Td>
            </Row>
          );
        })}
      </tbody>
    </Table>
  );
}
