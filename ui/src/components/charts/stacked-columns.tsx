// Columns over time, stacked by series: SVG, no library, readable with a pointer, with the keyboard and by a screen reader.
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { axis, everyNth } from './scale';

export interface Series {
  key: string;
  name: string;
  color: string;
}

export interface Column {
  /** Start of the bucket, Unix ms. */
  at: number;
  /** One value for each series, in their order. */
  values: readonly number[];
}

interface Props {
  columns: readonly Column[];
  series: readonly Series[];
  /** What the chart shows, for those who do not see it. */
  label: string;
  /** Name of a bucket in the tooltip: "24 Nov, 14:00 to 15:00 UTC". */
  nameOf: (at: number) => string;
  /** Name of a bucket under the axis. */
  tickOf: (at: number) => string;
  format: (value: number, exact: boolean) => string;
  /** Buckets starting here or later are still filling; they are drawn hatched. */
  fillingFrom?: number;
  whole?: boolean;
}

const M = { top: 10, right: 2, bottom: 26, left: 46 };

export function StackedColumns({
  columns,
  series,
  label,
  nameOf,
  tickOf,
  format,
  fillingFrom = Number.POSITIVE_INFINITY,
  whole = true,
}: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [{ w, h }, setSize] = useState({ w: 720, h: 256 });
  const [at, setAt] = useState<number | null>(null);

  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setSize({ w: Math.round(entry.contentRect.width), h: Math.round(entry.contentRect.height) });
    });
    watch.observe(el);
    return () => watch.disconnect();
  }, []);

  const innerW = Math.max(1, w - M.left - M.right);
  const innerH = Math.max(1, h - M.top - M.bottom);
  const slot = innerW / Math.max(1, columns.length);
  const gap = slot > 14 ? 4 : slot > 6 ? 2 : slot > 3 ? 1 : 0.4;
  const barW = Math.min(46, Math.max(0.6, slot - gap));
  const x = (i: number) => M.left + slot * i + (slot - barW) / 2;

  const { ticks, bars } = useMemo(() => {
    const sums = columns.map((c) => c.values.reduce((s, v) => s + v, 0));
    const levels = axis(Math.max(0, ...sums), whole);
    const top = levels.at(-1) ?? 1;
    const px = (v: number) => (v / top) * innerH;
    return {
      ticks: levels.map((v) => ({ v, y: M.top + innerH - px(v) })),
      bars: columns.map((c) => {
        let base = M.top + innerH;
        return c.values.map((v) => {
          // Something is never drawn as nothing.
          const height = v > 0 ? Math.max(1, px(v)) : 0;
          base -= height;
          return { y: base, height };
        });
      }),
    };
  }, [columns, innerH, whole]);

  const every = everyNth(columns.length, innerW, 64);
  const last = columns.length - 1;
  const shown = at === null ? undefined : columns[Math.min(at, last)];
  const index = at === null ? 0 : Math.min(at, last);

  const onMove = (e: PointerEvent<SVGSVGElement>) => {
    const left = e.currentTarget.getBoundingClientRect().left;
    setAt(Math.max(0, Math.min(last, Math.floor((e.clientX - left - M.left) / slot))));
  };
  const onKey = (e: KeyboardEvent) => {
    const from = at ?? last + 1;
    const to = {
      ArrowLeft: from - 1,
      ArrowDown: from - 1,
      ArrowRight: (at ?? -1) + 1,
      ArrowUp: (at ?? -1) + 1,
      PageUp: from - 10,
      PageDown: (at ?? -1) + 10,
      Home: 0,
      End: last,
    }[e.key];
    if (e.key === 'Escape') setAt(null);
    if (to === undefined || last < 0) return;
    e.preventDefault();
    setAt(Math.max(0, Math.min(last, to)));
  };
  const read = (c: Column) =>
    `${nameOf(c.at)}: ${series.map((s, k) => `${s.name} ${format(c.values[k] ?? 0, true)}`).join(', ')}`;

  return (
    <div ref={box} data-slot="stacked-columns" className="relative size-full">
      <div
        role="slider"
        tabIndex={0}
        aria-label={`${label}. Arrow keys read the values.`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={index}
        aria-valuetext={shown ? read(shown) : columns[last] ? read(columns[last]) : 'no values'}
        onKeyDown={onKey}
        onBlur={() => setAt(null)}
        className="focus-ring absolute inset-0 rounded-md"
      >
        <svg
          aria-hidden
          width={w}
          height={h}
          className="touch-pan-y"
          onPointerMove={onMove}
          onPointerDown={onMove}
          onPointerLeave={() => setAt(null)}
        >
          <defs>
            {series.map((s) => (
              <pattern
                key={s.key}
                id={`hatch-${s.key}`}
                width="5"
                height="5"
                patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
              >
                <rect width="5" height="5" fill={s.color} opacity="0.35" />
                <rect width="2.5" height="5" fill={s.color} />
              </pattern>
            ))}
          </defs>
          {ticks.map(({ v, y }) => (
            <g key={v}>
              <line x1={M.left} x2={w - M.right} y1={y} y2={y} className="stroke-border" />
              <text x={M.left - 8} y={y} dy="0.32em" textAnchor="end" className="tnum fill-muted-foreground text-xs">
                {format(v, false)}
              </text>
            </g>
          ))}
          {shown && (
            <rect
              x={M.left + slot * index}
              y={M.top}
              width={slot}
              height={innerH}
              className="fill-foreground/6"
              rx={3}
            />
          )}
          {bars.map((stack, i) => {
            const column = columns[i];
            if (!column) return null;
            const top = stack.findLastIndex((b) => b.height > 0);
            return (
              <g key={column.at}>
                {stack.map((b, k) => {
                  const s = series[k];
                  if (!s || b.height === 0) return null;
                  const fill = column.at >= fillingFrom ? `url(#hatch-${s.key})` : s.color;
                  const r = k === top ? Math.min(2.5, barW / 3, b.height) : 0;
                  // A hairline of the card between stacked parts, so that colour alone does not separate them.
                  const gapBelow = k > 0 && b.height > 3 ? 1 : 0;
                  return r > 0.5 ? (
                    <path
                      key={s.key}
                      fill={fill}
                      d={`M${x(i)},${b.y + b.height - gapBelow}v${-(b.height - gapBelow - r)}q0,${-r} ${r},${-r}h${barW - 2 * r}q${r},0 ${r},${r}v${b.height - gapBelow - r}z`}
                    />
                  ) : (
                    <rect
                      key={s.key}
                      fill={fill}
                      x={x(i)}
                      y={b.y}
                      width={barW}
                      height={Math.max(0.5, b.height - gapBelow)}
                    />
                  );
                })}
                {i % every === 0 && (
                  <text
                    x={M.left + slot * (i + 0.5)}
                    y={h - 7}
                    textAnchor={i === 0 && slot < 40 ? 'start' : 'middle'}
                    className="tnum fill-muted-foreground text-xs"
                  >
                    {tickOf(column.at)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
      {shown && (
        <div
          aria-hidden
          className="pointer-events-none absolute top-2 z-10 min-w-40 rounded-lg border bg-popover px-3 py-2 text-[13px] shadow-pop"
          style={
            index > columns.length / 2
              ? { right: w - (M.left + slot * index) + 8 }
              : { left: M.left + slot * (index + 1) + 8 }
          }
        >
          <p className="mb-1.5 font-medium whitespace-nowrap">{nameOf(shown.at)}</p>
          {series.map((s, k) => (
            <p key={s.key} className="flex items-center gap-2">
              <span className="size-2 rounded-full" style={{ backgroundColor: s.color }} />
              <span className="flex-1 text-muted-foreground">{s.name}</span>
              <span className="tnum pl-3 font-medium">{format(shown.values[k] ?? 0, true)}</span>
            </p>
          ))}
          {series.length > 1 && (
            <p className="mt-1 flex border-t pt-1 font-medium">
              <span className="flex-1">Total</span>
              <span className="tnum">
                {format(
                  shown.values.reduce((s, v) => s + v, 0),
                  true,
                )}
              </span>
            </p>
          )}
          {shown.at >= fillingFrom && <p className="mt-1 text-xs text-muted-foreground">Still filling</p>}
        </div>
      )}
      <table className="sr-only">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map((s) => (
              <th key={s.key} scope="col">
                {s.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map((c) =>
            c.values.some((v) => v > 0) ? (
              <tr key={c.at}>
                <th scope="row">{nameOf(c.at)}</th>
                {series.map((s, k) => (
                  <td key={s.key}>{format(c.values[k] ?? 0, true)}</td>
                ))}
              </tr>
            ) : null,
          )}
        </tbody>
      </table>
    </div>
  );
}
