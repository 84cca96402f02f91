import { useBlocker } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { Controller } from 'react-hook-form';
import type { ServiceOut } from '@/api/gen/types.gen';
import { Banner } from '@/components/ui/banner';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { useCustomer } from '@/features/auth/session';
import { ConflictBanner } from './conflict-banner';
import { OptionField } from './option-field';
import { PricePanel } from './price-panel';
import { ReplayCard } from './replay-card';
import { TierField } from './tier-field';
import { useConfigForm } from './use-config-form';

// Layers come with the first of them that is opened: the form is there sooner.
const SaveDialog = lazy(() => import('./save-dialog').then((m) => ({ default: m.SaveDialog })));
const ConfirmDialog = lazy(() => import('@/components/ui/confirm-dialog').then((m) => ({ default: m.ConfirmDialog })));

/** The configuration of a service, drawn from the catalog, with its price beside it while it is changed. */
export function ConfigForm({ service }: { service: ServiceOut }) {
  const { type } = service;
  const f = useConfigForm(service);
  const suspended = useCustomer()?.status === 'suspended';
  const [saving, setSaving] = useState<'never' | 'open' | 'closed'>('never');
  const leave = useBlocker({
    shouldBlockFn: () => f.edited && !f.save.isPending,
    enableBeforeUnload: () => f.edited,
    withResolver: true,
  });
  const firstProblem = () =>
    document.querySelector<HTMLElement>('[data-slot=config-form] [aria-invalid=true]')?.focus();

  return (
    <form
      data-slot="config-form"
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        if (!f.valid) firstProblem();
        else if (f.dirty && !f.conflict) {
          f.save.reset();
          setSaving('open');
        }
      }}
      className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_320px]"
    >
      <div className="min-w-0 space-y-4">
        {suspended && (
          <Banner tone="warning" title="Settings cannot be changed.">
            The account is suspended.
          </Banner>
        )}
        {f.conflict && (
          <ConflictBanner type={type} conflict={f.conflict} draft={f.draft} onKeep={f.keepMine} onTake={f.takeTheirs} />
        )}
        <Card>
          <CardHeader>
            <CardTitle>Configuration</CardTitle>
            <CardDescription>
              {f.base.version === 0
                ? 'Nothing is saved yet. These are the defaults.'
                : `Version ${f.base.version} is in force.`}
            </CardDescription>
          </CardHeader>
          <CardContent>
            <fieldset disabled={suspended} className="space-y-7">
              <legend className="sr-only">Configuration of {type.label}</legend>
              <Controller
                control={f.form.control}
                name="tier"
                render={({ field }) => (
                  <TierField
                    tiers={type.tiers}
                    value={field.value}
                    onChange={field.onChange}
                    problem={f.problem('tier')}
                    disabled={suspended}
                  />
                )}
              />
              {type.options.map((option) => (
                <Controller
                  key={option.name}
                  control={f.form.control}
                  name={`options.${option.name}`}
                  render={({ field }) => (
                    <OptionField
                      type={type}
                      option={option}
                      tier={f.draft.tier}
                      value={field.value ?? null}
                      onChange={field.onChange}
                      problem={f.problem(option.name)}
                      disabled={suspended}
                    />
                  )}
                />
              ))}
            </fieldset>
          </CardContent>
        </Card>
        <ReplayCard type={type} settings={f.settled} valid={f.valid} />
      </div>
      <PricePanel type={type} f={f} disabled={suspended} />
      <Suspense fallback={null}>
        {saving !== 'never' && (
          <SaveDialog
            open={saving === 'open'}
            onOpenChange={(open) => setSaving(open ? 'open' : 'closed')}
            service={service}
            f={f}
          />
        )}
        {leave.status === 'blocked' && (
          <ConfirmDialog
            open
            onOpenChange={(open) => !open && leave.reset()}
            title="Leave without saving?"
            action="Leave"
            busyLabel="Leaving…"
            destructive
            busy={false}
            onConfirm={() => leave.proceed()}
          >
            <p>Your changes to {type.label} are not saved.</p>
          </ConfirmDialog>
        )}
      </Suspense>
    </form>
  );
}
