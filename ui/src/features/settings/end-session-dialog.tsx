import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { hasCode } from '@/api';
import { authEndOtherSessions, authEndSession } from '@/api/gen/sdk.gen';
import type { CustomerSession } from '@/api/gen/types.gen';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { plural } from '@/lib/format';
import { notify } from '@/lib/notify';
import { useLast } from '@/lib/use-last';
import { deviceOf } from './device';

export function EndSessionDialog({
  session,
  onClose,
  onEnded,
}: {
  session: CustomerSession | null;
  onClose: () => void;
  onEnded: () => Promise<unknown>;
}) {
  const shown = useLast(session);
  const end = useMutation({
    mutationFn: async (id: string) => {
      try {
        await authEndSession({ path: { session_id: id }, throwOnError: true });
      } catch (e) {
        // It ended by itself or elsewhere meanwhile: what was asked for is so.
        if (!hasCode(e, 'auth.no_session')) throw e;
      }
    },
    onSuccess: async () => {
      await onEnded();
      onClose();
      notify.done('The session is ended');
    },
  });
  const { reset } = end;
  useEffect(() => {
    if (session) reset();
  }, [session, reset]);
  if (!shown) return null;
  return (
    <ConfirmDialog
      open={session !== null}
      onOpenChange={(open) => !open && onClose()}
      title={`End the session of ${deviceOf(shown.user_agent).name}?`}
      action="End session"
      busyLabel="Ending…"
      destructive
      busy={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate(shown.session_id)}
    >
      <p>
        It is refused within a few seconds, and what is not saved there is lost. Whoever uses it needs your wallet to
        sign in again.
      </p>
    </ConfirmDialog>
  );
}

export function EndOthersDialog({
  open,
  count,
  onClose,
  onEnded,
}: {
  open: boolean;
  count: number;
  onClose: () => void;
  onEnded: () => Promise<unknown>;
}) {
  const end = useMutation({
    mutationFn: async () => (await authEndOtherSessions({ throwOnError: true })).data,
    onSuccess: async ({ ended }) => {
      await onEnded();
      onClose();
      notify.done(ended === 0 ? 'There was no other session' : `${plural(ended, 'session')} ended`);
    },
  });
  const { reset } = end;
  useEffect(() => {
    if (open) reset();
  }, [open, reset]);
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title="End all other sessions?"
      action="End all others"
      busyLabel="Ending…"
      destructive
      busy={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate()}
    >
      <p>
        {plural(count, 'session')} besides this one: refused within a few seconds. You stay signed in here. API keys go
        on working.
      </p>
    </ConfirmDialog>
  );
}
