import type { ErrorComponentProps } from '@tanstack/react-router';
import { useEffect } from 'react';
import { ApiError } from '@/api/error';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { ErrorState } from '@/components/ui/error-state';

/** A chunk that a newer deployment replaced: only a reload helps. */
const isOldVersion = (e: unknown) =>
  e instanceof Error && /dynamically imported module|importing a module|module script failed/i.test(e.message);

/** In the place of a page that could not be shown. The shell around it keeps working. */
export function PageError({ error, reset }: ErrorComponentProps) {
  useEffect(() => {
    document.title = 'Something went wrong · Suiftly';
    if (!(error instanceof ApiError)) console.error(error);
  }, [error]);
  if (isOldVersion(error)) {
    return (
      <Card className="m-4">
        <div role="alert" className="flex flex-col items-center gap-3 px-6 py-12 text-center">
          <h1 className="text-lg font-semibold">A newer version of Suiftly is here</h1>
          <p className="max-w-sm text-[13px] text-muted-foreground">
            This page belongs to the version before. Reload to go on.
          </p>
          <Button onClick={() => location.reload()}>Reload</Button>
        </div>
      </Card>
    );
  }
  return (
    <Card className="m-4">
      <h1 className="sr-only">Something went wrong</h1>
      <ErrorState
        title={error instanceof ApiError ? 'This page could not be loaded' : 'This page broke'}
        error={error}
        onRetry={reset}
      />
    </Card>
  );
}
