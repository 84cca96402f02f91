import { useQuery } from '@tanstack/react-query';
import { Link, type LinkProps } from '@tanstack/react-router';
import { ArrowRight, Check, X } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Card, CardAction, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { requestsQuery } from '@/features/logs/queries';
import { servicesQuery } from '@/features/services/queries';
import { balanceQuery } from '@/features/wallet/queries';
import { cn } from '@/lib/cn';
import { formatUsd, parseUsd } from '@/lib/money';
import { usePreferences } from '@/stores/preferences';
import { stepsOf } from './steps';

type Target = Pick<LinkProps, 'to' | 'search'>;

/** The way from a new account to its first request. Goes away when it is done, or when the customer closes it. */
export function FirstSteps() {
  const closed = usePreferences((s) => s.stepsClosed);
  const close = usePreferences((s) => s.closeSteps);
  const services = useQuery(servicesQuery).data;
  const balance = useQuery(balanceQuery).data;
  const requests = useQuery(requestsQuery({ limit: 8 })).data?.requests;
  if (closed || !services || !balance || !requests) return null;
  const steps = stepsOf(services, requests.length > 0);
  if (steps.every((s) => s.done)) return null;
  const next = steps.findIndex((s) => !s.done);
  const words: Record<(typeof steps)[number]['id'], { title: string; text: string; link: Target; action: string }> = {
    configure: {
      title: 'Set up a service',
      text: 'Choose a plan and see its price before you save.',
      link: { to: '/services' },
      action: 'Choose a service',
    },
    enable: {
      title: 'Turn it on',
      text: 'Requests with its API keys are served within seconds.',
      link: { to: '/services' },
      action: 'Open services',
    },
    key: {
      title: 'Create an API key',
      text: 'Your programs send it with every request.',
      link: { to: '/api-keys', search: { create: true } },
      action: 'Create a key',
    },
    request: {
      title: 'Send a request',
      text: 'It shows up here within seconds, with what it cost.',
      link: { to: '/logs' },
      action: 'Open requests',
    },
  };
  const available = parseUsd(balance.available_usd);
  return (
    <Card>
      <CardHeader>
        <CardTitle>First steps</CardTitle>
        <CardDescription>
          {available > 0n ? `You have ${formatUsd(available)} to spend.` : 'From here to your first request.'}
        </CardDescription>
        <CardAction>
          <Button variant="ghost" size="icon" aria-label="Close first steps" onClick={close}>
            <X aria-hidden />
          </Button>
        </CardAction>
      </CardHeader>
      <ol className="grid grid-cols-1 gap-px overflow-hidden rounded-b-xl border-t bg-border sm:grid-cols-2 xl:grid-cols-4">
        {steps.map((s, i) => {
          const { title, text, link, action } = words[s.id];
          return (
            <li key={s.id} className="flex gap-3 bg-card p-5">
              <span
                aria-hidden
                className={cn(
                  'tnum grid size-6 shrink-0 place-items-center rounded-full text-xs font-semibold',
                  s.done
                    ? 'bg-success-subtle text-success'
                    : i === next
                      ? 'bg-primary text-on-primary'
                      : 'bg-secondary text-on-secondary',
                )}
              >
                {s.done ? <Check className="size-3.5" strokeWidth={2.5} /> : i + 1}
              </span>
              <div className="min-w-0 space-y-1">
                <p className={cn('font-medium', s.done && 'text-muted-foreground')}>
                  {title}
                  {s.done && <span className="sr-only"> (done)</span>}
                </p>
                <p className="text-[13px] text-pretty text-muted-foreground">{text}</p>
                {i === next && (
                  <Button asChild variant="link" size="inline">
                    <Link {...link}>
                      {action} <ArrowRight aria-hidden />
                    </Link>
                  </Button>
                )}
              </div>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
