import { type ClassValue, clsx } from 'clsx';

/**
 * Joins class names. There is no tailwind-merge (10 kB of every first visit): a kit component leaves to its caller only what it
 * does not set itself (margin, width, grid place), and offers a variant for the rest.
 */
export const cn = (...classes: ClassValue[]) => clsx(classes);
