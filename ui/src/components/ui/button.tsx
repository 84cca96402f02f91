import { cva, type VariantProps } from 'class-variance-authority';
import { LoaderCircle } from 'lucide-react';
import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

const buttonVariants = cva(
  "focus-ring inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors select-none disabled:pointer-events-none disabled:opacity-55 [&_svg]:pointer-events-none [&_svg]:shrink-0 [&_svg:not([class*='size-'])]:size-4",
  {
    variants: {
      variant: {
        primary: 'bg-primary text-on-primary shadow-card hover:bg-primary/90',
        outline:
          'border border-border-strong bg-card shadow-card hover:bg-accent hover:text-on-accent data-[state=open]:bg-accent',
        ghost: 'hover:bg-accent hover:text-on-accent data-[state=open]:bg-accent',
        destructive: 'bg-destructive text-on-destructive shadow-card hover:bg-destructive/90',
        link: 'rounded-sm text-primary underline-offset-4 hover:underline',
      },
      size: {
        md: 'h-9 px-3.5 text-sm',
        sm: 'h-8 px-2.5 text-[13px]',
        lg: 'h-11 px-4 text-sm',
        icon: 'size-8',
        inline: 'min-h-6 px-0 text-[13px]',
      },
    },
    defaultVariants: { variant: 'primary', size: 'md' },
  },
);

type ButtonProps = ComponentProps<'button'> & VariantProps<typeof buttonVariants> & { asChild?: boolean };

export function Button({ className, variant, size, asChild = false, type, ...props }: ButtonProps) {
  const Comp = asChild ? Slot.Root : 'button';
  return (
    <Comp
      data-slot="button"
      type={asChild ? undefined : (type ?? 'button')}
      className={cn(buttonVariants({ variant, size }), className)}
      {...props}
    />
  );
}

/** A button whose work takes time: it says so, and a second click does nothing. */
export function BusyButton({
  busy,
  busyLabel,
  children,
  disabled,
  ...props
}: Omit<ButtonProps, 'asChild'> & { busy: boolean; busyLabel: string }) {
  return (
    <Button {...props} disabled={busy || disabled} aria-busy={busy || undefined}>
      {busy ? (
        <>
          <LoaderCircle aria-hidden className="animate-spin" /> {busyLabel}
        </>
      ) : (
        children
      )}
    </Button>
  );
}
