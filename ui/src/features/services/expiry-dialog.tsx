import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { servicesSetApiKeyExpiryMutation } from '@/api/gen/@tanstack/react-query.gen';
import type { ApiKeyOut } from '@/api/gen/types.gen';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Field, NativeSelect } from '@/components/ui/field';
import { Timestamp } from '@/components/ui/timestamp';
import { notify } from '@/lib/notify';
import { DAY, iso } from '@/lib/time';
import { useLast } from '@/lib/use-last';
import { apiKeysChanged } from './queries';

const LIVES = [
  { days: 0, label: 'Never' },
  { days: 7, label: 'In 7 days' },
  { days: 30, label: 'In 30 days' },
  { days: 90, label: 'In 90 days' },
  { days: 365, label: 'In a year' },
];

/** When a key ends by itself. */
export function ExpiryDialog({ apiKey, onClose }: { apiKey: ApiKeyOut | null; onClose: () => void }) {
  const key = useLast(apiKey);
  const [days, setDays] = useState(90);
  const set = useMutation({
    ...servicesSetApiKeyExpiryMutation(),
    onSuccess: async () => {
      await apiKeysChanged();
      onClose();
      notify.done(
        days > 0 ? `${key?.name ?? 'The key'} ends in ${days} days` : `${key?.name ?? 'The key'} does not end`,
      );
    },
  });
  const { reset } = set;
  useEffect(() => {
    if (apiKey) reset();
  }, [apiKey, reset]);
  if (!key) return null;
  return (
    <ConfirmDialog
      open={apiKey !== null}
      onOpenChange={(open) => !open && onClose()}
      title={`When does ${key.name} end?`}
      action="Save"
      busyLabel="Saving…"
      busy={set.isPending}
      error={set.error}
      onConfirm={() =>
        set.mutate({
          path: { key_id: key.key_id },
          body: days > 0 ? { expires_at: iso(Math.floor(Date.now() / 1000) * 1000 + days * DAY) } : {},
        })
      }
    >
      <p>
        {key.expires_at ? (
          <>
            Now it ends on <Timestamp at={key.expires_at} />.
          </>
        ) : (
          'Now it does not end by itself.'
        )}{' '}
        From its end on, requests with it are refused.
      </p>
      <Field id="expiry" label="Ends" className="text-foreground">
        <NativeSelect id="expiry" value={days} onChange={(e) => setDays(Number(e.target.value))}>
          {LIVES.map((l) => (
            <option key={l.days} value={l.days}>
              {l.label}
            </option>
          ))}
        </NativeSelect>
      </Field>
    </ConfirmDialog>
  );
}
