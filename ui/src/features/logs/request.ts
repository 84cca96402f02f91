import type { LoggedRequest, ServiceOut } from '@/api/gen/types.gen';
import type { Tone } from '@/components/ui/badge';
import { formatUsdExact, parseUsd } from '@/lib/money';

/** What came of a request, in a word beside its status: colour alone says nothing to some. */
export function outcome(status: number): { tone: Tone; label: string; means: string } {
  if (status < 0) return { tone: 'neutral', label: 'left', means: 'The client left before an answer' };
  if (status === 429) return { tone: 'warning', label: '429', means: 'Over the rate limit' };
  if (status >= 500) return { tone: 'danger', label: String(status), means: 'The service failed' };
  if (status >= 400) return { tone: 'warning', label: String(status), means: 'Refused' };
  return { tone: 'success', label: String(status), means: 'Answered' };
}

/**
 * The catalog's price of one request: what a billable one costs, nothing for the others. null: the service is not in the
 * catalog any more. Bandwidth, where it is priced, is charged by the hour and not by the request.
 */
export function priceOf(
  request: Pick<LoggedRequest, 'service' | 'billable'>,
  services: readonly ServiceOut[],
): string | null {
  if (!request.billable) return 'Free';
  const step = services.find((s) => s.type.name === request.service)?.type.requests[0];
  if (!step || step.per <= 0) return null;
  const micros = parseUsd(step.usd);
  const per = BigInt(step.per);
  // A price that is no whole number of micros is not shown rounded: it would not add up.
  return micros % per === 0n ? formatUsdExact(micros / per) : `${formatUsdExact(micros)} / ${step.per}`;
}
