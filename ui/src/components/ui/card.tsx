import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

export const Card = ({ className, ...props }: ComponentProps<'section'>) => (
  <section
    data-slot="card"
    className={cn('flex min-w-0 flex-col rounded-xl border bg-card shadow-card', className)}
    {...props}
  />
);
export const CardHeader = ({ className, ...props }: ComponentProps<'div'>) => (
  <div
    data-slot="card-header"
    className={cn(
      'grid auto-rows-min grid-cols-[minmax(0,1fr)_auto] items-start gap-x-3 gap-y-0.5 px-5 pt-4 pb-3',
      className,
    )}
    {...props}
  />
);
export const CardTitle = ({ className, ...props }: ComponentProps<'h2'>) => (
  <h2 data-slot="card-title" className={cn('text-[15px] leading-6 font-semibold', className)} {...props} />
);
export const CardDescription = ({ className, ...props }: ComponentProps<'p'>) => (
  <p
    data-slot="card-description"
    className={cn('col-start-1 text-[13px] text-muted-foreground', className)}
    {...props}
  />
);
export const CardAction = ({ className, ...props }: ComponentProps<'div'>) => (
  <div
    data-slot="card-action"
    className={cn('col-start-2 row-span-2 row-start-1 flex items-center gap-2 self-start justify-self-end', className)}
    {...props}
  />
);
export const CardContent = ({ className, ...props }: ComponentProps<'div'>) => (
  <div data-slot="card-content" className={cn('px-5 pb-5', className)} {...props} />
);
export const CardFooter = ({ className, ...props }: ComponentProps<'div'>) => (
  <div
    data-slot="card-footer"
    className={cn('mt-auto flex flex-wrap items-center gap-2 border-t px-5 py-3', className)}
    {...props}
  />
);
