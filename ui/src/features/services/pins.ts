import { useMutation } from '@tanstack/react-query';
import { hasCode, queryClient } from '@/api';
import { authChangeCustomer, authCustomer } from '@/api/gen/sdk.gen';
import type { ServiceOut } from '@/api/gen/types.gen';
import { customerQuery, useCustomer } from '@/features/auth/session';
import { notify } from '@/lib/notify';

const NONE: readonly string[] = [];

/** The names of the pinned services, in the order they were pinned in. */
export const usePins = (): readonly string[] => useCustomer()?.preferences.pinned_services ?? NONE;

/** Pinned ones first, in the order they were pinned in; the others as they come. */
export function pinnedFirst(services: readonly ServiceOut[], pins: readonly string[]): ServiceOut[] {
  const place = (s: ServiceOut) => (pins.includes(s.type.name) ? pins.indexOf(s.type.name) : pins.length);
  return [...services].sort((a, b) => place(a) - place(b));
}

/** Pins the service, or takes the pin away. A profile that was changed elsewhere meanwhile is read again: a pin loses nothing. */
export async function setPin(service: string, on: boolean) {
  const fresh = async () => (await authCustomer({ throwOnError: true })).data;
  const save = async ({ version, preferences }: Awaited<ReturnType<typeof fresh>>) => {
    const others = preferences.pinned_services.filter((s) => s !== service);
    const body = { version, preferences: { pinned_services: on ? [...others, service] : others } };
    return (await authChangeCustomer({ body, throwOnError: true })).data;
  };
  try {
    return await save(queryClient.getQueryData(customerQuery.queryKey) ?? (await fresh()));
  } catch (e) {
    if (!hasCode(e, 'auth.profile_changed')) throw e;
    return save(await fresh());
  }
}

export const usePin = (service: string, label: string) =>
  useMutation({
    mutationFn: (on: boolean) => setPin(service, on),
    onSuccess: (saved) => queryClient.setQueryData(customerQuery.queryKey, saved),
    onError: (e, on) => notify.failed(`${label} could not be ${on ? 'pinned' : 'unpinned'}.`, e),
  });
