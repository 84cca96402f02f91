import type { ReactNode } from 'react';
import { BusyButton, Button } from './button';
import { Dialog, DialogClose, DialogContent, DialogFooter } from './dialog';
import { ErrorNote } from './error-state';

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
  ready = true,
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
  /** What the caller asks for first (a typed name) is there. */
  ready?: boolean;
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
          <BusyButton
            variant={destructive ? 'destructive' : 'primary'}
            busy={busy}
            busyLabel={busyLabel}
            disabled={!ready}
            onClick={onConfirm}
          >
            {action}
          </BusyButton>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
