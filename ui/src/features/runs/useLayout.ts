import { useCallback, useMemo, useRef } from "react";
import type { Run } from "../../generated/calls";
import { setQuery, usePlace } from "../../parts/router";
import type { Layout } from "./ColumnPicker";
import { defaults, field } from "./fields";

/** The columns of the table: from the address, else as last chosen for this experiment, else what suits the runs. */
export function useLayout(experimentId: string, first: readonly Run[], narrowed: boolean) {
  const { query } = usePlace();
  const chosen = query.get("columns") ?? remembered(experimentId, "columns");
  const pins = query.get("pinned") ?? remembered(experimentId, "pinned");
  // What a filter or another order brings up must not change the columns under the reader's eyes.
  const settled = useRef("");
  const usualKey = useMemo(() => {
    if (first.length && (!narrowed || !settled.current)) settled.current = defaults(first).join("\n");
    return settled.current || defaults([]).join("\n");
  }, [first, narrowed]);
  const layout = useMemo<Layout>(() => {
    const columns = chosen === null ? usualKey.split("\n") : unpack(chosen);
    return { columns, pinned: unpack(pins ?? "").filter((id) => columns.includes(id)) };
  }, [chosen, pins, usualKey]);
  const setLayout = useCallback(
    (next: Layout) => {
      remember(experimentId, "columns", pack(next.columns));
      remember(experimentId, "pinned", pack(next.pinned));
      setQuery({ columns: pack(next.columns), pinned: pack(next.pinned) });
    },
    [experimentId],
  );
  const resetLayout = useCallback(() => {
    remember(experimentId, "columns", null);
    remember(experimentId, "pinned", null);
    setQuery({ columns: "", pinned: "" });
  }, [experimentId]);
  return { layout, setLayout, resetLayout };
}

// Names may hold commas; a backslash keeps them together.
function pack(ids: readonly string[]): string {
  return ids.map((id) => id.replace(/[\\,]/g, "\\$&")).join(",");
}

function unpack(text: string): string[] {
  const ids = text.match(/(?:\\.|[^\\,])+/g) ?? [];
  return ids.map((id) => id.replace(/\\(.)/g, "$1")).filter((id) => field(id) !== null);
}

function remembered(experimentId: string, what: string): string | null {
  try {
    return localStorage.getItem(`headrace.${what}.${experimentId}`);
  } catch {
    return null;
  }
}

function remember(experimentId: string, what: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`headrace.${what}.${experimentId}`);
    else localStorage.setItem(`headrace.${what}.${experimentId}`, value);
  } catch {
    // Without storage the address alone remembers.
  }
}
