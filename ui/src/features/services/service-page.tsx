import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { NotFound } from '@/components/layout/not-found';
import { PageHeader } from '@/components/layout/page-header';
import { Badge } from '@/components/ui/badge';
import { Banner } from '@/components/ui/banner';
import { Card } from '@/components/ui/card';
import { ErrorState } from '@/components/ui/error-state';
import { Skeleton } from '@/components/ui/skeleton';
import type { Range } from '@/features/logs/ranges';
import { cn } from '@/lib/cn';
import { ApiKeysCard } from './api-keys-card';
import { CallCard } from './call-card';
import { PowerButton } from './power-button';
import { servicesQuery } from './queries';
import { reasons, STATES } from './state';

const ConfigForm = lazy(() => import('./config-form').then((m) => ({ default: m.ConfigForm })));
const AccessTab = lazy(() => import('./access-tab').then((m) => ({ default: m.AccessTab })));
const HistoryTab = lazy(() => import('./history-tab').then((m) => ({ default: m.HistoryTab })));
const ServiceOverview = lazy(() => import('./service-overview').then((m) => ({ default: m.ServiceOverview })));

export type ServiceTab = 'overview' | 'config' | 'keys' | 'access' | 'history';

const TABS: { tab: ServiceTab; label: string }[] = [
  { tab: 'overview', label: 'Overview' },
  { tab: 'config', label: 'Configuration' },
  { tab: 'keys', label: 'API keys' },
  { tab: 'access', label: 'Access' },
  { tab: 'history', label: 'History' },
];

export function ServicePage({
  name,
  tab,
  range,
  onRange,
}: {
  name: string;
  tab: ServiceTab;
  range: Range;
  onRange: (range: Range) => void;
}) {
  const services = useQuery(servicesQuery);
  if (!services.data) {
    if (services.isError) {
      return (
        <>
          <PageHeader title="Service" />
          <Card>
            <ErrorState
              title="This service could not be loaded"
              error={services.error}
              onRetry={() => void services.refetch()}
              busy={services.isFetching}
            />
          </Card>
        </>
      );
    }
    return (
      <div aria-busy="true">
        <PageHeader title="Service" />
        <Skeleton className="h-10" />
        <Skeleton className="mt-6 h-96" />
      </div>
    );
  }
  const service = services.data.find((s) => s.type.name === name);
  if (!service) return <NotFound />;
  const { type, configuration } = service;
  const state = STATES[configuration.state];
  const never = configuration.version === 0;
  return (
    <>
      <PageHeader
        title={type.label}
        section="Services"
        description={type.description}
        eyebrow={
          <Link to="/services" className="focus-ring rounded-sm hover:text-foreground hover:underline">
            Services
          </Link>
        }
        badge={
          <Badge tone={state.tone} dot title={state.means}>
            {never ? 'Not set up' : state.label}
          </Badge>
        }
        actions={<PowerButton service={service} />}
      />
      {configuration.state === 'suspended' && (
        <Banner tone="danger" title="Requests are refused." className="mb-6">
          You turned {type.label} on, but it is suspended for {reasons(configuration.suspended_for)}. It resumes by
          itself when that is settled.
        </Banner>
      )}
      <nav aria-label={`Parts of ${type.label}`} className="mb-6 flex gap-1 overflow-x-auto border-b">
        {TABS.map((t) => (
          <Link
            key={t.tab}
            to="/services/$service"
            params={{ service: name }}
            search={t.tab === 'overview' ? {} : { tab: t.tab }}
            aria-current={t.tab === tab ? 'page' : undefined}
            // The router marks every tab as current, since they share a path; only ours counts.
            activeProps={{ 'aria-current': t.tab === tab ? 'page' : undefined }}
            activeOptions={{ includeSearch: true }}
            className={cn(
              'focus-ring-inset -mb-px flex h-10 items-center border-b-2 px-3 text-sm whitespace-nowrap transition-colors',
              t.tab === tab
                ? 'border-primary font-medium text-foreground'
                : 'border-transparent text-muted-foreground hover:text-foreground',
            )}
          >
            {t.label}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<Skeleton className="h-96" />}>
        {tab === 'overview' && <ServiceOverview service={service} range={range} onRange={onRange} />}
        {tab === 'config' && <ConfigForm service={service} />}
        {tab === 'access' && <AccessTab service={service} />}
        {tab === 'history' && <HistoryTab service={service} />}
        {tab === 'keys' && (
          <div className="space-y-6">
            <ApiKeysCard services={services.data} only={name} />
            <CallCard service={service} />
          </div>
        )}
      </Suspense>
    </>
  );
}
