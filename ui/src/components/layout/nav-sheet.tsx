import { Dialog, SheetContent } from '@/components/ui/dialog';
import { Logo } from './logo';
import { SidebarNav } from './sidebar';

/** The navigation of narrow windows. Its own chunk: wide ones never need it. */
export function NavSheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <SheetContent title="Navigation">
        <div className="flex h-14 items-center px-5">
          <Logo />
        </div>
        <div className="h-[calc(100svh-3.5rem)]">
          <SidebarNav onNavigate={() => onOpenChange(false)} />
        </div>
      </SheetContent>
    </Dialog>
  );
}
