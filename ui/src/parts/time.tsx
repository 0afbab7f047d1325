import { useSyncExternalStore } from "react";
import { ago, fullTime } from "./format";

// One clock for all relative times on the page.
const listeners = new Set<() => void>();
let now = Date.now();
setInterval(() => {
  if (document.visibilityState !== "visible" || listeners.size === 0) return;
  now = Date.now();
  for (const listener of listeners) listener();
}, 20_000);

/** The present, as it was at the last tick. */
export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}

/** A moment, as how long ago it was; the full time on hover. */
export function Time({ at }: { at: number | undefined }) {
  const present = Math.max(useNow(), Date.now() - 60_000);
  if (!at) return <span className="faint">–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {ago(at, present)}
    </time>
  );
}
