/** Short messages at the foot of the page, with a way back. */
import { useSyncExternalStore } from "react";
import { Button } from "./basics";

interface Toast {
  id: number;
  text: string;
  undo?: () => void;
}

const LIFE_MS = 10_000;
const listeners = new Set<() => void>();
let toasts: Toast[] = [];
let last = 0;

function set(next: Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

function drop(id: number) {
  set(toasts.filter((toast) => toast.id !== id));
}

/** Say something; with `undo`, offer to take it back. */
export function say(text: string, undo?: () => void): void {
  last += 1;
  const id = last;
  set([...toasts.slice(-2), { id, text, undo }]);
  setTimeout(() => drop(id), LIFE_MS);
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div className="toast" key={toast.id}>
          <span>{toast.text}</span>
          {toast.undo && (
            <Button
              look="quiet"
              onClick={() => {
                toast.undo?.();
                drop(toast.id);
              }}
            >
              Undo
            </Button>
          )}
          <Button look="quiet" icon="close" aria-label="Dismiss" onClick={() => drop(toast.id)} />
        </div>
      ))}
    </div>
  );
}
