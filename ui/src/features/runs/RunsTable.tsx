import { type ColumnDef, flexRender, getCoreRowModel, type Header, useReactTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type KeyboardEvent, memo, type RefObject, useEffect, useMemo, useRef } from "react";
import { Icon } from "../../parts/icons";
import { go, to } from "../../parts/router";
import { RunCell } from "./cells";
import type { Layout } from "./ColumnPicker";
import { field, runName } from "./fields";
import type { Sorting } from "./sorting";
import { Status } from "./Status";
import type { Row } from "./useRuns";

const ROW = 33;
const CHECK = "check";
const NAME = "name";

export interface TableProps {
  experimentId: string;
  rows: Row[];
  layout: Layout;
  sorting: Sorting;
  onSort: (order: string, numeric: boolean) => void;
  selected: ReadonlySet<string>;
  onSelect: (id: string, range: boolean) => void;
  onSelectAll: (on: boolean) => void;
  onFold: (id: string) => void;
  onNearEnd: () => void;
  loadingMore: boolean;
  stale: boolean;
  viewport: RefObject<HTMLDivElement | null>;
}

/** The table of runs. Only the rows in view are in the page, however many there are. */
export function RunsTable(props: TableProps) {
  const { rows, layout, viewport } = props;
  const columns = useMemo(() => definitions(layout.columns), [layout.columns]);
  const table = useReactTable({
    data: rows,
    columns,
    getCoreRowModel: getCoreRowModel(),
    getRowId: (row) => row.run.info.run_id,
    columnResizeMode: "onChange",
    state: { columnPinning: { left: [CHECK, NAME, ...layout.pinned] } },
  });
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW,
    overscan: 12,
    paddingStart: 34,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  const { onNearEnd } = props;
  useEffect(() => {
    if (last > rows.length - 60) onNearEnd();
  }, [last, rows.length, onNearEnd]);
  useStickToEnd(viewport, rows.length, props.loadingMore, () => virtual.scrollToIndex(rows.length - 1));

  const width = table.getTotalSize();
  const model = table.getRowModel().rows;
  const cells = table.getVisibleLeafColumns();
  const headers = new Map(table.getFlatHeaders().map((header) => [header.column.id, header]));
  const places = cells.map((column) => ({
    width: column.getSize(),
    left: column.getIsPinned() ? column.getStart("left") : undefined,
    edge: column.getIsLastColumn("left"),
  }));
  return (
    <div
      ref={viewport}
      className={`runs-viewport card ${props.stale ? "stale" : ""}`}
      data-testid="runs-viewport"
      role="table"
      aria-label="Runs"
      aria-rowcount={rows.length + 1}
      aria-colcount={cells.length}
      tabIndex={0}
      onKeyDown={(event) => travel(event, virtual.scrollToIndex, rows.length)}
    >
      <div className="runs-canvas" role="presentation" style={{ height: virtual.getTotalSize(), minWidth: width }}>
        <div className="runs-head" role="rowgroup">
          <div role="row" aria-rowindex={1} className="run-cells">
            {cells.map((column, index) => (
              <HeadCell key={column.id} header={headers.get(column.id)!} place={places[index]!} table={props} />
            ))}
          </div>
        </div>
        <div role="rowgroup">
          {items.map((item) => {
            const row = model[item.index]!;
            return (
              <div
                key={row.id}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={props.selected.has(row.id)}
                data-testid="run-row"
                data-index={item.index}
                data-run={row.id}
                className="run-row run-cells"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {cells.map((column, index) => (
                  <div
                    key={column.id}
                    role="cell"
                    className={cellClass(column.id, places[index]!)}
                    style={cellStyle(places[index]!)}
                    data-column={column.id}
                  >
                    <Cell row={rows[item.index]!} column={column.id} table={props} selected={props.selected.has(row.id)} />
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function definitions(ids: string[]): ColumnDef<Row>[] {
  return [
    { id: CHECK, size: 34, enableResizing: false },
    { id: NAME, header: "Run", size: 250, minSize: 120 },
    ...ids.flatMap((id) => {
      const one = field(id);
      return one ? [{ id, header: one.label, size: one.width, minSize: 56 } satisfies ColumnDef<Row>] : [];
    }),
  ];
}

interface Place {
  width: number;
  left: number | undefined;
  edge: boolean;
}

function cellStyle(place: Place): CSSProperties {
  return { width: place.width, left: place.left };
}

function cellClass(id: string, place: Place): string {
  const numeric = field(id)?.numeric ? "num" : "";
  return `run-cell ${numeric} ${place.left === undefined ? "" : "pinned"} ${place.edge ? "edge" : ""}`;
}

function HeadCell({ header, place, table }: { header: Header<Row, unknown>; place: Place; table: TableProps }) {
  const id = header.column.id;
  if (id === CHECK) {
    const all = table.rows.length > 0 && table.rows.every((row) => table.selected.has(row.run.info.run_id));
    return (
      <div role="columnheader" className={cellClass(id, place)} style={cellStyle(place)}>
        <input
          type="checkbox"
          aria-label="Select all loaded runs"
          checked={all}
          ref={(box) => {
            if (box) box.indeterminate = !all && table.selected.size > 0;
          }}
          onChange={() => table.onSelectAll(!all)}
        />
      </div>
    );
  }
  const one = field(id);
  const order = id === NAME ? "attributes.run_name" : one?.order;
  const sorted = order !== undefined && table.sorting.order === order;
  const label = flexRender(header.column.columnDef.header, header.getContext());
  return (
    <div
      role="columnheader"
      className={cellClass(id, place)}
      style={cellStyle(place)}
      aria-sort={sorted ? (table.sorting.ascending ? "ascending" : "descending") : undefined}
      data-column={id}
    >
      {order ? (
        <button type="button" className="head-button" title={id === NAME ? undefined : id} onClick={() => table.onSort(order, one?.numeric ?? false)}>
          <span className="clip">{label}</span>
          {sorted && <Icon name={table.sorting.ascending ? "arrowUp" : "arrowDown"} size={12} />}
        </button>
      ) : (
        <span className="clip head-label">{label}</span>
      )}
      {header.column.getCanResize() && (
        <span className="resizer" onPointerDown={(event) => header.getResizeHandler()(event)} aria-hidden="true" />
      )}
    </div>
  );
}

const Cell = memo(
  function Cell({ row, column, table, selected }: { row: Row; column: string; table: TableProps; selected: boolean }) {
    const id = row.run.info.run_id;
    if (column === CHECK) {
      return (
        <input
          type="checkbox"
          aria-label={`Select ${runName(row.run)}`}
          checked={selected}
          onChange={(event) => table.onSelect(id, (event.nativeEvent as MouseEvent).shiftKey)}
        />
      );
    }
    if (column !== NAME) return <RunCell run={row.run} id={column} />;
    return (
      <span className="run-name" style={{ paddingLeft: row.depth * 18 }}>
        {row.children > 0 && (
          <button
            type="button"
            className="fold"
            aria-expanded={!row.folded}
            aria-label={`${row.folded ? "Show" : "Hide"} ${row.children} nested runs`}
            onClick={() => table.onFold(id)}
          >
            <Icon name={row.folded ? "right" : "down"} size={12} />
          </button>
        )}
        {(row.depth > 0 || row.orphan) && (
          <span className="nested" title="Nested run" data-testid="nested">
            <Icon name="child" size={13} />
          </span>
        )}
        <Status status={row.run.info.status} />
        <a className="clip" href={to(["experiments", table.experimentId, "runs", id])} title={runName(row.run)}>
          {runName(row.run)}
        </a>
        {row.children > 0 && <span className="tab-count">{row.children}</span>}
      </span>
    );
  },
  (before, after) =>
    before.row.run === after.row.run &&
    before.row.folded === after.row.folded &&
    before.row.children === after.row.children &&
    before.row.depth === after.row.depth &&
    before.row.orphan === after.row.orphan &&
    before.selected === after.selected &&
    before.column === after.column &&
    before.table.onSelect === after.table.onSelect &&
    before.table.onFold === after.table.onFold,
);

function travel(event: KeyboardEvent, scroll: (index: number) => void, count: number) {
  if (event.key === "Home") scroll(0);
  else if (event.key === "End") scroll(count - 1);
  else if (event.key === "Enter" && event.target instanceof HTMLElement) {
    const link = event.target.closest('[role="row"]')?.querySelector<HTMLAnchorElement>("a[href]");
    if (link && event.target.tagName !== "BUTTON" && event.target.tagName !== "A") go(link.hash);
  }
}

/** A jump to the very end means the end of all runs: follow it while more are coming. */
function useStickToEnd(viewport: RefObject<HTMLDivElement | null>, count: number, loading: boolean, scroll: () => void) {
  const wanted = useRef(false);
  useEffect(() => {
    const place = viewport.current;
    if (!place) return;
    let before = place.scrollTop;
    const onScroll = () => {
      const jumped = place.scrollTop - before > place.clientHeight * 2;
      const atEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 4;
      if (jumped && atEnd) wanted.current = true;
      else if (place.scrollTop < before) wanted.current = false;
      before = place.scrollTop;
    };
    const onWheel = () => {
      wanted.current = false;
    };
    place.addEventListener("scroll", onScroll, { passive: true });
    place.addEventListener("wheel", onWheel, { passive: true });
    return () => {
      place.removeEventListener("scroll", onScroll);
      place.removeEventListener("wheel", onWheel);
    };
  }, [viewport]);
  useEffect(() => {
    if (wanted.current) scroll();
    if (!loading) return;
  }, [count, loading]);
}
