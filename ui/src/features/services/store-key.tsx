import { useState } from 'react';
import type { ApiKeyCreated, ServiceOut } from '@/api/gen/types.gen';
import { Banner } from '@/components/ui/banner';
import { Button } from '@/components/ui/button';
import { DialogContent, DialogFooter } from '@/components/ui/dialog';
import { ShowKey } from './show-key';

/** A key that is seen once: the dialog stays until its owner says that it is stored. */
export function StoreKey({
  created,
  service,
  onDone,
}: {
  created: ApiKeyCreated;
  service: ServiceOut | undefined;
  onDone: () => void;
}) {
  const [stored, setStored] = useState(false);
  return (
    <DialogContent
      wide
      dismissable={false}
      title="Store this key now"
      description="It is shown here only. Nobody can show it again, not even Suiftly: keep it where your programs read their secrets."
    >
      {created.warning && (
        <Banner tone="warning" title="Not from here.">
          {created.warning}
        </Banner>
      )}
      <ShowKey created={created} service={service} onCopied={() => setStored(true)} />
      <label className="flex items-start gap-2.5 text-[13px]">
        <input
          type="checkbox"
          className="focus-ring mt-0.5 size-4 accent-primary"
          checked={stored}
          onChange={(e) => setStored(e.target.checked)}
        />
        I have stored the key
      </label>
      <DialogFooter>
        <Button disabled={!stored} onClick={onDone}>
          Done
        </Button>
      </DialogFooter>
    </DialogContent>
  );
}
