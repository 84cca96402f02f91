import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { cn } from '@/lib/cn';
import { Button } from './button';

/** Copies text and says so for a moment. Where the clipboard is closed to us (plain http), the old way still works. */
function useCopy() {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  async function copy(text: string): Promise<boolean> {
    let ok = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      ok = copyBySelection(text);
    }
    setState(ok ? 'copied' : 'failed');
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setState('idle'), 1_500);
    return ok;
  }
  return { state, copy };
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.setAttribute('readonly', '');
  area.className = 'sr-only';
  document.body.append(area);
  area.select();
  const ok = document.execCommand('copy');
  area.remove();
  return ok;
}

const said = { idle: '', copied: 'Copied', failed: 'Copying failed: select the text and copy it yourself' } as const;

/** A short value that copies itself in full when clicked: an address, an id. */
export function CopyValue({
  value,
  shown = value,
  label,
  className,
}: {
  value: string;
  shown?: string;
  label: string;
  className?: string;
}) {
  const { state, copy } = useCopy();
  return (
    <button
      type="button"
      data-slot="copy-value"
      title={value}
      aria-label={`Copy ${label} ${value}`}
      onClick={() => void copy(value)}
      className={cn(
        'focus-ring inline-flex min-h-6 max-w-full items-center gap-1.5 rounded-sm font-mono text-xs text-muted-foreground hover:text-foreground',
        className,
      )}
    >
      <span className="truncate">{shown}</span>
      {state === 'copied' ? (
        <Check aria-hidden className="size-3.5 shrink-0 text-success" />
      ) : (
        <Copy aria-hidden className="size-3.5 shrink-0" />
      )}
      <span role="status" className="sr-only">
        {said[state]}
      </span>
    </button>
  );
}

export function CopyButton({
  value,
  children,
  onCopied,
  ...props
}: { value: string; onCopied?: () => void } & React.ComponentProps<typeof Button>) {
  const { state, copy } = useCopy();
  return (
    <Button
      variant="outline"
      size="sm"
      {...props}
      onClick={() => {
        void copy(value).then((ok) => ok && onCopied?.());
      }}
    >
      {state === 'copied' ? <Check aria-hidden className="text-success" /> : <Copy aria-hidden />}
      {state === 'copied' ? 'Copied' : children}
      <span role="status" className="sr-only">
        {said[state]}
      </span>
    </Button>
  );
}
