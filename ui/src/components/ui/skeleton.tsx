import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

/** The place of something that is being loaded, in its final size. */
export const Skeleton = ({ className, ...props }: ComponentProps<'div'>) => (
  <div data-slot="skeleton" aria-hidden className={cn('skeleton rounded-md', className)} {...props} />
);

export const SkeletonLines = ({ lines, className }: { lines: number; className?: string }) => (
  <div aria-hidden className={cn('grid gap-3', className)}>
    {Array.from({ length: lines }, (_, i) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: identical placeholders
      <Skeleton key={i} className="h-4" />
    ))}
  </div>
);
