import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { servicesRotateApiKey } from '@/api/gen/sdk.gen';
import type { ApiKeyOut, ServiceOut } from '@/api/gen/types.gen';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Dialog } from '@/components/ui/dialog';
import { Field, NativeSelect } from '@/components/ui/field';
import { newId } from '@/lib/id';
import { useLast } from '@/lib/use-last';
import { apiKeysChanged } from './queries';
import { StoreKey } from './store-key';

const OVERLAPS = [
  { hours: 0, label: 'It ends at once' },
  { hours: 1, label: '1 hour' },
  { hours: 24, label: '24 hours' },
  { hours: 168, label: '7 days' },
  { hours: 720, label: '30 days' },
];

/** A new key takes the place of one, which goes on for as long as programs need to change over. */
export function RotateKeyDialog({
  apiKey,
  services,
  onClose,
}: {
  apiKey: ApiKeyOut | null;
  services: readonly ServiceOut[];
  onClose: () => void;
}) {
  const key = useLast(apiKey);
  const [hours, setHours] = useState(24);
  const intent = useRef({ of: '', key: '' });
  const rotate = useMutation({
    mutationFn: async (k: ApiKeyOut) => {
      const of = `${k.key_id} ${hours}`;
      if (intent.current.of !== of) intent.current = { of, key: newId() };
      return (
        await servicesRotateApiKey({
          path: { key_id: k.key_id },
          body: { overlap_hours: hours },
          headers: { 'Idempotency-Key': intent.current.key },
          throwOnError: true,
        })
      ).data;
    },
    onSuccess: () => void apiKeysChanged(),
    gcTime: 0, // the key must not stay in the cache
  });
  const close = () => {
    onClose();
    rotate.reset();
  };
  if (!key) return null;
  if (rotate.data) {
    return (
      <Dialog open={apiKey !== null}>
        <StoreKey created={rotate.data} service={services.find((s) => s.type.name === key.service)} onDone={close} />
      </Dialog>
    );
  }
  return (
    <ConfirmDialog
      open={apiKey !== null}
      onOpenChange={(open) => !open && close()}
      title={`Rotate ${key.name}?`}
      action="Make the new key"
      busyLabel="Making it…"
      busy={rotate.isPending}
      error={rotate.error}
      onConfirm={() => rotate.mutate(key)}
    >
      <p>
        A new key with the same name and networks takes its place, and costs nothing extra. Choose how long{' '}
        <span className="font-mono text-xs">{key.hint}</span> goes on, so that your programs can change over.
      </p>
      <Field id="overlap" label="The old key works for" className="text-foreground">
        <NativeSelect id="overlap" value={hours} onChange={(e) => setHours(Number(e.target.value))}>
          {OVERLAPS.map((o) => (
            <option key={o.hours} value={o.hours}>
              {o.label}
            </option>
          ))}
        </NativeSelect>
      </Field>
    </ConfirmDialog>
  );
}
