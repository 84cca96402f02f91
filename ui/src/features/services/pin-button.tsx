import { Pin } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { cn } from '@/lib/cn';
import { usePin, usePins } from './pins';

/** Keeps a service first wherever services are listed. */
export function PinButton({ service, label }: { service: string; label: string }) {
  const pinned = usePins().includes(service);
  const pin = usePin(service, label);
  const shown = pin.isPending ? pin.variables : pinned;
  return (
    <Button
      variant="ghost"
      size="icon"
      className="-mt-1.5 -mr-2"
      aria-pressed={shown}
      aria-label={`Pin ${label}`}
      title={shown ? `${label} is pinned: it comes first. Click to unpin.` : `Pin ${label}: it comes first`}
      onClick={() => pin.mutate(!shown)}
    >
      <Pin aria-hidden className={cn('size-4', shown ? 'fill-current text-primary' : 'text-muted-foreground')} />
    </Button>
  );
}
