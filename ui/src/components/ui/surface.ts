/** The look of everything that floats. */
export const floating =
  'z-50 rounded-lg border bg-popover text-foreground shadow-pop outline-none duration-150 data-[state=open]:animate-in data-[state=open]:fade-in-0 data-[state=open]:zoom-in-[0.98] data-[state=closed]:animate-out data-[state=closed]:fade-out-0';
