import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { counted } from "../../parts/format";
import { Icon } from "../../parts/icons";
import { parseCsv } from "./csv";

const ROW = 29;
const LIMIT = 50_000;
const CHARACTER_PX = 7.4;

/** A CSV as a table that can be sorted. Only the rows in view are in the page. */
export function Table({ text, separator }: { text: string; separator: "," | "\t" }) {
  const { rows, more } = useMemo(() => parseCsv(text, separator, LIMIT), [text, separator]);
  const [sorted, sort] = useState<{ column: number; up: boolean } | null>(null);
  const head = rows[0] ?? [];
  const body = useMemo(() => order(rows.slice(1), sorted), [rows, sorted]);
  const widths = useMemo(() => measured(rows), [rows]);
  const viewport = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: body.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW,
    overscan: 15,
    paddingStart: ROW,
  });
  return (
    <>
      <p className="none small soft">
        {counted(body.length, "row")}, {counted(head.length, "column")}
        {more && ` (only the first ${LIMIT} rows are shown)`}
      </p>
      <div
        ref={viewport}
        className="csv"
        role="table"
        aria-label="Rows of the file"
        aria-rowcount={body.length + 1}
        tabIndex={0}
        data-testid="preview-table"
      >
        <div className="csv-canvas" role="presentation" style={{ height: virtual.getTotalSize() }}>
          <div role="rowgroup" className="csv-head">
            <div role="row" aria-rowindex={1} className="csv-row">
              {head.map((label, column) => (
                <div
                  key={column}
                  role="columnheader"
                  style={{ width: widths[column] }}
                  aria-sort={sorted?.column === column ? (sorted.up ? "ascending" : "descending") : undefined}
                >
                  <button
                    type="button"
                    onClick={() => sort({ column, up: sorted?.column === column ? !sorted.up : true })}
                  >
                    <span className="clip">{label}</span>
                    {sorted?.column === column && <Icon name={sorted.up ? "arrowUp" : "arrowDown"} size={12} />}
                  </button>
                </div>
              ))}
            </div>
          </div>
          <div role="rowgroup">
            {virtual.getVirtualItems().map((item) => (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className="csv-row data"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {head.map((_, column) => {
                  const value = body[item.index]?.[column] ?? "";
                  return (
                    <div key={column} role="cell" className="clip" style={{ width: widths[column] }} title={value}>
                      {value}
                    </div>
                  );
                })}
              </div>
            ))}
          </div>
        </div>
      </div>
    </>
  );
}

function measured(rows: string[][]): number[] {
  return (rows[0] ?? []).map((_, column) => {
    const longest = rows.slice(0, 100).reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0);
    return Math.round(Math.min(360, Math.max(64, longest * CHARACTER_PX + 30)));
  });
}

function order(rows: string[][], sorted: { column: number; up: boolean } | null): string[][] {
  if (!sorted) return rows;
  const { column, up } = sorted;
  const sign = up ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x = "", y = ""] = [a[column], b[column]];
    const [p, q] = [Number(x), Number(y)];
    const both = x !== "" && y !== "" && !Number.isNaN(p) && !Number.isNaN(q);
    return sign * (both ? p - q : x.localeCompare(y));
  });
}
