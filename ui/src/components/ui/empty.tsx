import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

/** Nothing to show: says why, and offers the one thing to do about it. */
export function Empty({
  icon: Icon,
  title,
  children,
  action,
  className,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}) {
  return (
    <div
      data-slot="empty"
      className={cn('flex flex-col items-center justify-center gap-3 px-6 py-12 text-center', className)}
    >
      <span className="grid size-11 place-items-center rounded-xl bg-accent text-on-accent">
        <Icon aria-hidden className="size-5" strokeWidth={1.8} />
      </span>
      <div className="max-w-sm space-y-1">
        <p className="font-semibold">{title}</p>
        {children && <p className="text-[13px] text-pretty text-muted-foreground">{children}</p>}
      </div>
      {action}
    </div>
  );
}
