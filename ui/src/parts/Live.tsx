import type { Liveness } from "../wire/live";

const WORDS: Record<Liveness, string> = {
  live: "Live",
  connecting: "Connecting",
  paused: "Paused",
  polling: "Every 10 s",
};
const ABOUT: Record<Liveness, string> = {
  live: "Changes appear by themselves",
  connecting: "Connecting to the server",
  paused: "Paused while the page is hidden or the server is away",
  polling: "The server does not offer events: asked every 10 seconds",
};

/** Whether the page hears of changes. */
export function Live({ state }: { state: Liveness }) {
  return (
    <span className={`live ${state}`} title={ABOUT[state]} data-testid="live" data-state={state}>
      <i /> {WORDS[state]}
    </span>
  );
}
