import { Switch as S } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { cn } from '@/lib/cn';

// 16 px on phones: a smaller font makes iOS zoom into the page on focus.
const control =
  'rounded-md border border-input bg-card text-base shadow-card outline-none transition-[border-color] placeholder:text-muted-foreground focus-visible:border-ring focus-visible:outline-2 focus-visible:-outline-offset-1 focus-visible:outline-ring disabled:opacity-55 aria-invalid:border-destructive sm:text-sm';

export const Input = ({ className, ...props }: ComponentProps<'input'>) => (
  <input data-slot="input" className={cn(control, 'h-9 min-w-0 px-3', className)} {...props} />
);

export const NativeSelect = ({ className, ...props }: ComponentProps<'select'>) => (
  <select data-slot="native-select" className={cn(control, 'h-9 px-2.5', className)} {...props} />
);

export const Label = ({ className, ...props }: ComponentProps<'label'>) => (
  // biome-ignore lint/a11y/noLabelWithoutControl: the caller gives htmlFor
  <label data-slot="label" className={cn('text-sm leading-5 font-medium', className)} {...props} />
);

export const Switch = ({ className, ...props }: ComponentProps<typeof S.Root>) => (
  <S.Root
    data-slot="switch"
    className={cn(
      'focus-ring inline-flex h-6 w-10 shrink-0 items-center rounded-full bg-input transition-colors disabled:opacity-50 data-[state=checked]:bg-primary',
      className,
    )}
    {...props}
  >
    <S.Thumb className="block size-5 translate-x-0.5 rounded-full bg-white shadow-sm transition-transform data-[state=checked]:translate-x-[1.125rem]" />
  </S.Root>
);

/** What a control inside of a Field needs, so that help and error are read with it. */
export const described = (id: string, has: { help?: boolean; error: boolean }) => ({
  id,
  'aria-invalid': has.error || undefined,
  'aria-describedby': has.error ? `${id}-error` : has.help ? `${id}-help` : undefined,
});

/** Label, control, help and error, wired by id. */
export function Field({
  id,
  label,
  help,
  error,
  children,
  className,
}: {
  id: string;
  label: ReactNode;
  help?: ReactNode;
  error?: string | undefined;
  children: ReactNode;
  className?: string;
}) {
  return (
    <div data-slot="field" className={cn('flex flex-col gap-1.5', className)}>
      <Label htmlFor={id}>{label}</Label>
      {children}
      <Notes id={id} help={help} error={error} />
    </div>
  );
}

export function Notes({ id, help, error }: { id: string; help?: ReactNode; error?: string | undefined }) {
  if (error) {
    return (
      <p id={`${id}-error`} role="alert" className="text-[13px] text-destructive">
        {error}
      </p>
    );
  }
  return help ? (
    <p id={`${id}-help`} className="text-[13px] text-muted-foreground">
      {help}
    </p>
  ) : null;
}
