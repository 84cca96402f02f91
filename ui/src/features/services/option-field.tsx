import { Plus, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ServiceOption, ServiceType } from '@/api/gen/types.gen';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { described, Field, Label, Notes, Switch } from '@/components/ui/field';
import { Money } from '@/components/ui/money';
import { NumberInput } from '@/components/ui/number-input';
import { allowed, type Draft, sayCount } from './settings';

type Value = Draft['options'][string];

interface Props {
  type: ServiceType;
  option: ServiceOption;
  tier: string;
  value: Value;
  problem: string | undefined;
  disabled: boolean;
  onChange: (value: Value) => void;
}

/** One option of the catalog as a control: a switch, a number, or a list of numbers. */
export function OptionField(props: Props) {
  const { type, option, tier } = props;
  const open = allowed(option, tier);
  const needs = type.tiers.filter((t) => option.requires_tier?.includes(t.name)).map((t) => t.label);
  const locked = open ? null : <Badge tone="info">Needs {needs.join(' or ')}</Badge>;
  if (option.kind === 'switch') return <SwitchField {...props} open={open} locked={locked} />;
  if (option.kind === 'count') return <CountField {...props} open={open} locked={locked} />;
  return <CountsField {...props} open={open} locked={locked} />;
}

type Inner = Props & { open: boolean; locked: ReactNode };

function SwitchField({ option, value, problem, disabled, onChange, open, locked }: Inner) {
  const id = `option-${option.name}`;
  return (
    <div data-slot="field" className="flex items-start justify-between gap-4">
      <div className="min-w-0 space-y-1">
        <div className="flex flex-wrap items-center gap-2">
          <Label htmlFor={id}>{option.label}</Label>
          {locked}
        </div>
        <Notes
          id={id}
          help={
            <>
              {option.description} <Money usd={option.monthly_usd} exact /> a month.
            </>
          }
          error={problem}
        />
      </div>
      <Switch
        {...described(id, { help: true, error: !!problem })}
        checked={open && value === true}
        disabled={disabled || !open}
        onCheckedChange={onChange}
      />
    </div>
  );
}

function CountField({ option, value, problem, disabled, onChange, open, locked }: Inner) {
  const id = `option-${option.name}`;
  const c = option.count;
  if (!c) return null;
  return (
    <Field
      id={id}
      label={
        <span className="flex flex-wrap items-center gap-2">
          {option.label} {locked}
        </span>
      }
      help={[option.description, sayCount(c)].filter(Boolean).join(' ')}
      error={problem}
    >
      <NumberInput
        {...described(id, { help: true, error: !!problem })}
        value={typeof value === 'number' ? value : null}
        onChange={onChange}
        min={c.min}
        max={c.max}
        label={c.unit}
        disabled={disabled || !open}
      />
    </Field>
  );
}

function CountsField({ option, value, problem, disabled, onChange, open, locked }: Inner) {
  const id = `option-${option.name}`;
  const { count: many, each } = option;
  if (!many || !each) return null;
  const list = Array.isArray(value) ? value : [];
  const off = disabled || !open;
  const set = (i: number, v: number | null) => onChange(list.map((old, j) => (j === i ? v : old)));
  return (
    <fieldset data-slot="field" aria-describedby={problem ? `${id}-error` : `${id}-help`} className="space-y-3">
      <legend className="flex flex-wrap items-center gap-2 text-sm leading-5 font-medium">
        {option.label} {locked}
      </legend>
      <ol className="space-y-2">
        {list.map((v, i) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: entries are numbers without identity; their place is what they are
            key={i}
            className="flex flex-wrap items-center gap-x-3 gap-y-1.5 rounded-lg border bg-muted/40 py-2 pr-2 pl-3.5"
          >
            <span className="min-w-24 flex-1 text-[13px] first-letter:uppercase">
              {many.unit} {i + 1}
            </span>
            <NumberInput
              value={v}
              onChange={(next) => set(i, next)}
              min={each.min}
              max={each.max}
              label={each.unit}
              disabled={off}
              aria-label={`${each.unit}s of ${many.unit} ${i + 1}`}
              aria-invalid={v === null || v < each.min || v > each.max || undefined}
            />
            <span className="w-20 text-[13px] text-muted-foreground">{v === 1 ? each.unit : `${each.unit}s`}</span>
            <Button
              variant="ghost"
              size="icon"
              aria-label={`Remove ${many.unit} ${i + 1}`}
              disabled={off || list.length <= many.min}
              onClick={() => onChange(list.filter((_, j) => j !== i))}
            >
              <Trash2 aria-hidden />
            </Button>
          </li>
        ))}
      </ol>
      <Button
        variant="outline"
        size="sm"
        disabled={off || list.length >= many.max}
        onClick={() => onChange([...list, Math.max(each.min, Math.min(each.included, each.max))])}
      >
        <Plus aria-hidden /> Add a {many.unit}
      </Button>
      <Notes
        id={id}
        help={
          <>
            {option.description} {capital(many.unit)}s: {sayCount(many)} {capital(each.unit)}s of each: {sayCount(each)}
          </>
        }
        error={problem}
      />
    </fieldset>
  );
}

const capital = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);
