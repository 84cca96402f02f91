/** A trend without axis. It decorates a number that stands beside it, so it is hidden from screen readers. */
export function Sparkline({
  values,
  color,
  className,
}: {
  values: readonly number[];
  color: string;
  className?: string;
}) {
  if (values.length < 2) return null;
  const max = Math.max(1, ...values);
  const step = 100 / (values.length - 1);
  const points = values.map((v, i) => `${(i * step).toFixed(2)},${(30 - (v / max) * 27).toFixed(2)}`).join(' ');
  return (
    <svg aria-hidden viewBox="0 0 100 32" preserveAspectRatio="none" className={className}>
      <polygon points={`0,32 ${points} 100,32`} fill={color} opacity={0.13} />
      <polyline
        points={points}
        fill="none"
        stroke={color}
        strokeWidth={1.6}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
