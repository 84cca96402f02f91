import { Popover as P } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';
import { floating } from './surface';

export const Popover = P.Root;
export const PopoverTrigger = P.Trigger;
export const PopoverContent = ({
  className,
  align = 'end',
  sideOffset = 8,
  ...props
}: ComponentProps<typeof P.Content>) => (
  <P.Portal>
    <P.Content
      data-slot="popover-content"
      align={align}
      sideOffset={sideOffset}
      collisionPadding={12}
      className={cn(floating, className)}
      {...props}
    />
  </P.Portal>
);
