import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { ApiError } from '@/api';
import { servicesCreateApiKey } from '@/api/gen/sdk.gen';
import type { CreateKeyInBody, ServiceOut } from '@/api/gen/types.gen';
import { zServicesCreateApiKeyBody } from '@/api/gen/zod.gen';
import { BusyButton, Button } from '@/components/ui/button';
import { Dialog, DialogClose, DialogContent, DialogFooter } from '@/components/ui/dialog';
import { ErrorNote } from '@/components/ui/error-state';
import { described, Field, Input, NativeSelect } from '@/components/ui/field';
import { plural } from '@/lib/format';
import { zodResolver } from '@/lib/forms';
import { newId } from '@/lib/id';
import { apiKeysChanged } from './queries';
import { StoreKey } from './store-key';

/** Creates an API key and shows it, once. */
export function CreateKeyDialog({
  open,
  onClose,
  services,
  only,
}: {
  open: boolean;
  onClose: () => void;
  services: readonly ServiceOut[];
  only?: string;
}) {
  const create = useMutation({
    mutationFn: async ({ body, key }: { body: CreateKeyInBody; key: string }) =>
      (await servicesCreateApiKey({ body, headers: { 'Idempotency-Key': key }, throwOnError: true })).data,
    onSuccess: () => void apiKeysChanged(),
    gcTime: 0, // the key must not stay in the cache
  });
  const created = create.data;
  const service = services.find((s) => s.type.name === created?.api_key.service);
  const close = () => {
    onClose();
    create.reset();
  };
  return (
    <Dialog open={open} onOpenChange={(next) => !next && !create.isPending && close()}>
      {created ? (
        <StoreKey created={created} service={service} onDone={close} />
      ) : (
        <DialogContent
          title="Create an API key"
          description="Each key works for one service and can be revoked by itself."
        >
          <CreateForm
            services={services}
            only={only}
            error={create.error}
            busy={create.isPending}
            onCreate={(body, key) => create.mutate({ body, key })}
          />
        </DialogContent>
      )}
    </Dialog>
  );
}

const room = ({ configuration: c }: ServiceOut) =>
  c.version === 0
    ? 'not set up'
    : c.api_keys >= c.api_keys_max
      ? `${plural(c.api_keys_max, 'key')} of ${c.api_keys_max} in use`
      : null;

function CreateForm({
  services,
  only,
  error,
  busy,
  onCreate,
}: {
  services: readonly ServiceOut[];
  only: string | undefined;
  error: Error | null;
  busy: boolean;
  onCreate: (body: CreateKeyInBody, key: string) => void;
}) {
  const first = only ?? (services.find((s) => !room(s)) ?? services[0])?.type.name ?? '';
  const form = useForm<CreateKeyInBody>({
    resolver: zodResolver(zServicesCreateApiKeyBody),
    defaultValues: { service: first, name: '' },
    mode: 'onTouched',
  });
  const chosen = useWatch({ control: form.control, name: 'service' });
  const { errors } = form.formState;
  const target = services.find((s) => s.type.name === chosen);
  const full = target && target.configuration.version > 0 && room(target) !== null;
  // Made when the form opens: however often it is sent, one key comes of it. Another input is another intent.
  const intent = useRef({ of: '', key: newId() });
  const send = (body: CreateKeyInBody) => {
    const of = JSON.stringify(body);
    if (intent.current.of !== of) intent.current = { of, key: newId() };
    onCreate(body, intent.current.key);
  };
  useEffect(() => {
    if (!(error instanceof ApiError)) return;
    const name = error.field('name');
    if (name) form.setError('name', { message: name }, { shouldFocus: true });
  }, [error, form]);
  const nameProblem =
    errors.name &&
    (errors.name.type === 'too_small' ? 'Give the key a name, so that you know it again.' : errors.name.message);
  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(e) => {
        form
          .handleSubmit((body) => send({ ...body, name: body.name.trim() }))(e)
          .catch(() => {});
      }}
    >
      {!only && (
        <Field id="key-service" label="Service">
          <NativeSelect id="key-service" {...form.register('service')}>
            {services.map((s) => (
              <option key={s.type.name} value={s.type.name} disabled={s.configuration.version === 0}>
                {s.type.label}
                {room(s) ? ` (${room(s)})` : ''}
              </option>
            ))}
          </NativeSelect>
        </Field>
      )}
      <Field
        id="key-name"
        label="Name"
        help="Yours to choose, for example the program that uses it."
        error={nameProblem}
      >
        <Input
          {...described('key-name', { help: true, error: !!nameProblem })}
          autoComplete="off"
          maxLength={60}
          placeholder="Backend, production"
          {...form.register('name')}
        />
      </Field>
      {full && (
        <p className="text-[13px] text-warning">
          All {plural(target.configuration.api_keys_max, 'key')} of this configuration exist already. Revoke one, or{' '}
          <Link
            to="/services/$service"
            params={{ service: chosen }}
            search={{ tab: 'config' }}
            className="focus-ring rounded-sm font-medium underline underline-offset-2"
          >
            allow more
          </Link>
          .
        </p>
      )}
      {error && !errors.name && <ErrorNote error={error} />}
      <DialogFooter>
        <DialogClose asChild>
          <Button variant="outline" disabled={busy}>
            Cancel
          </Button>
        </DialogClose>
        <BusyButton
          type="submit"
          busy={busy}
          busyLabel="Creating…"
          disabled={full || target?.configuration.version === 0}
        >
          Create key
        </BusyButton>
      </DialogFooter>
    </form>
  );
}
