import { PageHeader } from '@/components/layout/page-header';
import { ServiceCards } from './service-cards';

export function ServicesPage() {
  return (
    <>
      <PageHeader title="Services" description="Set services up, turn them on, and see what each one does and costs." />
      <ServiceCards heading="h2" />
    </>
  );
}
