import type { ServiceOut } from '@/api/gen/types.gen';

export interface Step {
  id: 'configure' | 'enable' | 'key' | 'request';
  done: boolean;
}

/** How far an account is on its way to the first request. A step that a later one needs counts as done with it. */
export function stepsOf(services: readonly ServiceOut[], hasRequests: boolean): Step[] {
  const any = (f: (s: ServiceOut) => boolean) => hasRequests || services.some(f);
  return [
    { id: 'configure', done: any((s) => s.configuration.version > 0) },
    { id: 'enable', done: any((s) => s.configuration.enabled) },
    { id: 'key', done: any((s) => s.configuration.api_keys > 0) },
    { id: 'request', done: hasRequests },
  ];
}
