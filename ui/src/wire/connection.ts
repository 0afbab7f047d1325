/** Whether the server can be reached, and the heartbeat that finds it again. */
import { useSyncExternalStore } from "react";
import { address } from "./send";

type State = "ok" | "lost";

const RETRY_MS = 1000;

class Connection {
  private state: State = "ok";
  /** Grows each time the server was found again. */
  private healed = 0;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly current = () => this.state;
  readonly heals = () => this.healed;

  /** Somebody got no answer: show it, and knock until there is one. */
  lost(): void {
    if (this.state === "lost") return;
    this.tell("lost");
    void this.knock();
  }

  private async knock(): Promise<void> {
    for (;;) {
      await new Promise((done) => setTimeout(done, RETRY_MS));
      if (await answers()) break;
    }
    this.healed += 1;
    this.tell("ok");
  }

  private tell(state: State): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

export const connection = new Connection();

/** Whether the server answers at all. */
export async function answers(): Promise<boolean> {
  try {
    return (await fetch(address("health"), { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

export function useConnection(): State {
  return useSyncExternalStore(connection.subscribe, connection.current);
}

/** Changes when the server was lost and found. */
export function useHeals(): number {
  return useSyncExternalStore(connection.subscribe, connection.heals);
}
