import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { KeyRound, Plus } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import type { ApiKeyOut, ServiceOut } from '@/api/gen/types.gen';
import { Button } from '@/components/ui/button';
import { Card, CardAction, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { Loaded } from '@/components/ui/panel';
import { SkeletonLines } from '@/components/ui/skeleton';
import { useCustomer } from '@/features/auth/session';
import { plural } from '@/lib/format';
import { KeysTable } from './keys-table';
import { apiKeysQuery } from './queries';

// With them come the form library and the dialogs: fetched with the first of them that is opened.
const CreateKeyDialog = lazy(() => import('./create-key-dialog').then((m) => ({ default: m.CreateKeyDialog })));
const RenameKeyDialog = lazy(() => import('./rename-key-dialog').then((m) => ({ default: m.RenameKeyDialog })));
const RotateKeyDialog = lazy(() => import('./rotate-key-dialog').then((m) => ({ default: m.RotateKeyDialog })));
const RevokeKeyDialog = lazy(() => import('./revoke-key-dialog').then((m) => ({ default: m.RevokeKeyDialog })));

type Asking = { what: 'create' } | { what: 'rename' | 'rotate' | 'revoke'; key: ApiKeyOut } | null;

/** The API keys of all services or of one, and what can be done with them. */
export function ApiKeysCard({
  services,
  only,
  create = false,
  onCreateSeen,
}: {
  services: readonly ServiceOut[];
  only?: string;
  create?: boolean;
  onCreateSeen?: () => void;
}) {
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
  const creating = asking?.what === 'create' || (create && !unconfigured && !suspended);
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    if (creating || asking) setOpened(true);
  }, [creating, asking]);
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
    <Button
      size="sm"
      disabled={suspended}
      title={suspended ? 'The account is suspended' : undefined}
      onClick={() => setAsking({ what: 'create' })}
    >
      <Plus aria-hidden /> Create API key
    </Button>
  );
  return (
    <Card className="overflow-hidden">
      <CardHeader>
        <CardTitle>{only ? 'API keys of this service' : 'All API keys'}</CardTitle>
        <CardDescription>
          {may > 0 ? `${exist} of ${plural(may, 'key')} in use` : 'None can exist before a service is set up'}
        </CardDescription>
        <CardAction>{createButton}</CardAction>
      </CardHeader>
      <Loaded
        query={keys}
        what="API keys could not be loaded"
        skeleton={<SkeletonLines lines={3} className="px-5 pb-5" />}
      >
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
      {opened && (
        <Suspense fallback={null}>
          <CreateKeyDialog open={creating} onClose={close} services={services} {...(only && { only })} />
          <RenameKeyDialog apiKey={asking?.what === 'rename' ? asking.key : null} onClose={close} />
          <RotateKeyDialog apiKey={asking?.what === 'rotate' ? asking.key : null} services={services} onClose={close} />
          <RevokeKeyDialog apiKey={asking?.what === 'revoke' ? asking.key : null} onClose={close} />
        </Suspense>
      )}
    </Card>
  );
}

export const ApiKeysSkeleton = () => (
  <Card aria-hidden className="p-5">
    <SkeletonLines lines={5} />
  </Card>
);
