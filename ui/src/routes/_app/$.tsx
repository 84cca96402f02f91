import { createFileRoute } from '@tanstack/react-router';
import { NotFound } from '@/components/layout/not-found';

/** Every address that is no page, inside of the shell. */
export const Route = createFileRoute('/_app/$')({ component: NotFound });
