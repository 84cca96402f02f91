import { cn } from '@/lib/cn';
import { clockTime, day, dayTime, dayTimeSeconds, exactTime, type Instant, zoneName } from '@/lib/time';
import { useClock } from '@/stores/preferences';

const forms = { time: clockTime, day, dayTime, dayTimeSeconds } as const;

/** An instant in the visitor's clock; hovering shows it in UTC, in local time and as Unix seconds. */
export function Timestamp({
  at,
  form = 'dayTime',
  className,
}: {
  at: Instant;
  form?: keyof typeof forms;
  className?: string;
}) {
  const clock = useClock();
  const date = at instanceof Date ? at : new Date(at);
  const title = `${exactTime(date, 'utc')} UTC\n${exactTime(date, 'local')} ${zoneName('local')}\nUnix ${Math.floor(+date / 1000)}`;
  return (
    <time data-slot="timestamp" dateTime={date.toISOString()} title={title} className={cn('tnum', className)}>
      {forms[form](date, clock)}
    </time>
  );
}
