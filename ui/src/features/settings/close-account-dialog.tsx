import { useMutation } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Field, Input } from '@/components/ui/field';
import { networkName, useNetwork } from '@/features/auth/meta';
import { forgetSession } from '@/features/auth/session';
import { sayFailure, WalletFailure } from '@/features/auth/wallet-failure';
import { notify } from '@/lib/notify';
import { type ClosingStep, closeAccount } from './close-account';

const WORDS = 'close my account';

const SAYS = {
  wallet: 'Waiting for your wallet…',
  asking: 'Asking for the text to sign…',
  signing: 'Sign the text in your wallet…',
  closing: 'Closing…',
} as const;

/** Closing is for good: the customer types it, and the wallet signs what it means. */
export function CloseAccountDialog({
  open,
  onOpenChange,
  address,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  address: string;
}) {
  const network = useNetwork();
  const router = useRouter();
  const [typed, setTyped] = useState('');
  const [step, setStep] = useState<ClosingStep>({ at: 'wallet' });
  const close = useMutation({
    mutationFn: () => closeAccount(network ?? '', address, setStep),
    onSuccess: async () => {
      await router.navigate({ to: '/login', ignoreBlocker: true });
      forgetSession();
      notify.done('Your account is closed');
    },
  });
  const { reset } = close;
  useEffect(() => {
    if (!open) return;
    setTyped('');
    reset();
  }, [open, reset]);
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title="Close your account for good?"
      action="Sign and close"
      busyLabel={SAYS[step.at]}
      destructive
      busy={close.isPending}
      ready={typed.trim().toLowerCase() === WORDS && network !== undefined}
      error={close.error && inWords(close.error, network)}
      onConfirm={() => close.mutate()}
    >
      <p>
        Services and API keys stop, every session ends, and this address cannot sign in again. What is owed is settled
        first: if something stands in the way, Suiftly says so and nothing is closed.
      </p>
      <Field
        id="close-words"
        className="text-foreground"
        label={
          <>
            Type <span className="font-mono text-[13px]">{WORDS}</span> to go on
          </>
        }
      >
        <Input
          id="close-words"
          autoComplete="off"
          autoCapitalize="off"
          value={typed}
          disabled={close.isPending}
          onChange={(e) => setTyped(e.target.value)}
        />
      </Field>
      {close.isPending && step.at === 'signing' && (
        <div className="text-foreground">
          <p className="text-[13px] font-medium">What you sign</p>
          <pre className="mt-1 max-h-48 overflow-auto rounded-md border bg-muted px-3 py-2 font-mono text-xs whitespace-pre-wrap">
            {step.message}
          </pre>
        </div>
      )}
    </ConfirmDialog>
  );
}

function inWords(e: Error, network: string | undefined): Error {
  if (!(e instanceof WalletFailure)) return e;
  const said = sayFailure(e, 'Your wallet', networkName(network));
  return new Error(`${said.title} Nothing is closed. ${e.kind === 'unknown' ? said.text : ''}`.trim());
}
