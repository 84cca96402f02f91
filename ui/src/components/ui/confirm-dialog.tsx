import type { ReactNode } from 'react';
import { ErrorNote } from './error-state';
import { BusyButton, Button } from './button';
import { Dialog, DialogClose, DialogContent, DialogFooter } from './dialog';

/** Asks before something that customers would regret. Says what happens, keeps the error in view, closes only on success. */
export function ConfirmDialog({
  open,
  onOpenChange,
  title,
  children,
  action,
  busyLabel,
  destructive = false,
  busy,
  error,
  onConfirm,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children: ReactNode;
  action: string;
  busyLabel: string;
  destructive?: boolean;
  busy: boolean;
  error?: unknown;
  onConfirm: () => void;
}) {
  return (
    <Dialog open={open} onOpenChange={(next) => !busy && onOpenChange(next)}>
      <DialogContent title={title} role="alertdialog">
        <div className="grid gap-2 text-muted-foreground">{children}</div>
        {error ? <ErrorNote error={error} /> : null}
        <DialogFooter>
          <DialogClose asChild>
            <Button variant="outline" disabled={busy}>
              Cancel
            </Button>
          </DialogClose>
          <BusyButton variant={destructive ? 'destructive' : 'primary'} busy={busy} busyLabel={busyLabel} onClick={onConfirm}>
            {action}
          </BusyButton>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
