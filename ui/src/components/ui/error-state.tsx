import { CircleAlert } from 'lucide-react';
import { requestIdOf, sentence } from '@/api/error';
import { cn } from '@/lib/cn';
import { Button } from './button';
import { CopyValue } from './copy';

function RequestId({ error }: { error: unknown }) {
  const id = requestIdOf(error);
  if (!id) return null;
  return (
    <p className="text-xs text-muted-foreground">
      Request{' '}
      <CopyValue value={id} label="request id" shown={id.length > 18 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id} />
    </p>
  );
}

/** In the place of a panel's content: what failed, the server's sentence, the request id, and another try. */
export function ErrorState({
  title,
  error,
  onRetry,
  busy = false,
  className,
}: {
  title: string;
  error: unknown;
  onRetry?: () => void;
  busy?: boolean;
  className?: string;
}) {
  return (
    <div
      role="alert"
      data-slot="error-state"
      className={cn('flex flex-col items-center justify-center gap-2.5 px-6 py-10 text-center', className)}
    >
      <span className="grid size-11 place-items-center rounded-xl bg-danger-subtle text-destructive">
        <CircleAlert aria-hidden className="size-5" />
      </span>
      <div className="max-w-md space-y-1">
        <p className="font-semibold">{title}</p>
        <p className="text-[13px] text-pretty text-muted-foreground">{sentence(error)}</p>
        <RequestId error={error} />
      </div>
      {onRetry && (
        <Button variant="outline" size="sm" onClick={onRetry} disabled={busy}>
          {busy ? 'Trying…' : 'Try again'}
        </Button>
      )}
    </div>
  );
}

/** Inside a form or dialog: the action failed, the input is still there. */
export function ErrorNote({ error, className }: { error: unknown; className?: string }) {
  return (
    <div
      role="alert"
      data-slot="error-note"
      className={cn('flex gap-2.5 rounded-lg border border-destructive/30 bg-danger-subtle px-3 py-2.5', className)}
    >
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-destructive" />
      <div className="min-w-0 space-y-0.5">
        <p className="break-words">{sentence(error)}</p>
        <RequestId error={error} />
      </div>
    </div>
  );
}
