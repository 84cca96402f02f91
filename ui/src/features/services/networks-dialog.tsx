import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ApiError } from '@/api';
import { servicesSetApiKeyNetworksMutation } from '@/api/gen/@tanstack/react-query.gen';
import type { ApiKeyOut } from '@/api/gen/types.gen';
import { Banner } from '@/components/ui/banner';
import { BusyButton, Button } from '@/components/ui/button';
import { Dialog, DialogContent, DialogFooter } from '@/components/ui/dialog';
import { ErrorNote } from '@/components/ui/error-state';
import { described, Field } from '@/components/ui/field';
import { plural } from '@/lib/format';
import { notify } from '@/lib/notify';
import { useLast } from '@/lib/use-last';
import { apiKeysChanged } from './queries';

/** One network a line; blank lines mean nothing. */
const lines = (text: string) =>
  text
    .split(/[\n,]/)
    .map((l) => l.trim())
    .filter(Boolean);

/** From where a key may be used. A list that shuts its owner out is kept, and said so. */
export function NetworksDialog({
  apiKey,
  address,
  onClose,
}: {
  apiKey: ApiKeyOut | null;
  address: string;
  onClose: () => void;
}) {
  const key = useLast(apiKey);
  return (
    <Dialog open={apiKey !== null} onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title={key ? `From where may ${key.name} be used?` : ''}
        description="IPv4 and IPv6 addresses or CIDR networks. Other addresses are refused within a few seconds."
      >
        {key && <NetworksForm key={key.key_id} apiKey={key} address={address} onClose={onClose} />}
      </DialogContent>
    </Dialog>
  );
}

function NetworksForm({ apiKey, address, onClose }: { apiKey: ApiKeyOut; address: string; onClose: () => void }) {
  const [text, setText] = useState(apiKey.networks.join('\n'));
  const list = lines(text);
  const save = useMutation({
    ...servicesSetApiKeyNetworksMutation(),
    onSuccess: async (saved) => {
      setText(saved.api_key.networks.join('\n'));
      await apiKeysChanged();
      if (saved.warning) return; // stays open: the list shuts its owner out
      onClose();
      notify.done(
        saved.api_key.networks.length === 0
          ? `${apiKey.name} works from anywhere`
          : `${apiKey.name} works from ${plural(saved.api_key.networks.length, 'network')}`,
      );
    },
  });
  const { reset } = save;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text is another try
  useEffect(() => {
    if (save.isError) reset();
  }, [text]);
  const error = save.error as unknown;
  const problem =
    error instanceof ApiError && error.fields.length > 0
      ? error.fields
          .map((f) => `${list[Number(/\[(\d+)\]/.exec(f.name)?.[1] ?? -1)] ?? 'The list'}: ${f.message}`)
          .join(' ')
      : undefined;
  const warning = save.data?.warning;
  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate({ path: { key_id: apiKey.key_id }, body: { networks: list } });
      }}
    >
      {warning && (
        <Banner tone="warning" title="Saved, but not from here.">
          {warning}
        </Banner>
      )}
      <Field
        id="networks"
        label="Allowed networks, one a line"
        help={`Empty: it works from anywhere. You are at ${address} now.`}
        error={problem}
      >
        <textarea
          {...described('networks', { help: true, error: !!problem })}
          rows={6}
          spellCheck={false}
          autoComplete="off"
          className="rounded-md border border-input bg-card px-3 py-2 font-mono text-base outline-none focus-visible:border-ring focus-visible:outline-2 focus-visible:-outline-offset-1 focus-visible:outline-ring aria-invalid:border-destructive sm:text-sm"
          placeholder={'203.0.113.0/24\n2001:db8::/32'}
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
      </Field>
      <div>
        <Button
          variant="outline"
          size="sm"
          disabled={list.includes(address)}
          onClick={() => setText([...list, address].join('\n'))}
        >
          Add my address
        </Button>
      </div>
      {save.isError && !problem && <ErrorNote error={save.error} />}
      <DialogFooter>
        <Button variant="outline" disabled={save.isPending} onClick={onClose}>
          {warning ? 'Close' : 'Cancel'}
        </Button>
        <BusyButton type="submit" busy={save.isPending} busyLabel="Saving…">
          Save
        </BusyButton>
      </DialogFooter>
    </form>
  );
}
