import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { ApiKeyOut, ServiceOut } from '@/api/gen/types.gen';
import { Button } from '@/components/ui/button';
import { Card, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { Loaded } from '@/components/ui/panel';
import { SkeletonLines } from '@/components/ui/skeleton';
import { Timestamp } from '@/components/ui/timestamp';
import { useCustomer } from '@/features/auth/session';
import { accessQuery } from './queries';

const NetworksDialog = lazy(() => import('./networks-dialog').then((m) => ({ default: m.NetworksDialog })));
const ExpiryDialog = lazy(() => import('./expiry-dialog').then((m) => ({ default: m.ExpiryDialog })));

type Asking = { what: 'networks' | 'expiry'; key: ApiKeyOut } | null;

/** From where and until when each key of a service may be used. */
export function AccessTab({ service: { type } }: { service: ServiceOut }) {
  const access = useQuery(accessQuery);
  const suspended = useCustomer()?.status === 'suspended';
  const [asking, setAsking] = useState<Asking>(null);
  const [opened, setOpened] = useState(false);
  const ask = (next: Asking) => {
    setOpened(true);
    setAsking(next);
  };
  return (
    <Card>
      <CardHeader>
        <CardTitle>Access</CardTitle>
        <CardDescription>From where and until when each API key of {type.label} may be used</CardDescription>
      </CardHeader>
      <Loaded
        query={access}
        what="API keys could not be loaded"
        skeleton={<SkeletonLines lines={4} className="px-5 pb-5" />}
      >
        {(data) => {
          const keys = data.api_keys.filter((k) => k.service === type.name);
          return (
            <>
              {keys.length === 0 ? (
                <Empty icon={KeyRound} title="No API key yet" className="border-t">
                  Each key can be bound to networks and made to end by itself. Create one under API keys.
                </Empty>
              ) : (
                <ul className="divide-y border-t">
                  {keys.map((k) => (
                    <li key={k.key_id} className="flex flex-wrap items-start gap-x-6 gap-y-2 px-5 py-3.5">
                      <div className="min-w-40 flex-1">
                        <p className="font-medium break-words">{k.name}</p>
                        <p className="font-mono text-xs text-muted-foreground">{k.hint}</p>
                      </div>
                      <div className="min-w-40 flex-1 text-[13px]">
                        {k.networks.length === 0 ? (
                          <p className="text-muted-foreground">From anywhere</p>
                        ) : (
                          <ul aria-label={`Networks of ${k.name}`} className="font-mono text-xs leading-5 break-all">
                            {k.networks.map((n) => (
                              <li key={n}>{n}</li>
                            ))}
                          </ul>
                        )}
                        <p className="text-muted-foreground">
                          {k.expires_at ? (
                            <>
                              {k.state === 'expired' ? 'Ended' : 'Ends'} <Timestamp at={k.expires_at} />
                            </>
                          ) : (
                            'Does not end by itself'
                          )}
                        </p>
                      </div>
                      <div className="flex flex-wrap gap-1">
                        <Button
                          variant="outline"
                          size="sm"
                          disabled={suspended || k.state === 'expired'}
                          onClick={() => ask({ what: 'networks', key: k })}
                        >
                          Networks<span className="sr-only"> of {k.name}</span>
                        </Button>
                        <Button
                          variant="outline"
                          size="sm"
                          disabled={suspended || k.state !== 'active'}
                          title={
                            k.state === 'replaced'
                              ? 'It was rotated: it ends with its overlap'
                              : k.state === 'expired'
                                ? 'It has ended'
                                : undefined
                          }
                          onClick={() => ask({ what: 'expiry', key: k })}
                        >
                          Expiry<span className="sr-only"> of {k.name}</span>
                        </Button>
                      </div>
                    </li>
                  ))}
                </ul>
              )}
              {opened && (
                <Suspense fallback={null}>
                  <NetworksDialog
                    apiKey={asking?.what === 'networks' ? asking.key : null}
                    address={data.your_address}
                    onClose={() => setAsking(null)}
                  />
                  <ExpiryDialog
                    apiKey={asking?.what === 'expiry' ? asking.key : null}
                    onClose={() => setAsking(null)}
                  />
                </Suspense>
              )}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
