import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { ApiError, hasCode } from '@/api';
import { servicesEnable, servicesSaveConfig } from '@/api/gen/sdk.gen';
import type { ConfigOut, ServiceOut } from '@/api/gen/types.gen';
import { newId } from '@/lib/id';
import { notify } from '@/lib/notify';
import { useDebounced } from '@/lib/use-debounced';
import { useLast } from '@/lib/use-last';
import { priceOf } from './price';
import { freshConfiguration, putConfiguration, quoteQuery } from './queries';
import { complete, type Draft, problemsOf, sameSettings, toDraft, toSettings } from './settings';

const QUOTE_AFTER_MS = 250;

/**
 * The draft of a configuration: what the customer changes, what it costs, and how it is saved. The draft belongs to the version it
 * was made from; when another version is saved meanwhile, nothing of the draft is lost and nothing is overwritten unseen.
 */
export function useConfigForm({ type, configuration }: ServiceOut) {
  const [base, setBase] = useState(configuration);
  const saved = useMemo(() => toDraft(type, base.config), [type, base.config]);
  const form = useForm<Draft>({ defaultValues: saved });
  const watched = useWatch({ control: form.control });
  // useWatch types every part as maybe missing; the form always holds all of them.
  const draft = useMemo(
    () => ({ tier: watched.tier ?? saved.tier, options: { ...saved.options, ...watched.options } as Draft['options'] }),
    [watched, saved],
  );

  const problems = useMemo(() => problemsOf(type, draft), [type, draft]);
  const dirty = base.version === 0 || !sameSettings(type, saved, draft);
  const valid = Object.keys(problems).length === 0;
  const edited = !sameSettings(type, saved, draft);

  // The price stands there at once, by the catalog. The server is asked when the draft stands still: it has the last word, on the
  // price (its catalog may be newer than this page) and on what cannot be saved.
  const settings = useMemo(() => toSettings(type, draft), [type, draft]);
  const settled = useDebounced(settings, QUOTE_AFTER_MS);
  const quote = useQuery({
    ...quoteQuery(type.name, settled),
    enabled: valid && edited,
  });
  const asked = JSON.stringify(settings) === JSON.stringify(settled);
  const confirmed = asked && !quote.isFetching ? quote.data?.price : undefined;
  const instant = useLast(useMemo(() => (valid ? priceOf(type, complete(type, draft)) : null), [type, draft, valid]));
  const price = edited ? (confirmed ?? instant ?? base.price) : base.price;
  const pricing = edited && valid && !confirmed && !quote.isError;

  // Somebody else (another tab, another person with this wallet) saved. An untouched form just follows; a draft is asked about.
  const [conflict, setConflict] = useState<ConfigOut | null>(null);
  const restart = (with_: ConfigOut) => {
    setBase(with_);
    setConflict(null);
    form.reset(toDraft(type, with_.config));
  };
  const follow = useRef(restart);
  follow.current = restart;
  useEffect(() => {
    if (configuration.version <= base.version) {
      // Same version: only its state (on, suspended) may have changed.
      if (configuration !== base && configuration.version === base.version) setBase(configuration);
      return;
    }
    if (edited) setConflict(configuration);
    else follow.current(configuration);
  }, [configuration, base, edited]);

  // One key for one intent: trying the same save again after a lost answer does not save twice.
  const intent = useRef<{ of: string; key: string } | null>(null);
  const save = useMutation({
    mutationFn: async ({ turnOn }: { turnOn: boolean }) => {
      const body = { version: base.version, config: settings };
      const of = JSON.stringify(body);
      if (intent.current?.of !== of) intent.current = { of, key: newId() };
      const { data } = await servicesSaveConfig({
        path: { service: type.name },
        body,
        headers: { 'Idempotency-Key': intent.current.key },
        throwOnError: true,
      });
      restart(data);
      putConfiguration(data);
      if (!turnOn) return data;
      const on = (await servicesEnable({ path: { service: type.name }, throwOnError: true })).data;
      putConfiguration(on);
      return on;
    },
    onSuccess: (now) =>
      notify.done(
        `${type.label} settings saved`,
        now.enabled ? 'They are in force within a few seconds.' : 'The service is off: turn it on when you are ready.',
      ),
    onError: (e) => {
      if (hasCode(e, 'services.config_changed')) {
        freshConfiguration(type.name).then(
          (current) => {
            setConflict(current);
            putConfiguration(current);
          },
          (again: unknown) => notify.failed('The newer configuration could not be loaded.', again),
        );
      }
    },
  });

  return {
    form,
    base,
    saved,
    draft,
    dirty,
    edited,
    valid,
    price,
    pricing,
    /** What stands in the form and has stood still: for questions that cost the server something. */
    settled,
    quoteError: valid && edited && quote.error instanceof ApiError ? quote.error : null,
    /** What is wrong with an option or with the tier: ours first, then the server's word on the draft it saw. */
    problem: (name: string) =>
      problems[name] ?? serverField(save.error, name) ?? (asked ? serverField(quote.error, name) : undefined),
    save,
    conflict,
    /** The draft goes on top of what was saved meanwhile. */
    keepMine: () => {
      if (!conflict) return;
      setBase(conflict);
      setConflict(null);
      save.reset();
    },
    takeTheirs: () => {
      if (!conflict) return;
      restart(conflict);
      save.reset();
    },
    discard: () => {
      form.reset(saved);
      save.reset();
    },
  };
}

export type ConfigFormState = ReturnType<typeof useConfigForm>;

/** The server names entries of a list as seal_keys[1]. */
const serverField = (e: unknown, name: string) =>
  e instanceof ApiError
    ? e.fields.find((f) => f.name === name || f.name.startsWith(`${name}[`) || f.name === `config.${name}`)?.message
    : undefined;
