import { statusWord } from "./fields";

const SHAPES: Record<string, string> = {
  FINISHED: "m3.5 8.3 3 3 6-6.6",
  FAILED: "m4.5 4.5 7 7M11.5 4.5l-7 7",
  KILLED: "M4.5 4.5h7v7h-7z",
  SCHEDULED: "M8 4.5V8l2.5 1.5",
  RUNNING: "",
};

/** How a run stands: a shape and a colour, and the word if there is room. */
export function Status({ status = "RUNNING", word = false }: { status?: string; word?: boolean }) {
  return (
    <span className={`status ${status.toLowerCase()}`} title={word ? undefined : statusWord(status)}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        {status === "RUNNING" ? <circle cx="8" cy="8" r="3.6" /> : <path d={SHAPES[status] ?? SHAPES.SCHEDULED} />}
      </svg>
      {word ? statusWord(status) : <span className="hidden">{statusWord(status)}</span>}
    </span>
  );
}
