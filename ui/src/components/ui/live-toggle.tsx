import { Pause, Play } from 'lucide-react';
import { usePreferences } from '@/stores/preferences';
import { Button } from './button';

/** Lets a list follow the traffic, or hold still for reading. */
export function LiveToggle() {
  const { live, setLive } = usePreferences();
  return (
    <Button variant="outline" size="sm" aria-pressed={live} onClick={() => setLive(!live)}>
      {live ? (
        <>
          <span aria-hidden className="relative grid size-3 place-items-center">
            <span className="absolute size-2 animate-ping rounded-full bg-success opacity-60" />
            <span className="size-2 rounded-full bg-success" />
          </span>
          Live
          <Pause aria-hidden className="size-3.5 text-muted-foreground" />
          <span className="sr-only">Pause</span>
        </>
      ) : (
        <>
          <Play aria-hidden className="size-3.5" /> Paused
          <span className="sr-only">, follow again</span>
        </>
      )}
    </Button>
  );
}
