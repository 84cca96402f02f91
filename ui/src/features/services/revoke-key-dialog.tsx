import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { servicesRevokeApiKeyMutation } from '@/api/gen/@tanstack/react-query.gen';
import type { ApiKeyOut } from '@/api/gen/types.gen';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Field, Input } from '@/components/ui/field';
import { notify } from '@/lib/notify';
import { useLast } from '@/lib/use-last';
import { apiKeysChanged } from './queries';

/** Revoking cannot be undone and may stop somebody's program, so the key's name is typed first. */
export function RevokeKeyDialog({ apiKey, onClose }: { apiKey: ApiKeyOut | null; onClose: () => void }) {
  const key = useLast(apiKey);
  const [typed, setTyped] = useState('');
  const revoke = useMutation({
    ...servicesRevokeApiKeyMutation(),
    onSuccess: async () => {
      await apiKeysChanged();
      onClose();
      notify.done(`${key?.name ?? 'The key'} is revoked`, 'Requests with it are refused within a few seconds.');
    },
  });
  const { reset } = revoke;
  useEffect(() => {
    if (apiKey) {
      setTyped('');
      reset();
    }
  }, [apiKey, reset]);
  if (!key) return null;
  return (
    <ConfirmDialog
      open={apiKey !== null}
      onOpenChange={(open) => !open && onClose()}
      title={`Revoke ${key.name}?`}
      action="Revoke for good"
      busyLabel="Revoking…"
      destructive
      busy={revoke.isPending}
      ready={typed.trim() === key.name.trim()}
      error={revoke.error}
      onConfirm={() => revoke.mutate({ path: { key_id: key.key_id } })}
    >
      <p>
        Programs that use <span className="font-mono text-xs">{key.hint}</span> are refused within a few seconds. This
        cannot be undone; a new key can take its place.
      </p>
      <Field
        id="revoke-name"
        className="text-foreground"
        label={
          <>
            Type <span className="font-mono text-[13px]">{key.name}</span> to go on
          </>
        }
      >
        <Input id="revoke-name" autoComplete="off" value={typed} onChange={(e) => setTyped(e.target.value)} />
      </Field>
    </ConfirmDialog>
  );
}
