import { Moon, Sun } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { useUi } from '@/stores/ui';

/** From light to dark and back. The account menu also offers to follow the system. */
export function ThemeToggle({ className }: { className?: string }) {
  const setTheme = useUi((s) => s.setTheme);
  return (
    <Button
      variant="ghost"
      size="icon"
      className={className}
      aria-label="Switch between light and dark theme"
      onClick={() => setTheme(document.documentElement.classList.contains('dark') ? 'light' : 'dark')}
    >
      <Sun aria-hidden className="dark:hidden" />
      <Moon aria-hidden className="hidden dark:block" />
    </Button>
  );
}
