import type { ApiKeyOut, ServiceOut } from '@/api/gen/types.gen';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Head, Row, RowHeader, Table, Td, Th } from '@/components/ui/table';
import { Timestamp } from '@/components/ui/timestamp';
import { plural } from '@/lib/format';
import { ServiceName } from './service-name';
import { STATES } from './state';

const ENDS: Record<ApiKeyOut['state'], string> = {
  active: 'Ends',
  replaced: 'Rotated: works until',
  expired: 'Ended',
};

/** API keys as rows, with what can be done to each. */
export function KeysTable({
  keys,
  services,
  withService,
  disabled,
  onAsk,
}: {
  keys: readonly ApiKeyOut[];
  services: readonly ServiceOut[];
  withService: boolean;
  disabled: boolean;
  onAsk: (asking: { what: 'rename' | 'rotate' | 'revoke'; key: ApiKeyOut }) => void;
}) {
  return (
    <Table label="API keys" className="border-t">
      <Head>
        <tr>
          <Th className="w-full">Name</Th>
          {withService && <Th>Service</Th>}
          <Th>Key</Th>
          <Th>Created</Th>
          <Th>
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </Head>
      <tbody>
        {keys.map((k) => {
          const state = services.find((s) => s.type.name === k.service)?.configuration.state;
          return (
            <Row key={k.key_id}>
              <RowHeader className="max-w-0 min-w-36 font-medium" title={k.name}>
                <span className="block truncate">{k.name}</span>
                {k.expires_at && (
                  <span className="block text-xs font-normal text-muted-foreground">
                    {ENDS[k.state]} <Timestamp at={k.expires_at} />
                  </span>
                )}
                {k.networks.length > 0 && (
                  <span className="block text-xs font-normal text-muted-foreground" title={k.networks.join('\n')}>
                    From {plural(k.networks.length, 'network')} only
                  </span>
                )}
              </RowHeader>
              {withService && (
                <Td>
                  <span className="inline-flex items-center gap-2">
                    <ServiceName name={k.service} />
                    {state && state !== 'enabled' && <Badge tone={STATES[state].tone}>{STATES[state].label}</Badge>}
                  </span>
                </Td>
              )}
              <Td className="font-mono text-xs text-muted-foreground">{k.hint}</Td>
              <Td className="text-muted-foreground">
                <Timestamp at={k.created_at} />
              </Td>
              <Td right>
                <span className="inline-flex gap-1">
                  <Button
                    variant="ghost"
                    size="sm"
                    disabled={disabled}
                    onClick={() => onAsk({ what: 'rename', key: k })}
                  >
                    Rename<span className="sr-only"> {k.name}</span>
                  </Button>
                  {k.state === 'active' && (
                    <Button
                      variant="ghost"
                      size="sm"
                      disabled={disabled}
                      onClick={() => onAsk({ what: 'rotate', key: k })}
                    >
                      Rotate<span className="sr-only"> {k.name}</span>
                    </Button>
                  )}
                  <Button
                    variant="ghost"
                    size="sm"
                    disabled={disabled}
                    className="text-destructive"
                    onClick={() => onAsk({ what: 'revoke', key: k })}
                  >
                    Revoke<span className="sr-only"> {k.name}</span>
                  </Button>
                </span>
              </Td>
            </Row>
          );
        })}
      </tbody>
    </Table>
  );
}
