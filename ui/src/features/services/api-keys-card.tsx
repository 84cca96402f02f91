import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import type { ApiKeyOut, ServiceOut } from '@/api/gen/types.gen';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card, CardAction, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { Loaded } from '@/components/ui/panel';
import { SkeletonLines } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { useCustomer } from '@/features/auth/session';
import { cn } from '@/lib/cn';
import { plural } from '@/lib/format';
import { CreateKeyDialog } from './create-key-dialog';
import { RenameKeyDialog, RevokeKeyDialog } from './key-dialogs';
import { lookOf } from './look';
import { apiKeysQuery } from './queries';
import { STATES } from './state';

type Asking = { what: 'create' } | { what: 'rename' | 'revoke'; key: ApiKeyOut } | null;

/** The API keys of all services or of one, and what can be done with them. */
export function ApiKeysCard({ services, only, create = false, onCreateSeen }: { services: readonly ServiceOut[]; only?: string; create?: boolean; onCreateSeen?: () => void }) {
  const keys = useQuery(apiKeysQuery);
  const suspended = useCustomer()?.status === 'suspended';
  const [asking, setAsking] = useState<Asking>(null);
  const mine = only ? services.filter((s) => s.type.name === only) : services;
  const exist = mine.reduce((n, s) => n + s.configuration.api_keys, 0);
  const may = mine.reduce((n, s) => n + (s.configuration.version > 0 ? s.configuration.api_keys_max : 0), 0);
  const unconfigured = mine.every((s) => s.configuration.version === 0);
  const close = () => {
    setAsking(null);
    if (create) onCreateSeen?.();
  };
  const createButton = unconfigured ? (
    <Button asChild size="sm">
      {only ? (
        <Link to="/services/$service" params={{ service: only }} search={{ tab: 'config' }}>
          Set the service up first
        </Link>
      ) : (
        <Link to="/services">Set a service up first</Link>
      )}
    </Button>
  ) : (
    <Button size="sm" disabled={suspended} title={suspended ? 'The account is suspended' : undefined} onClick={() => setAsking({ what: 'create' })}>
      <Plus aria-hidden /> Create API key
    </Button>
  );
  return (
    <Card className="overflow-hidden">
      <CardHeader>
        <CardTitle>{only ? 'API keys of this service' : 'All API keys'}</CardTitle>
        <CardDescription>{may > 0 ? `${exist} of ${plural(may, 'key')} in use` : 'None can exist before a service is set up'}</CardDescription>
        <CardAction>{createButton}</CardAction>
      </CardHeader>
      <Loaded query={keys} what="API keys could not be loaded" skeleton={<SkeletonLines lines={3} className="px-5 pb-5" />}>
        {(all) => {
          const list = only ? all.filter((k) => k.service === only) : all;
          return list.length === 0 ? (
            <Empty icon={KeyRound} title="No API key yet" className="border-t">
              A key lets your programs call {only ? 'this service' : 'a service'}. It is shown once, when it is created.
            </Empty>
          ) : (
            <KeysTable keys={list} services={services} withService={!only} disabled={suspended} onAsk={setAsking} />
          );
        }}
      </Loaded>
      <CreateKeyDialog open={asking?.what === 'create' || (create && !unconfigured && !suspended)} onClose={close} services={services} {...(only && { only })} />
      <RenameKeyDialog apiKey={asking?.what === 'rename' ? asking.key : null} onClose={close} />
      <RevokeKeyDialog apiKey={asking?.what === 'revoke' ? asking.key : null} onClose={close} />
    </Card>
  );
}

const cell = 'px-3 py-2 whitespace-nowrap first:pl-5 last:pr-5';

function KeysTable({ keys, services, withService, disabled, onAsk }: { keys: readonly ApiKeyOut[]; services: readonly ServiceOut[]; withService: boolean; disabled: boolean; onAsk: (a: Asking) => void }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do
    <div className="focus-ring-inset overflow-x-auto border-t" tabIndex={0} role="region" aria-label="API keys">
      <table className="w-full text-[13px]">
        <thead className="border-b text-left text-muted-foreground">
          <tr>
            <th scope="col" className={cn(cell, 'w-full font-medium')}>
              Name
            </th>
            {withService && (
              <th scope="col" className={cn(cell, 'font-medium')}>
                Service
              </th>
            )}
            <th scope="col" className={cn(cell, 'font-medium')}>
              Key
            </th>
            <th scope="col" className={cn(cell, 'font-medium')}>
              Created
            </th>
            <th scope="col" className={cell}>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((k) => {
            const service = services.find((s) => s.type.name === k.service);
            return (
              <tr key={k.key_id} className="border-b last:border-0 hover:bg-muted/60">
                <th scope="row" className={cn(cell, 'max-w-0 min-w-36 truncate text-left font-medium')} title={k.name}>
                  {k.name}
                </th>
                {withService && (
                  <td className={cell}>
                    <span className="inline-flex items-center gap-1.5">
                      <span aria-hidden className="size-2 rounded-full" style={{ backgroundColor: lookOf(k.service).color }} />
                      {service?.type.label ?? k.service}
                      {service && service.configuration.state !== 'enabled' && <Badge tone={STATES[service.configuration.state].tone}>{STATES[service.configuration.state].label}</Badge>}
                    </span>
                  </td>
                )}
                <td className={cn(cell, 'font-mono text-xs text-muted-foreground')}>{k.hint}</td>
                <td className={cn(cell, 'text-muted-foreground')}>
                  <Timestamp at={k.created_at} />
                </td>
                <td className={cn(cell, 'text-right')}>
                  <span className="inline-flex gap-1">
                    <Button variant="ghost" size="sm" disabled={disabled} onClick={() => onAsk({ what: 'rename', key: k })}>
                      Rename<span className="sr-only"> {k.name}</span>
                    </Button>
                    <Button variant="ghost" size="sm" disabled={disabled} className="text-destructive" onClick={() => onAsk({ what: 'revoke', key: k })}>
                      Revoke<span className="sr-only"> {k.name}</span>
                    </Button>
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export const ApiKeysSkeleton = () => (
  <Card aria-hidden className="p-5">
    <SkeletonLines lines={5} />
  </Card>
);
