import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import { Controller } from 'react-hook-form';
import type { CustomerProfile } from '@/api/gen/types.gen';
import { Badge } from '@/components/ui/badge';
import { Banner } from '@/components/ui/banner';
import { BusyButton, Button } from '@/components/ui/button';
import { Card, CardContent, CardFooter, CardHeader, CardTitle } from '@/components/ui/card';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { ErrorNote } from '@/components/ui/error-state';
import { described, Field, Input, NativeSelect } from '@/components/ui/field';
import { Segmented } from '@/components/ui/segmented';
import { PERIOD_OPTIONS } from '@/features/billing/periods';
import { RANGE_OPTIONS } from '@/features/logs/ranges';
import type { Theme } from '@/stores/ui';
import { EmailLink } from './email-link';
import { type ProfileFormState, toDraft, useProfileForm } from './use-profile-form';

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: 'system', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

const browserZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Every zone this browser knows, and the saved one even if it does not. */
function zones(saved: string): string[] {
  const known = Intl.supportedValuesOf('timeZone');
  return saved === '' || known.includes(saved) ? known : [saved, ...known];
}

export function ProfileForm({ profile }: { profile: CustomerProfile }) {
  const f = useProfileForm(profile);
  const savedZone = f.base.preferences.time_zone;
  const choices = useMemo(() => zones(savedZone), [savedZone]);
  const leave = useBlocker({
    shouldBlockFn: () => f.edited && !f.save.isPending,
    enableBeforeUnload: () => f.edited,
    withResolver: true,
  });
  const problems = { name: f.problem('name'), email: f.problem('email'), zone: f.problem('preferences.time_zone') };
  const otherProblem = f.save.isError && !f.conflict && !problems.name && !problems.email && !problems.zone;
  const emailSaved = f.base.email !== '' && f.draft.email.trim() === f.base.email;
  return (
    <form
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        if (f.edited && !f.conflict) f.save.mutate();
      }}
    >
      <Card>
        <CardHeader>
          <CardTitle>About you</CardTitle>
        </CardHeader>
        <CardContent className="grid gap-5">
          {f.conflict && <Conflict f={f} conflict={f.conflict} />}
          <Field
            id="profile-name"
            label="Name"
            help="What you want to be called. May be empty."
            error={problems.name && `Not saved: ${problems.name}.`}
          >
            <Input
              {...described('profile-name', { help: true, error: !!problems.name })}
              autoComplete="name"
              maxLength={100}
              className="w-full sm:max-w-sm"
              {...f.form.register('name')}
            />
          </Field>
          <Field
            id="profile-email"
            label={
              <span className="inline-flex flex-wrap items-center gap-2">
                E-mail
                {emailSaved &&
                  (f.base.email_state === 'verified' ? (
                    <Badge tone="success">Verified</Badge>
                  ) : (
                    <Badge tone="warning">Unverified</Badge>
                  ))}
              </span>
            }
            help={
              emailSaved && f.base.email_state === 'verified'
                ? 'May be empty.'
                : f.base.email_links
                  ? 'May be empty. Nothing is sent to it before you have confirmed it by a link.'
                  : 'May be empty. It is kept unverified: this installation sends no e-mail.'
            }
            error={problems.email && `Not saved: ${problems.email}.`}
          >
            <Input
              {...described('profile-email', { help: true, error: !!problems.email })}
              type="email"
              autoComplete="email"
              maxLength={254}
              className="w-full sm:max-w-sm"
              {...f.form.register('email')}
            />
          </Field>
          {emailSaved && f.base.email_links && f.base.email_state === 'unverified' && (
            <EmailLink email={f.base.email} />
          )}
          <Field
            id="profile-zone"
            label="Your time zone"
            help="Used where times are shown in your zone. Bills and their months are always in UTC."
            error={problems.zone && `Not saved: ${problems.zone}.`}
          >
            <NativeSelect
              {...described('profile-zone', { help: true, error: !!problems.zone })}
              className="w-full sm:max-w-sm"
              {...f.form.register('timeZone')}
            >
              <option value="">The browser's ({browserZone()})</option>
              {choices.map((z) => (
                <option key={z} value={z}>
                  {z.replaceAll('_', ' ')}
                </option>
              ))}
            </NativeSelect>
          </Field>
          <div className="flex flex-col items-start gap-1.5">
            <span aria-hidden className="text-sm leading-5 font-medium">
              Theme
            </span>
            <Controller
              control={f.form.control}
              name="theme"
              render={({ field }) => (
                <Segmented label="Theme" value={field.value} onChange={field.onChange} options={THEMES} />
              )}
            />
            <p className="text-[13px] text-muted-foreground">
              Light or dark also comes along when you sign in with another browser. System leaves each browser its own.
            </p>
          </div>
          <fieldset className="flex flex-col items-start gap-3">
            <legend className="mb-1.5 text-sm leading-5 font-medium">What pages open with</legend>
            <Controller
              control={f.form.control}
              name="overview"
              render={({ field }) => (
                <View page="Overview">
                  <Segmented
                    label="Overview opens with"
                    value={field.value}
                    onChange={field.onChange}
                    options={RANGE_OPTIONS}
                  />
                </View>
              )}
            />
            <Controller
              control={f.form.control}
              name="billing"
              render={({ field }) => (
                <View page="Billing">
                  <Segmented
                    label="Billing opens with"
                    value={field.value}
                    onChange={field.onChange}
                    options={PERIOD_OPTIONS}
                  />
                </View>
              )}
            />
          </fieldset>
          {otherProblem && <ErrorNote error={f.save.error} />}
        </CardContent>
        <CardFooter>
          <BusyButton
            type="submit"
            busy={f.save.isPending}
            busyLabel="Saving…"
            disabled={!f.edited || f.conflict !== null}
          >
            Save profile
          </BusyButton>
          <Button variant="outline" disabled={!f.edited || f.save.isPending} onClick={f.discard}>
            Discard
          </Button>
          {!f.edited && <span className="text-[13px] text-muted-foreground">Nothing to save.</span>}
          {f.conflict && (
            <span className="text-[13px] text-muted-foreground">Choose above which profile to go on with.</span>
          )}
        </CardFooter>
      </Card>
      <ConfirmDialog
        open={leave.status === 'blocked'}
        onOpenChange={(open) => !open && leave.reset?.()}
        title="Leave without saving?"
        action="Leave"
        busyLabel="Leaving…"
        destructive
        busy={false}
        onConfirm={() => leave.proceed?.()}
      >
        <p>Your changes to the profile are not saved.</p>
      </ConfirmDialog>
    </form>
  );
}

