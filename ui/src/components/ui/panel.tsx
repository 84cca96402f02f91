import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorState } from './error-state';

/**
 * The content of a panel in each of its states: a skeleton of the final size while loading, the error with another try, or the
 * data. Data that is there stays there when a refresh fails; the connection banner says how old it is.
 */
export function Loaded<T>({
  query,
  what,
  skeleton,
  children,
}: {
  query: UseQueryResult<T, unknown>;
  what: string;
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError)
    return <ErrorState title={what} error={query.error} onRetry={() => void query.refetch()} busy={query.isFetching} />;
  return (
    <div aria-busy="true" className="contents">
      <span role="status" className="sr-only">
        Loading
      </span>
      {skeleton}
    </div>
  );
}
