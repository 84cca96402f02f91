import type { ApiKeyCreated, ServiceOut } from '@/api/gen/types.gen';
import { CopyButton } from '@/components/ui/copy';
import { useMeta } from '@/features/auth/meta';
import { curlExample } from './curl';

/** A new key in full, with the request that tries it out. */
export function ShowKey({
  created,
  service,
  onCopied,
}: {
  created: ApiKeyCreated;
  service: ServiceOut | undefined;
  onCopied: () => void;
}) {
  const meta = useMeta();
  const curl = curlExample(meta?.api_url, created.api_key.service, created.key);
  return (
    <>
      <div className="grid gap-1.5">
        <p className="text-sm font-medium">
          {created.api_key.name}{' '}
          {service && <span className="font-normal text-muted-foreground">for {service.type.label}</span>}
        </p>
        <div className="flex items-start gap-2">
          <code
            data-testid="new-key"
            className="min-w-0 flex-1 rounded-md border bg-muted px-3 py-2 font-mono text-xs leading-5 break-all select-all"
          >
            {created.key}
          </code>
          <CopyButton value={created.key} onCopied={onCopied} className="h-9">
            Copy key
          </CopyButton>
        </div>
      </div>
      <div className="grid gap-1.5">
        <div className="flex items-center justify-between gap-2">
          <p className="text-sm font-medium">Try it</p>
          <CopyButton value={curl} variant="ghost">
            Copy command
          </CopyButton>
        </div>
        <pre className="overflow-x-auto rounded-md border bg-muted px-3 py-2 font-mono text-xs leading-5 whitespace-pre-wrap break-all">
          {curl}
        </pre>
        {service && service.configuration.state !== 'enabled' && (
          <p className="text-[13px] text-warning">
            {service.type.label} is {service.configuration.state === 'off' ? 'off' : 'suspended'}: the key works once
            the service serves.
          </p>
        )}
      </div>
    </>
  );
}
