import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

/** A table in a frame of its own: it scrolls sideways where it is too wide, with the keyboard too, and the page never does. */
export function Table({ label, className, ...props }: ComponentProps<'table'> & { label: string }) {
  return (
    <section
      data-slot="table"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
      tabIndex={0}
      className={cn('focus-ring-inset overflow-x-auto', className)}
    >
      <table className="w-full text-[13px]" {...props} />
    </section>
  );
}

const cell = 'px-3 py-2 whitespace-nowrap first:pl-5 last:pr-5';

export const Head = (props: ComponentProps<'thead'>) => (
  <thead className="border-b text-left text-muted-foreground" {...props} />
);

export const Th = ({ className, right = false, ...props }: ComponentProps<'th'> & { right?: boolean }) => (
  <th scope="col" className={cn(cell, 'font-medium', right && 'tnum text-right', className)} {...props} />
);

export const Row = ({ className, ...props }: ComponentProps<'tr'>) => (
  <tr className={cn('border-b last:border-0 hover:bg-muted/60', className)} {...props} />
);

export const Td = ({ className, right = false, ...props }: ComponentProps<'td'> & { right?: boolean }) => (
  <td className={cn(cell, right && 'tnum text-right', className)} {...props} />
);

/** The cell that names its row. */
export const RowHeader = ({ className, ...props }: ComponentProps<'th'>) => (
  <th scope="row" className={cn(cell, 'text-left', className)} {...props} />
);
