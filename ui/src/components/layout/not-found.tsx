import { Link } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Empty } from '@/components/ui/empty';
import { PageHeader } from './page-header';

export function NotFound() {
  return (
    <>
      <PageHeader title="Page not found" />
      <Card>
        <Empty
          icon={Compass}
          title="There is nothing at this address"
          action={
            <Button asChild variant="outline" size="sm">
              <Link to="/">Back to the overview</Link>
            </Button>
          }
        >
          It may be old or mistyped. Every page is in the navigation, or press Ctrl K and type its name.
        </Empty>
      </Card>
    </>
  );
}
