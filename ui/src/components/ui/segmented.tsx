import { cn } from '@/lib/cn';

/** One of a few choices, side by side: radio buttons in look and in behaviour (arrow keys move and choose). */
export function Segmented<T extends string>({
  value,
  onChange,
  options,
  label,
  className,
}: {
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: string; title?: string }[];
  label: string;
  className?: string;
}) {
  return (
    <fieldset
      data-slot="segmented"
      className={cn('inline-flex rounded-md border border-border-strong bg-card p-0.5 shadow-card', className)}
    >
      <legend className="sr-only">{label}</legend>
      {options.map((o) => (
        <label
          key={o.value}
          title={o.title}
          className="relative grid h-[30px] min-w-8 place-items-center rounded-[5px] px-2.5 text-[13px] font-medium whitespace-nowrap text-muted-foreground select-none hover:text-foreground has-checked:bg-accent has-checked:text-on-accent has-focus-visible:outline-2 has-focus-visible:outline-ring"
        >
          <input
            type="radio"
            name={label}
            value={o.value}
            checked={o.value === value}
            onChange={() => onChange(o.value)}
            className="absolute inset-0 cursor-pointer appearance-none rounded-[5px] outline-none"
          />
          {o.label}
        </label>
      ))}
    </fieldset>
  );
}
