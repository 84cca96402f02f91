import type { ConfigOut } from '@/api/gen/types.gen';
import type { Tone } from '@/components/ui/badge';

type State = ConfigOut['state'];

export const STATES: Record<State, { label: string; tone: Tone; dot: string; means: string }> = {
  enabled: { label: 'Serving', tone: 'success', dot: 'bg-success', means: 'Its API keys work.' },
  off: {
    label: 'Off',
    tone: 'neutral',
    dot: 'border border-muted-foreground',
    means: 'Requests are refused, and nothing is charged.',
  },
  suspended: {
    label: 'Suspended',
    tone: 'danger',
    dot: 'bg-destructive',
    means: 'You turned it on, but requests are refused until the account is in order.',
  },
};

const REASONS: Record<string, string> = {
  nonpayment: 'a balance that is past due',
  spending_limit: 'the spending limit being reached',
};

/** "a balance that is past due and the spending limit being reached" */
export const reasons = (list: readonly string[]) => list.map((r) => REASONS[r] ?? r.replaceAll('_', ' ')).join(' and ');
