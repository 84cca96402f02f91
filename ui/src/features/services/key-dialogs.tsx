import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useForm } from 'react-hook-form';
import { ApiError } from '@/api';
import { servicesRenameApiKeyMutation, servicesRevokeApiKeyMutation } from '@/api/gen/@tanstack/react-query.gen';
import type { ApiKeyOut, RenameKeyInBody } from '@/api/gen/types.gen';
import { zServicesRenameApiKeyBody } from '@/api/gen/zod.gen';
import { BusyButton, Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Dialog, DialogClose, DialogContent, DialogFooter } from '@/components/ui/dialog';
import { ErrorNote } from '@/components/ui/error-state';
import { described, Field, Input } from '@/components/ui/field';
import { zodResolver } from '@/lib/forms';
import { notify } from '@/lib/notify';
import { apiKeysChanged } from './queries';

/** Keeps what a dialog shows while it fades out. */
function useLast<T>(value: T | null): T | null {
  const [last, setLast] = useState(value);
  if (value !== null && value !== last) setLast(value);
  return value ?? last;
}

export function RenameKeyDialog({ apiKey, onClose }: { apiKey: ApiKeyOut | null; onClose: () => void }) {
  const key = useLast(apiKey);
  return (
    <Dialog open={apiKey !== null} onOpenChange={(open) => !open && onClose()}>
      <DialogContent title="Rename API key" description="Only the name changes; the key goes on working.">
        {key && <RenameForm key={key.key_id} apiKey={key} onClose={onClose} />}
      </DialogContent>
    </Dialog>
  );
}

function RenameForm({ apiKey, onClose }: { apiKey: ApiKeyOut; onClose: () => void }) {
  const form = useForm<RenameKeyInBody>({ resolver: zodResolver(zServicesRenameApiKeyBody), defaultValues: { name: apiKey.name } });
  const rename = useMutation({
    ...servicesRenameApiKeyMutation(),
    onSuccess: async (saved) => {
      await apiKeysChanged();
      onClose();
      notify.done(`Renamed to ${saved.name}`);
    },
  });
  const problem = form.formState.errors.name ? 'Give 1 to 60 characters.' : (rename.error as unknown) instanceof ApiError ? (rename.error as unknown as ApiError).field('name') : undefined;
  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(e) => {
        form.handleSubmit((body) => rename.mutate({ path: { key_id: apiKey.key_id }, body: { name: body.name.trim() } }))(e).catch(() => {});
      }}
    >
      <Field id="rename" label="Name" error={problem}>
        <Input {...described('rename', { error: !!problem })} autoComplete="off" maxLength={60} {...form.register('name')} />
      </Field>
      {rename.isError && !problem && <ErrorNote error={rename.error} />}
      <DialogFooter>
        <DialogClose asChild>
          <Button variant="outline" disabled={rename.isPending}>
            Cancel
          </Button>
        </DialogClose>
        <BusyButton type="submit" busy={rename.isPending} busyLabel="Renaming…">
          Rename
        </BusyButton>
      </DialogFooter>
    </form>
  );
}

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
        Programs that use <span className="font-mono text-xs">{key.hint}</span> are refused within a few seconds. This cannot be undone; a new key can take its place.
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
