import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useMemo, useRef } from "react";

const LINE = 20;

/** A text, line by line, with numbers. Only the lines in view are in the page. */
export function Lines({ text, kind, label }: { text: string; kind: "text" | "json"; label: string }) {
  const lines = useMemo(() => text.replace(/\r?\n$/, "").split(/\r?\n/), [text]);
  const longest = useMemo(() => lines.reduce((most, line) => Math.max(most, line.length), 0), [lines]);
  const viewport = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => LINE,
    overscan: 30,
    paddingStart: 8,
    paddingEnd: 8,
  });
  const digits = String(lines.length).length;
  return (
    <div ref={viewport} className="lines mono" tabIndex={0} role="group" aria-label={label} data-testid="preview-text">
      <div
        className="lines-canvas"
        style={{ height: virtual.getTotalSize(), minWidth: `calc(${Math.min(longest, 5000) + digits}ch + 48px)` }}
      >
        {virtual.getVirtualItems().map((item) => (
          <div key={item.key} className="line" style={{ transform: `translateY(${item.start}px)` }}>
            <span className="line-number" style={{ width: `${digits + 1}ch` }} aria-hidden="true">
              {item.index + 1}
            </span>
            <span>{kind === "json" ? coloured(lines[item.index]!) : lines[item.index]}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

function coloured(line: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const found of line.matchAll(TOKEN)) {
    parts.push(line.slice(at, found.index));
    const kind = found[1] ? (found[2] ? "key" : "string") : "value";
    parts.push(
      <span key={found.index} className={`json-${kind}`}>
        {found[0]}
      </span>,
    );
    at = found.index + found[0].length;
  }
  parts.push(line.slice(at));
  return parts;
}
