/** Round axis values from 0 to at least max: 3 to 5 steps of 1, 2, 2.5 or 5 times a power of ten. */
export function axis(max: number, whole = true): number[] {
  const top = Math.max(max, whole ? 1 : 1e-6);
  const raw = top / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  let step = ([1, 2, 2.5, 5, 10].find((k) => k * power >= raw * 0.999_999) ?? 10) * power;
  if (whole) step = Math.max(1, Math.ceil(step));
  const steps = Math.ceil((top / step) * 0.999_999);
  return Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Which of n labels to draw so that each has at least `room` pixels. */
export const everyNth = (n: number, width: number, room: number) =>
  Math.max(1, Math.ceil((n * room) / Math.max(width, room)));
