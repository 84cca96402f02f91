import { Box, type LucideIcon, ShieldCheck, Waypoints, Workflow } from 'lucide-react';

/** Services are the operator's to name; the ones we know have a picture, others get a box and the next colour. */
const KNOWN: Record<string, { icon: LucideIcon; color: string }> = {
  seal: { icon: ShieldCheck, color: 'var(--chart-1)' },
  grpc: { icon: Workflow, color: 'var(--chart-2)' },
  graphql: { icon: Waypoints, color: 'var(--chart-3)' },
};
const REST = ['var(--chart-4)', 'var(--chart-5)'];

export function lookOf(service: string): { icon: LucideIcon; color: string } {
  const known = KNOWN[service];
  if (known) return known;
  // The same name has the same colour on every page, whatever list it stands in.
  let sum = 0;
  for (const c of service) sum = (sum * 31 + c.charCodeAt(0)) % 9_973;
  return { icon: Box, color: REST[sum % REST.length] ?? 'var(--chart-4)' };
}
