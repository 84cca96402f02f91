import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { servicesDisableMutation, servicesEnableMutation } from '@/api/gen/@tanstack/react-query.gen';
import type { ServiceOut } from '@/api/gen/types.gen';
import { Button } from '@/components/ui/button';
import { Money } from '@/components/ui/money';
import { useCustomer } from '@/features/auth/session';
import { plural } from '@/lib/format';
import { notify } from '@/lib/notify';
import { apiKeysChanged, putConfiguration } from './queries';
import { unitPrices } from './settings';

const ConfirmDialog = lazy(() => import('@/components/ui/confirm-dialog').then((m) => ({ default: m.ConfirmDialog })));

/** Turns a service on or off, after saying what that does and costs. */
export function PowerButton({ service: { type, configuration } }: { service: ServiceOut }) {
  const [asking, setAsking] = useState<'never' | 'open' | 'closed'>('never');
  const suspended = useCustomer()?.status === 'suspended';
  const on = configuration.enabled;
  const change = useMutation({
    ...(on ? servicesDisableMutation() : servicesEnableMutation()),
    onSuccess: (saved) => {
      putConfiguration(saved);
      void apiKeysChanged();
      setAsking('closed');
      notify.done(
        saved.enabled ? `${type.label} is on` : `${type.label} is off`,
        saved.enabled ? 'Its API keys work within a few seconds.' : 'Requests are refused within a few seconds.',
      );
    },
  });
  if (configuration.version === 0) {
    return (
      <Button asChild>
        <Link to="/services/$service" params={{ service: type.name }} search={{ tab: 'config' }}>
          Set up {type.label}
        </Link>
      </Button>
    );
  }
  return (
    <>
      <Button
        variant={on ? 'outline' : 'primary'}
        disabled={suspended}
        title={suspended ? 'The account is suspended' : undefined}
        onClick={() => {
          change.reset();
          setAsking('open');
        }}
      >
        {on ? 'Turn off' : 'Turn on'}
      </Button>
      {asking !== 'never' && (
        <Suspense fallback={null}>
          <ConfirmDialog
            open={asking === 'open'}
            onOpenChange={(open) => setAsking(open ? 'open' : 'closed')}
            title={on ? `Turn ${type.label} off?` : `Turn ${type.label} on?`}
            action={on ? 'Turn off' : 'Turn on'}
            busyLabel={on ? 'Turning off…' : 'Turning on…'}
            destructive={on}
            busy={change.isPending}
            error={change.error}
            onConfirm={() => change.mutate({ path: { service: type.name } })}
          >
            {on ? (
              <>
                <p>
                  Requests with{' '}
                  {configuration.api_keys === 1
                    ? 'its API key'
                    : `any of its ${plural(configuration.api_keys, 'API key')}`}{' '}
                  are refused within a few seconds, and nothing new is charged.
                </p>
                <p>Settings and API keys are kept.</p>
              </>
            ) : (
              <>
                <p>
                  The plan costs{' '}
                  <Money usd={configuration.price.monthly_usd} exact className="font-medium text-foreground" /> a month,
                  by the second while the service is on. Usage is charged besides: {unitPrices(type).join(', and ')}.
                </p>
                {configuration.api_keys === 0 && <p>It has no API key yet. Create one next to send requests.</p>}
              </>
            )}
          </ConfirmDialog>
        </Suspense>
      )}
    </>
  );
}
