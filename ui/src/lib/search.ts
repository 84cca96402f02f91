// Search parameters are read in the entry bundle, before any route's code: a schema library there would cost every visitor 10 kB.
// Each reader gives undefined for what it does not know, so that an old or mistyped link opens the page with its defaults.

export type Search = Record<string, unknown>;

export const text = (v: unknown, max = 200): string | undefined =>
  typeof v === 'string' && v !== '' && v.length <= max ? v : undefined;

export const oneOf = <T extends string>(v: unknown, choices: readonly T[]): T | undefined =>
  choices.find((c) => c === v);

export const flag = (v: unknown): true | undefined => (v === true || v === 'true' || v === 1 ? true : undefined);

/** Without the keys that are undefined, so that they do not show in the address. */
export const only = <T extends object>(o: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
