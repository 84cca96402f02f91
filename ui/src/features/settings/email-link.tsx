import { useMutation } from '@tanstack/react-query';
import { authAskEmailLink } from '@/api/gen/sdk.gen';
import { BusyButton } from '@/components/ui/button';
import { ErrorNote } from '@/components/ui/error-state';
import { newId } from '@/lib/id';

/** Sends the link that verifies the saved address, as often as the customer needs it. */
export function EmailLink({ email }: { email: string }) {
  const send = useMutation({
    mutationFn: () => authAskEmailLink({ headers: { 'Idempotency-Key': newId() }, throwOnError: true }),
  });
  return (
    <div className="-mt-2 flex flex-wrap items-center gap-x-3 gap-y-2">
      <BusyButton size="sm" variant="outline" busy={send.isPending} busyLabel="Sending…" onClick={() => send.mutate()}>
        {send.isSuccess ? 'Send the link again' : 'Send the link that confirms it'}
      </BusyButton>
      <span role="status" className="text-[13px] break-words text-muted-foreground">
        {send.isSuccess && `On its way to ${email}. It is good for a day.`}
      </span>
      {send.isError && <ErrorNote error={send.error} />}
    </div>
  );
}
