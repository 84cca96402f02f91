import { Monitor, Moon, Sun } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Menu, MenuContent, MenuRadioGroup, MenuRadioItem, MenuTrigger } from '@/components/ui/menu';
import { type Theme, useUi } from '@/stores/ui';

export function ThemeChoice() {
  const { theme, setTheme } = useUi();
  return (
    <MenuRadioGroup value={theme} onValueChange={(v) => setTheme(v as Theme)} aria-label="Theme">
      <MenuRadioItem value="light">
        <Sun aria-hidden /> Light
      </MenuRadioItem>
      <MenuRadioItem value="dark">
        <Moon aria-hidden /> Dark
      </MenuRadioItem>
      <MenuRadioItem value="system">
        <Monitor aria-hidden /> System
      </MenuRadioItem>
    </MenuRadioGroup>
  );
}

export function ThemeMenu({ className }: { className?: string }) {
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label="Theme" className={className}>
          <Sun aria-hidden className="dark:hidden" />
          <Moon aria-hidden className="hidden dark:block" />
        </Button>
      </MenuTrigger>
      <MenuContent>
        <ThemeChoice />
      </MenuContent>
    </Menu>
  );
}
