/** The look of everything that floats, and how it comes and goes. */
export const floating = 'z-50 rounded-lg border bg-popover text-foreground shadow-pop outline-none pop-motion';
