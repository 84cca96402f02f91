import { X } from 'lucide-react';
import { Dialog as D } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { cn } from '@/lib/cn';

export const Dialog = D.Root;
export const DialogTrigger = D.Trigger;
export const DialogClose = D.Close;

const overlay = 'fixed inset-0 z-50 bg-black/45 fade-motion';
const surface = 'fixed z-50 bg-popover text-foreground shadow-pop outline-none';

function CloseButton() {
  return (
    <D.Close
      className="focus-ring absolute top-3.5 right-3.5 grid size-7 place-items-center rounded-md text-muted-foreground hover:bg-accent hover:text-foreground"
      aria-label="Close"
    >
      <X aria-hidden className="size-4" />
    </D.Close>
  );
}

/** A box in the middle. `dismissable={false}`: only its buttons close it, for what is shown once. */
export function DialogContent({
  title,
  description,
  children,
  dismissable = true,
  wide = false,
  className,
  ...props
}: Omit<ComponentProps<typeof D.Content>, 'title'> & {
  title: ReactNode;
  description?: ReactNode;
  dismissable?: boolean;
  wide?: boolean;
}) {
  return (
    <D.Portal>
      <D.Overlay className={overlay} />
      <D.Content
        data-slot="dialog-content"
        className={cn(
          surface,
          'top-[10vh] left-1/2 grid max-h-[80vh] w-[calc(100%-2rem)] -translate-x-1/2 gap-4 overflow-y-auto rounded-xl border p-5',
          wide ? 'max-w-xl' : 'max-w-md',
          'pop-motion',
          className,
        )}
        {...(!description && { 'aria-describedby': undefined })}
        {...(!dismissable && {
          onEscapeKeyDown: (e: Event) => e.preventDefault(),
          onPointerDownOutside: (e: Event) => e.preventDefault(),
          onInteractOutside: (e: Event) => e.preventDefault(),
        })}
        {...props}
      >
        <div className="grid gap-1 pr-8">
          <D.Title className="text-base font-semibold">{title}</D.Title>
          {description && <D.Description className="text-[13px] text-muted-foreground">{description}</D.Description>}
        </div>
        {children}
        {dismissable && <CloseButton />}
      </D.Content>
    </D.Portal>
  );
}

export const DialogFooter = ({ className, ...props }: ComponentProps<'div'>) => (
  <div
    data-slot="dialog-footer"
    className={cn('flex flex-col-reverse gap-2 sm:flex-row sm:justify-end', className)}
    {...props}
  />
);

/** A sheet from the left edge, for the navigation on small screens. */
export function SheetContent({
  title,
  children,
  className,
  ...props
}: Omit<ComponentProps<typeof D.Content>, 'title'> & { title: string }) {
  return (
    <D.Portal>
      <D.Overlay className={overlay} />
      <D.Content
        data-slot="sheet-content"
        aria-describedby={undefined}
        className={cn(surface, 'inset-y-0 left-0 w-72 max-w-[85vw] border-r sheet-motion', className)}
        {...props}
      >
        <D.Title className="sr-only">{title}</D.Title>
        {children}
        <CloseButton />
      </D.Content>
    </D.Portal>
  );
}
