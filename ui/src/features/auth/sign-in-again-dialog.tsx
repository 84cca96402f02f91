// Its own chunk: fetched when a session ended under an open page.
import { useQuery } from '@tanstack/react-query';
import { Button } from '@/components/ui/button';
import { Dialog, DialogContent, DialogFooter } from '@/components/ui/dialog';
import { ErrorState } from '@/components/ui/error-state';
import { Skeleton } from '@/components/ui/skeleton';
import { useSignInAgain } from '@/stores/sign-in-again';
import { ConnectPanel } from './connect-panel';
import { metaQuery } from './meta';
import { leaveForSignIn, signedInAgain } from './sign-in-again';

export function SignInAgainDialog() {
  const asking = useSignInAgain((s) => s.asking);
  const meta = useQuery(metaQuery);
  return (
    <Dialog open={asking}>
      <DialogContent
        title="Your session has ended"
        description="Sign in again to go on. The page and what you typed stay as they are."
        dismissable={false}
      >
        {meta.data ? (
          <ConnectPanel network={meta.data.network} onSignedIn={signedInAgain} />
        ) : meta.isError ? (
          <ErrorState
            title="Suiftly is not answering"
            error={meta.error}
            onRetry={() => void meta.refetch()}
            busy={meta.isFetching}
          />
        ) : (
          <Skeleton className="h-11" />
        )}
        <DialogFooter>
          <Button variant="ghost" size="sm" onClick={leaveForSignIn}>
            Leave this page
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
