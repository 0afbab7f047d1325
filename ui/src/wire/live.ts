/** What the server says by itself: that a run or an experiment has changed. */
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { answers, connection, useHeals } from "./connection";
import { address } from "./send";

export interface Change {
  run_id?: string;
  experiment_id?: string;
}
export type Liveness = "connecting" | "live" | "paused" | "polling";

const POLL_MS = 10_000;

/**
 * Call `onChange` for each change of one topic; with `null` when something may have been missed.
 * A hidden page does not listen: it catches up when it is seen again.
 */
export function useChanges(
  topic: { run_id: string } | { experiment_id: string } | null,
  onChange: (change: Change | null) => void,
): Liveness {
  const [liveness, setLiveness] = useState<Liveness>("connecting");
  const listener = useRef(onChange);
  useEffect(() => {
    listener.current = onChange;
  });
  const visible = useVisible();
  const heals = useHeals();
  const url = topic && address("ajax-api/2.0/headrace/events", topic);
  const opened = useRef<string | null>(null);

  useEffect(() => {
    if (!url || !visible) {
      setLiveness("paused");
      return;
    }
    if (opened.current === url) listener.current(null);
    opened.current = url;
    return listen(url, setLiveness, (change) => listener.current(change));
  }, [url, visible, heals]);
  return liveness;
}

function listen(url: string, tell: (liveness: Liveness) => void, heard: (change: Change | null) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  let source: EventSource;
  const open = (again: boolean) => {
    source = new EventSource(url);
    source.onopen = () => {
      tell("live");
      if (again) heard(null);
    };
    source.addEventListener("changed", (event: MessageEvent<string>) => heard(JSON.parse(event.data) as Change));
    source.onerror = async () => {
      source.close();
      const up = await answers();
      if (over) return;
      if (!up) {
        connection.lost();
        return;
      }
      // The server is there but does not offer events: ask now and then instead.
      tell("polling");
      heard(null);
      timer = setTimeout(() => open(true), POLL_MS);
    };
  };
  open(false);
  return () => {
    over = true;
    clearTimeout(timer);
    source.close();
  };
}

function useVisible(): boolean {
  return useSyncExternalStore(
    (listener) => {
      document.addEventListener("visibilitychange", listener);
      return () => document.removeEventListener("visibilitychange", listener);
    },
    () => document.visibilityState === "visible",
  );
}

/** A function that runs at once and then at most every `ms`, never losing the last call. */
export function useThrottled(run: () => void, ms: number): () => void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  const state = useRef<{ timer?: ReturnType<typeof setTimeout>; last: number }>({ last: 0 });
  useEffect(() => {
    const held = state.current;
    return () => clearTimeout(held.timer);
  }, []);
  const throttled = useRef(() => {
    const held = state.current;
    const wait = held.last + ms - Date.now();
    if (wait <= 0) {
      held.last = Date.now();
      latest.current();
    } else {
      clearTimeout(held.timer);
      held.timer = setTimeout(() => {
        held.last = Date.now();
        latest.current();
      }, wait);
    }
  });
  return throttled.current;
}
