import { useEffect, useRef } from "react";
import { Button } from "./basics";

/** The end of a list that has more: loads it when it comes into view, or when pressed. */
export function More({ load, busy }: { load: () => void; busy: boolean }) {
  const mark = useRef<HTMLDivElement>(null);
  const run = useRef(load);
  useEffect(() => {
    run.current = load;
  });
  useEffect(() => {
    if (busy || !mark.current) return;
    const seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && run.current());
    seen.observe(mark.current);
    return () => seen.disconnect();
  }, [busy]);
  return (
    <div ref={mark} className="more">
      <Button look="quiet" disabled={busy} onClick={load}>
        {busy ? "Loading…" : "Load more"}
      </Button>
    </div>
  );
}
