import { DropdownMenu as M } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';
import { floating } from './surface';

export const Menu = M.Root;
export const MenuTrigger = M.Trigger;
export const MenuRadioGroup = M.RadioGroup;

export const MenuContent = ({
  className,
  align = 'end',
  sideOffset = 6,
  ...props
}: ComponentProps<typeof M.Content>) => (
  // Where it stands, not in a portal: there it would be outside of every landmark of the page.
  <M.Content
    data-slot="menu-content"
    align={align}
    sideOffset={sideOffset}
    collisionPadding={12}
    className={cn(floating, 'min-w-48 p-1', className)}
    {...props}
  />
);

const item =
  'flex min-h-8 items-center gap-2 rounded-md px-2 py-1 text-sm outline-none select-none data-[highlighted]:bg-accent data-[highlighted]:text-on-accent data-[disabled]:opacity-50 [&_svg]:size-4 [&_svg]:text-muted-foreground';

export const MenuItem = ({ className, ...props }: ComponentProps<typeof M.Item>) => (
  <M.Item data-slot="menu-item" className={cn(item, className)} {...props} />
);
export const MenuRadioItem = ({ className, ...props }: ComponentProps<typeof M.RadioItem>) => (
  <M.RadioItem
    data-slot="menu-radio-item"
    className={cn(
      item,
      'data-[state=checked]:font-medium data-[state=checked]:text-primary data-[state=checked]:[&_svg]:text-primary',
      className,
    )}
    {...props}
  />
);
export const MenuLabel = ({ className, ...props }: ComponentProps<typeof M.Label>) => (
  <M.Label className={cn('px-2 py-1.5 text-xs text-muted-foreground', className)} {...props} />
);
export const MenuSeparator = () => <M.Separator className="-mx-1 my-1 h-px bg-border" />;
