import 'sonner/dist/styles.css';
import { Toaster as Sonner } from 'sonner';
import { useUi } from '@/stores/ui';

/** Where results of actions appear. Its own chunk: nothing needs it before the first action. */
export function Toaster() {
  const theme = useUi((s) => s.theme);
  return (
    <Sonner
      theme={theme}
      position="bottom-right"
      closeButton
      toastOptions={{
        classNames: { toast: '!rounded-lg !border !border-border !bg-popover !text-foreground !shadow-pop !font-sans' },
      }}
    />
  );
}
