import type { ServiceOut } from '@/api/gen/types.gen';
import { Card, CardAction, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { CopyButton } from '@/components/ui/copy';
import { useMeta } from '@/features/auth/meta';
import { curlExample } from './curl';

/** How a program calls a service, ready for a shell. */
export function CallCard({ service: { type } }: { service: ServiceOut }) {
  const meta = useMeta();
  if (!meta) return null;
  const command = curlExample(meta.api_url, type.name);
  return (
    <Card>
      <CardHeader>
        <CardTitle>Call {type.label}</CardTitle>
        <CardDescription>
          Put your key in the variable SUIFTLY_KEY{meta.api_url ? '' : ', and the address of the API in SUIFTLY_API'}.
        </CardDescription>
        <CardAction>
          <CopyButton value={command}>Copy command</CopyButton>
        </CardAction>
      </CardHeader>
      <CardContent>
        <pre className="overflow-x-auto rounded-md border bg-muted px-3 py-2 font-mono text-xs leading-5 break-all whitespace-pre-wrap">
          {command}
        </pre>
      </CardContent>
    </Card>
  );
}
