import { useMutation, useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { authExportCustomer } from '@/api/gen/sdk.gen';
import { PageHeader } from '@/components/layout/page-header';
import { BusyButton, Button } from '@/components/ui/button';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/components/ui/card';
import { CopyValue } from '@/components/ui/copy';
import { ErrorNote } from '@/components/ui/error-state';
import { Loaded } from '@/components/ui/panel';
import { Skeleton } from '@/components/ui/skeleton';
import { customerQuery } from '@/features/auth/session';
import { ProfileForm } from './profile-form';

const CloseAccountDialog = lazy(() =>
  import('./close-account-dialog').then((m) => ({ default: m.CloseAccountDialog })),
);

export function ProfilePage() {
  const query = useQuery(customerQuery);
  return (
    <>
      <PageHeader
        title="Profile"
        section="Settings"
        description={
          query.data && (
            <>
              Your account is the address{' '}
              <CopyValue
                value={query.data.address}
                shown={`${query.data.address.slice(0, 10)}…${query.data.address.slice(-8)}`}
                label="address"
              />
            </>
          )
        }
      />
      <div className="grid max-w-3xl gap-6">
        <Loaded
          query={query}
          what="The profile could not be loaded"
          skeleton={
            <Card>
              <CardContent className="grid gap-5 pt-5">
                {[0, 1, 2, 3].map((i) => (
                  <Skeleton key={i} className="h-16" />
                ))}
              </CardContent>
            </Card>
          }
        >
          {(profile) => (
            <>
              <ProfileForm key={profile.customer_id} profile={profile} />
              <ExportCard />
              <CloseCard address={profile.address} />
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}

/** The file as the server wrote it: parsed and written again, large numbers would lose digits. */
async function download() {
  const { data, response } = await authExportCustomer({ parseAs: 'blob', throwOnError: true });
  const name = /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  const url = URL.createObjectURL(data as unknown as Blob);
  const a = document.createElement('a');
  a.href = url;
  a.download = name ?? 'suiftly.json';
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // some browsers read it only after the click
  return a.download;
}

function ExportCard() {
  const save = useMutation({ mutationFn: download });
  return (
    <Card>
      <CardHeader>
        <CardTitle>Your data</CardTitle>
        <CardDescription>
          One JSON file with your profile, sessions, what your wallet signed, every change to the account, and what the
          services, wallet and billing keep about you.
        </CardDescription>
      </CardHeader>
      <CardContent className="grid justify-items-start gap-3">
        {save.isError && <ErrorNote error={save.error} />}
        <BusyButton variant="outline" busy={save.isPending} busyLabel="Collecting…" onClick={() => save.mutate()}>
          <Download aria-hidden /> Download my data
        </BusyButton>
        <p role="status" className="text-[13px] text-muted-foreground empty:hidden">
          {save.isSuccess && `${save.data} was handed to your browser.`}
        </p>
      </CardContent>
    </Card>
  );
}

function CloseCard({ address }: { address: string }) {
  const [open, setOpen] = useState<boolean | null>(null);
  return (
    <Card>
      <CardHeader>
        <CardTitle>Close the account</CardTitle>
        <CardDescription>
          For good: services and API keys stop, and this address cannot sign in again. Your wallet signs the closing.
        </CardDescription>
      </CardHeader>
      <CardContent>
        <Button variant="outline" className="text-destructive" onClick={() => setOpen(true)}>
          Close my account…
        </Button>
      </CardContent>
      {open !== null && (
        <Suspense fallback={null}>
          <CloseAccountDialog open={open} onOpenChange={setOpen} address={address} />
        </Suspense>
      )}
    </Card>
  );
}
