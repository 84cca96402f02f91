import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

const tones = {
  info: { icon: Info, box: 'border-primary/25 bg-info-subtle', mark: 'text-primary' },
  warning: { icon: TriangleAlert, box: 'border-warning/30 bg-warning-subtle', mark: 'text-warning' },
  danger: { icon: CircleAlert, box: 'border-destructive/30 bg-danger-subtle', mark: 'text-destructive' },
} as const;

/** A message about the whole page or panel, read out when it appears. */
export function Banner({
  tone = 'info',
  title,
  children,
  action,
  className,
}: {
  tone?: keyof typeof tones;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}) {
  const { icon: Icon, box, mark } = tones[tone];
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'status'}
      data-slot="banner"
      className={cn('flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border px-4 py-2.5', box, className)}
    >
      <div className="flex min-w-0 flex-1 basis-56 gap-2.5">
        <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', mark)} />
        <div className="min-w-0 break-words">
          <span className="font-medium">{title}</span> <span className="text-foreground/80">{children}</span>
        </div>
      </div>
      {action}
    </div>
  );
}
