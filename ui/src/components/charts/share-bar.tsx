import { percent } from '@/lib/format';

export interface Share {
  name: string;
  value: number;
  color: string;
}

/** How a whole splits into parts. */
export function ShareBar({ parts, label }: { parts: readonly Share[]; label: string }) {
  const total = parts.reduce((s, p) => s + p.value, 0);
  return (
    <div
      role="img"
      aria-label={`${label}: ${parts.map((p) => `${p.name} ${percent(p.value, total)}`).join(', ')}`}
      className="flex h-2.5 gap-0.5 overflow-hidden rounded-full bg-muted"
    >
      {total > 0 &&
        parts.map((p) =>
          p.value > 0 ? (
            <span
              key={p.name}
              title={`${p.name} ${percent(p.value, total)}`}
              style={{ width: `${(p.value / total) * 100}%`, backgroundColor: p.color }}
              className="min-w-[3px]"
            />
          ) : null,
        )}
    </div>
  );
}
