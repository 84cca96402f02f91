import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { ApiError, hasCode, queryClient } from '@/api';
import { authChangeCustomer, authCustomer } from '@/api/gen/sdk.gen';
import type { CustomerChange, CustomerProfile } from '@/api/gen/types.gen';
import { applyZone, customerQuery } from '@/features/auth/session';
import type { Period } from '@/features/billing/periods';
import type { Range } from '@/features/logs/ranges';
import { newId } from '@/lib/id';
import { notify } from '@/lib/notify';
import { type Theme, useUi } from '@/stores/ui';
import { viewOf, withView } from './default-views';

export interface ProfileDraft {
  name: string;
  email: string;
  theme: Theme;
  timeZone: string;
  overview: Range;
  billing: Period;
}

export const toDraft = (c: CustomerProfile): ProfileDraft => ({
  name: c.name,
  email: c.email,
  theme: c.preferences.theme,
  timeZone: c.preferences.time_zone,
  overview: viewOf('overview', c.preferences.default_views),
  billing: viewOf('billing', c.preferences.default_views),
});

const FIELDS = ['name', 'email', 'theme', 'timeZone', 'overview', 'billing'] as const;
const same = (a: string, b: string) => a.trim() === b.trim();

/** Which fields of the draft say something else than the profile. */
export const changedFields = (base: CustomerProfile, draft: ProfileDraft) =>
  FIELDS.filter((f) => !same(toDraft(base)[f], draft[f]));

/** Only what is different goes to the server: what another tab changed in other fields stays as it is. */
export function toChange(base: CustomerProfile, draft: ProfileDraft): CustomerChange {
  const changed = new Set(changedFields(base, draft));
  const preferences = {
    ...(changed.has('theme') && { theme: draft.theme }),
    ...(changed.has('timeZone') && { time_zone: draft.timeZone }),
    ...((changed.has('overview') || changed.has('billing')) && {
      default_views: withView(
        withView(base.preferences.default_views, 'overview', draft.overview),
        'billing',
        draft.billing,
      ),
    }),
  };
  return {
    version: base.version,
    ...(changed.has('name') && { name: draft.name.trim() }),
    ...(changed.has('email') && { email: draft.email.trim() }),
    ...(Object.keys(preferences).length > 0 && { preferences }),
  };
}

/** The draft belongs to the version it was made from. When that is no longer the saved one, the input stays and is asked about. */
export function useProfileForm(profile: CustomerProfile) {
  const current = useQuery(customerQuery).data ?? profile;
  const [base, setBase] = useState(profile);
  const form = useForm<ProfileDraft>({ defaultValues: toDraft(profile) });
  const draft: ProfileDraft = { ...toDraft(base), ...useWatch({ control: form.control }) };
  const edited = changedFields(base, draft).length > 0;

  const [conflict, setConflict] = useState<CustomerProfile | null>(null);
  const restart = (from: CustomerProfile) => {
    setBase(from);
    setConflict(null);
    form.reset(toDraft(from));
  };
  const follow = useRef(restart);
  follow.current = restart;
  useEffect(() => {
    if (current.version <= base.version) return;
    if (edited) setConflict(current);
    else follow.current(current);
  }, [current, base, edited]);

  // One key for one intent: trying the same save again after a lost answer does not save twice.
  const intent = useRef<{ of: string; key: string } | null>(null);
  const save = useMutation({
    mutationFn: async () => {
      const body = toChange(base, draft);
      const of = JSON.stringify(body);
      if (intent.current?.of !== of) intent.current = { of, key: newId() };
      return (
        await authChangeCustomer({ body, headers: { 'Idempotency-Key': intent.current.key }, throwOnError: true })
      ).data;
    },
    onSuccess: (saved, _, __) => {
      if (saved.preferences.theme !== base.preferences.theme) useUi.getState().setTheme(saved.preferences.theme);
      applyZone(saved);
      restart(saved);
      queryClient.setQueryData(customerQuery.queryKey, saved);
      notify.done('Profile saved');
    },
    onError: (e) => {
      if (!hasCode(e, 'auth.profile_changed')) return;
      authCustomer({ throwOnError: true }).then(
        ({ data }) => {
          setConflict(data);
          queryClient.setQueryData(customerQuery.queryKey, data);
        },
        (again: unknown) => notify.failed('The saved profile could not be loaded.', again),
      );
    },
  });

  return {
    form,
    base,
    draft,
    edited,
    save,
    conflict,
    /** The server's word on one input, by its JSON name. */
    problem: (name: string) => (save.error instanceof ApiError ? save.error.field(name) : undefined),
    /** What was typed that is saved differently now. */
    contested: conflict ? changedFields(base, draft).filter((f) => changedFields(conflict, draft).includes(f)) : [],
    /** What was typed goes on top of what was saved meanwhile; fields that were not touched follow the saved profile. */
    keepMine: () => {
      if (!conflict) return;
      const mine = changedFields(base, draft);
      form.reset({ ...toDraft(conflict), ...Object.fromEntries(mine.map((f) => [f, draft[f]])) });
      setBase(conflict);
      setConflict(null);
      save.reset();
    },
    reload: () => {
      if (!conflict) return;
      restart(conflict);
      applyZone(conflict);
      save.reset();
    },
    discard: () => {
      form.reset(toDraft(base));
      save.reset();
    },
  };
}

export type ProfileFormState = ReturnType<typeof useProfileForm>;
