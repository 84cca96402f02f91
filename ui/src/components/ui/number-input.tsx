import { Minus, Plus } from 'lucide-react';
import { cn } from '@/lib/cn';
import { Button } from './button';
import { Input } from './field';

/** A whole number with buttons for one less and one more. Empty or unreadable is null. */
export function NumberInput({
  value,
  onChange,
  onBlur,
  min,
  max,
  label,
  disabled,
  className,
  ...aria
}: {
  value: number | null;
  onChange: (value: number | null) => void;
  onBlur?: () => void;
  min: number;
  max: number;
  /** What is counted, for the buttons: "API key". */
  label: string;
  disabled?: boolean;
  className?: string;
  id?: string;
  'aria-invalid'?: true | undefined;
  'aria-describedby'?: string | undefined;
  'aria-label'?: string;
}) {
  const step = (by: number) => onChange(Math.min(max, Math.max(min, (value ?? min - by) + by)));
  return (
    <span className={cn('inline-flex w-fit items-center gap-1', className)}>
      <Button
        variant="outline"
        size="icon"
        className="!size-9"
        aria-label={`One ${label} less`}
        disabled={disabled || (value !== null && value <= min)}
        onClick={() => step(-1)}
      >
        <Minus aria-hidden />
      </Button>
      <Input
        {...aria}
        inputMode="numeric"
        autoComplete="off"
        disabled={disabled}
        value={value === null ? '' : String(value)}
        onChange={(e) => {
          const digits = e.target.value.trim();
          if (digits === '') onChange(null);
          else if (/^\d{1,9}$/.test(digits)) onChange(Number(digits));
        }}
        onBlur={onBlur}
        onKeyDown={(e) => {
          if (e.key !== 'ArrowUp' && e.key !== 'ArrowDown') return;
          e.preventDefault();
          step(e.key === 'ArrowUp' ? 1 : -1);
        }}
        className="tnum w-20 text-center"
      />
      <Button
        variant="outline"
        size="icon"
        className="!size-9"
        aria-label={`One ${label} more`}
        disabled={disabled || (value !== null && value >= max)}
        onClick={() => step(1)}
      >
        <Plus aria-hidden />
      </Button>
    </span>
  );
}
