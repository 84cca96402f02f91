import { useQuery } from '@tanstack/react-query';
import { lookOf } from './look';
import { servicesQuery } from './queries';

/** What the catalog calls a service; one that is sold no more keeps its own name. */
export const useLabels = (): ((service: string) => string) => {
  const services = useQuery(servicesQuery).data;
  return (name) => services?.find((s) => s.type.name === name)?.type.label ?? name;
};

/** A service by its label, with the dot of its colour in the charts. */
export function ServiceName({ name }: { name: string }) {
  const labelOf = useLabels();
  return (
    <span className="inline-flex items-center gap-1.5">
      <Dot color={lookOf(name).color} />
      {labelOf(name)}
    </span>
  );
}

export const Dot = ({ color }: { color: string }) => (
  <span aria-hidden className="size-2 shrink-0 rounded-full" style={{ backgroundColor: color }} />
);