const View = ({ page, children }: { page: string; children: ReactNode }) => (
  <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
    <span aria-hidden className="w-20 text-[13px] text-muted-foreground">
      {page}
    </span>
    {children}
  </div>
);

const LABELS = {
  name: 'Name',
  email: 'E-mail',
  timeZone: 'Your time zone',
  theme: 'Theme',
  overview: 'What the overview opens with',
  billing: 'What billing opens with',
} as const;

/** Saved elsewhere while this was typed: what is saved now is shown, and nothing typed is lost until the customer chose. */
function Conflict({ f, conflict }: { f: ProfileFormState; conflict: CustomerProfile }) {
  const theirs = toDraft(conflict);
  return (
    <div className="grid gap-2">
      <Banner tone="warning" title="The profile was changed elsewhere meanwhile.">
        Perhaps in another tab. Your input is still here.
      </Banner>
      <ul className="grid gap-1 px-1 text-[13px]">
        {f.contested.map((name) => (
          <li key={name} className="break-words">
            <span className="font-medium">{LABELS[name]}</span> is saved as{' '}
            {theirs[name] === '' ? <em>empty</em> : <q>{theirs[name]}</q>}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={f.keepMine}>
          Go on with my input
        </Button>
        <Button size="sm" variant="outline" onClick={f.reload}>
          Reload the saved one
        </Button>
      </div>
    </div>
  );
}
