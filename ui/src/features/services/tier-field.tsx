import { Check } from 'lucide-react';
import type { ServiceTier } from '@/api/gen/types.gen';
import { Notes } from '@/components/ui/field';
import { Money } from '@/components/ui/money';
import { count } from '@/lib/format';

/** The plans, side by side with what they cost and guarantee. */
export function TierField({
  tiers,
  value,
  onChange,
  problem,
  disabled,
}: {
  tiers: readonly ServiceTier[];
  value: string;
  onChange: (tier: string) => void;
  problem: string | undefined;
  disabled: boolean;
}) {
  return (
    <fieldset data-slot="field" className="space-y-2.5" disabled={disabled}>
      <legend className="text-sm leading-5 font-medium">Plan</legend>
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-2">
        {tiers.map((t) => (
          <label
            key={t.name}
            className="relative flex items-start gap-3 rounded-lg border p-4 transition-colors hover:border-border-strong has-checked:border-primary has-checked:bg-info-subtle has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-ring"
          >
            <input
              type="radio"
              name="tier"
              value={t.name}
              checked={t.name === value}
              onChange={() => onChange(t.name)}
              className="peer absolute inset-0 appearance-none rounded-lg outline-none"
            />
            <span
              aria-hidden
              className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-input text-transparent peer-checked:border-primary peer-checked:bg-primary peer-checked:text-on-primary"
            >
              <Check className="size-3" strokeWidth={3} />
            </span>
            <span className="min-w-0 flex-1">
              <span className="flex flex-wrap items-baseline justify-between gap-x-2">
                <span className="font-medium">{t.label}</span>
                <span className="text-[13px]">
                  <Money usd={t.monthly_usd} exact className="font-medium" />{' '}
                  <span className="text-muted-foreground">/ month</span>
                </span>
              </span>
              <span className="mt-0.5 block text-[13px] text-muted-foreground">
                {count(t.guaranteed_rps)} requests per second guaranteed
              </span>
            </span>
          </label>
        ))}
      </div>
      <Notes id="tier" error={problem} />
    </fieldset>
  );
}
