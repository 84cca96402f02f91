import { useMutation } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { ApiError } from '@/api';
import { servicesRenameApiKeyMutation } from '@/api/gen/@tanstack/react-query.gen';
import type { ApiKeyOut, RenameKeyInBody } from '@/api/gen/types.gen';
import { zServicesRenameApiKeyBody } from '@/api/gen/zod.gen';
import { BusyButton, Button } from '@/components/ui/button';
import { Dialog, DialogClose, DialogContent, DialogFooter } from '@/components/ui/dialog';
import { ErrorNote } from '@/components/ui/error-state';
import { described, Field, Input } from '@/components/ui/field';
import { zodResolver } from '@/lib/forms';
import { notify } from '@/lib/notify';
import { useLast } from '@/lib/use-last';
import { apiKeysChanged } from './queries';

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
  const form = useForm<RenameKeyInBody>({
    resolver: zodResolver(zServicesRenameApiKeyBody),
    defaultValues: { name: apiKey.name },
  });
  const rename = useMutation({
    ...servicesRenameApiKeyMutation(),
    onSuccess: async (saved) => {
      await apiKeysChanged();
      onClose();
      notify.done(`Renamed to ${saved.name}`);
    },
  });
  const problem = form.formState.errors.name
    ? 'Give 1 to 60 characters.'
    : (rename.error as unknown) instanceof ApiError
      ? (rename.error as unknown as ApiError).field('name')
      : undefined;
  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(e) => {
        form
          .handleSubmit((body) => rename.mutate({ path: { key_id: apiKey.key_id }, body: { name: body.name.trim() } }))(
            e,
          )
          .catch(() => {});
      }}
    >
      <Field id="rename" label="Name" error={problem}>
        <Input
          {...described('rename', { error: !!problem })}
          autoComplete="off"
          maxLength={60}
          {...form.register('name')}
        />
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
