/** How values are written. */

const GROUPED = new Intl.NumberFormat("en-US");
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const SHORT = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** A count with separators: 12,345. */
export function count(value: number): string {
  return GROUPED.format(value);
}

/** A count and its noun: "1 run", "2,000 runs". */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A measured value in at most six significant digits. */
export function measure(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return Math.abs(value) < 1e5 ? String(value) : count(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(4).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(6)));
}

/** A size in bytes. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`;
}

/** A stretch of time in milliseconds: 350 ms, 4.2 s, 3 min 5 s, 2 h 10 min. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const s = ms / 1000;
  if (s < 60) return `${s < 10 ? s.toFixed(1) : Math.round(s)} s`;
  const units: [number, string][] = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const at = units.findIndex(([size]) => s >= size);
  const [size, name] = units[at]!;
  const [smaller, smallerName] = units[at + 1]!;
  const rest = Math.floor((s % size) / smaller);
  return `${Math.floor(s / size)} ${name}${rest ? ` ${rest} ${smallerName}` : ""}`;
}

/** The whole date and time, in the reader's own zone. */
export function fullTime(at: number): string {
  return FULL.format(at);
}

/** How long ago: "just now", "5 min ago", then the date. */
export function ago(at: number, now: number): string {
  const s = (now - at) / 1000;
  if (s < 45 && s > -60) return "just now";
  if (s < 0) return SHORT.format(at);
  if (s < 3600) return `${Math.max(1, Math.round(s / 60))} min ago`;
  if (s < 86400) return `${Math.round(s / 3600)} h ago`;
  if (s < 86400 * 30) return `${Math.round(s / 86400)} d ago`;
  return DAY.format(at);
}
