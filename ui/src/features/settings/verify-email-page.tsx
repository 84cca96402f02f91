import { useMutation } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { queryClient } from '@/api';
import { authVerifyEmail } from '@/api/gen/sdk.gen';
import { Logo } from '@/components/layout/logo';
import { ThemeToggle } from '@/components/layout/theme-toggle';
import { BusyButton } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { ErrorNote } from '@/components/ui/error-state';
import { customerQuery } from '@/features/auth/session';
import { newId } from '@/lib/id';

/**
 * Where the link in the e-mail leads, in whatever browser opened it. The token stands behind #, which is sent to no server, and
 * the button keeps programs that follow links in e-mail from using it up.
 */
export function VerifyEmailPage() {
  const token = useLocation({ select: (l) => l.hash });
  const confirm = useMutation({
    mutationFn: () => authVerifyEmail({ body: { token }, headers: { 'Idempotency-Key': newId() }, throwOnError: true }),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: customerQuery.queryKey }),
  });
  useEffect(() => {
    document.title = 'Confirm your e-mail address · Suiftly';
  }, []);
  return (
    <div className="flex min-h-svh flex-col">
      <header className="flex h-14 items-center justify-between px-4 sm:px-6">
        <Logo />
        <ThemeToggle />
      </header>
      <main className="grid flex-1 place-items-center px-4 py-8">
        <Card className="w-full max-w-[420px] p-6">
          <h1 className="text-xl leading-7 font-semibold">Confirm your e-mail address</h1>
          {confirm.isSuccess ? (
            <p role="status" className="mt-1 text-muted-foreground">
              It is confirmed. You may close this page.
            </p>
          ) : token === '' ? (
            <p className="mt-1 text-muted-foreground">
              The link is not complete. Open it from the e-mail again, or copy all of it.
            </p>
          ) : (
            <>
              <p className="mt-1 text-pretty text-muted-foreground">
                Somebody gave the address that this link was sent to for an account here. Confirm it only if that was
                you.
              </p>
              <BusyButton
                className="mt-5"
                busy={confirm.isPending}
                busyLabel="Confirming…"
                onClick={() => confirm.mutate()}
              >
                Confirm it
              </BusyButton>
              {confirm.isError && <ErrorNote className="mt-4" error={confirm.error} />}
            </>
          )}
          <p className="mt-5 text-[13px]">
            <Link
              to="/settings/profile"
              className="focus-ring rounded-sm font-medium text-primary underline underline-offset-2"
            >
              Go to your profile
            </Link>
          </p>
        </Card>
      </main>
    </div>
  );
}
