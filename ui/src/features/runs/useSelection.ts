import { useCallback, useRef, useState } from "react";
import type { Row } from "./useRuns";

const NOTHING: ReadonlySet<string> = new Set();

/** Which runs are selected. With Shift, all from the last one touched to this one. */
export function useSelection(rows: readonly Row[]) {
  const [selected, setSelected] = useState(NOTHING);
  const anchor = useRef<string | null>(null);
  const ids = useRef<string[]>([]);
  ids.current = rows.map((row) => row.run.info.run_id);
  const select = useCallback((id: string, range: boolean) => {
    const from = range && anchor.current ? ids.current.indexOf(anchor.current) : -1;
    const until = ids.current.indexOf(id);
    const touched = from < 0 ? [id] : ids.current.slice(Math.min(from, until), Math.max(from, until) + 1);
    anchor.current = id;
    setSelected((old) => {
      const next = new Set(old);
      for (const each of touched) {
        if (old.has(id)) next.delete(each);
        else next.add(each);
      }
      return next;
    });
  }, []);
  const selectAll = useCallback((on: boolean) => setSelected(on ? new Set(ids.current) : NOTHING), []);
  return { selected, select, selectAll };
}

/** Which parents have their nested runs folded away. */
export function useFolds() {
  const [folded, setFolded] = useState(NOTHING);
  const fold = useCallback((id: string) => {
    setFolded((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  return { folded, fold };
}
