import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Banner } from '@/components/ui/banner';
import { Button } from '@/components/ui/button';
import { clockTime } from '@/lib/time';
import { useConnection } from '@/stores/connection';
import { useClock } from '@/stores/preferences';

/** Says that the server does not answer, keeps asking quietly, and goes away by itself. */
export function ConnectionBanner() {
  const { reachable, answeredAt } = useConnection();
  const clock = useClock();
  const queries = useQueryClient();
  const [online, setOnline] = useState(navigator.onLine);

  useEffect(() => {
    const tell = () => setOnline(navigator.onLine);
    addEventListener('online', tell);
    addEventListener('offline', tell);
    return () => {
      removeEventListener('online', tell);
      removeEventListener('offline', tell);
    };
  }, []);

  const down = !online || !reachable;
  useEffect(() => {
    if (!down || !online) return;
    const again = window.setInterval(
      () =>
        void queries.refetchQueries({
          type: 'active',
          predicate: (q) => q.state.status === 'error' || q.state.fetchFailureCount > 0,
        }),
      4_000 + Math.random() * 2_000,
    );
    return () => clearInterval(again);
  }, [down, online, queries]);

  if (!down) return null;
  return (
    <div className="mx-auto w-full max-w-[1240px] px-4 pt-4 sm:px-8">
      <Banner
        tone="warning"
        title={online ? 'Suiftly is not answering.' : 'You are offline.'}
        action={
          online && (
            <Button size="sm" variant="outline" onClick={() => void queries.refetchQueries({ type: 'active' })}>
              Try now
            </Button>
          )
        }
      >
        {answeredAt > 0 ? `What you see is from ${clockTime(answeredAt, clock)}. ` : ''}It is tried again by itself.
      </Banner>
    </div>
  );
}
