import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

const tones = {
  neutral: 'bg-secondary text-on-secondary',
  success: 'bg-success-subtle text-success',
  warning: 'bg-warning-subtle text-warning',
  danger: 'bg-danger-subtle text-destructive',
  info: 'bg-info-subtle text-on-accent',
} as const;
export type Tone = keyof typeof tones;

export function Badge({
  className,
  tone = 'neutral',
  dot,
  children,
  ...props
}: ComponentProps<'span'> & { tone?: Tone; dot?: boolean }) {
  return (
    <span
      data-slot="badge"
      data-tone={tone}
      className={cn(
        'inline-flex w-fit shrink-0 items-center gap-1.5 rounded-full px-2 py-px text-xs font-medium whitespace-nowrap',
        tones[tone],
        className,
      )}
      {...props}
    >
      {dot && <span aria-hidden className="size-1.5 rounded-full bg-current" />}
      {children}
    </span>
  );
}
