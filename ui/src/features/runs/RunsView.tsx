import { useCallback, useEffect, useMemo, useRef } from "react";
import { Button, Failure, Skeleton } from "../../parts/basics";
import { count } from "../../parts/format";
import { Live } from "../../parts/Live";
import { setQuery } from "../../parts/router";
import type { Liveness } from "../../wire/live";
import { Refusal } from "../../wire/send";
import { ColumnPicker } from "./ColumnPicker";
import { fieldsOf } from "./fields";
import { FilterBox } from "./FilterBox";
import { NoRuns } from "./NoRuns";
import { RunsCharts } from "./RunsCharts";
import { RunsTable } from "./RunsTable";
import { SelectionBar } from "./SelectionBar";
import { useLayout } from "./useLayout";
import { nest, useRuns } from "./useRuns";
import { useFolds, useSelection } from "./useSelection";
import { useView } from "./useView";
import "./runs.css";

/** The runs of an experiment. Filter, order, columns and mode are all in the address. */
export function RunsView({ experimentId }: { experimentId: string }) {
  const view = useView();
  const stage = view.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY";
  const found = useRuns({ experimentId, filter: view.filter, order: view.order, stage });
  const { query, runs, fresh, takeFresh } = found;
  const { folded, fold } = useFolds();
  const rows = useMemo(() => nest(runs, !view.sorting.order, folded), [runs, view.sorting.order, folded]);
  const { selected, select, selectAll } = useSelection(rows);
  const viewport = useRef<HTMLDivElement>(null);
  const narrowed = Boolean(view.typed || view.sorting.order || view.deleted);
  const { layout, setLayout, resetLayout } = useLayout(experimentId, query.data?.pages[0]?.runs ?? [], narrowed);
  const fields = useMemo(() => fieldsOf(runs), [runs]);
  const names = () => Object.values(fields).flatMap((group) => group.flatMap((one) => one.order ?? []));

  // New runs come in by themselves, unless that would move what is being read.
  const arriving = fresh.size > 0 && !view.deleted;
  useEffect(() => {
    if (arriving && (viewport.current?.scrollTop ?? 0) < 4) void takeFresh().catch(() => undefined);
  }, [arriving, fresh, takeFresh]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isPlaceholderData, error } = query;
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const refused = error instanceof Refusal && error.status === 400 && view.typed ? error : null;
  const updating = isPlaceholderData || (query.isFetching && !isFetchingNextPage) || refused !== null;
  return (
    <div className="runs-view">
      <div className="toolbar runs-toolbar">
        <FilterBox value={view.typed} onApply={(value) => setQuery({ searchFilter: value })} error={refused} names={names} />
        <Modes charts={view.charts} deleted={view.deleted} />
        {!view.charts && <ColumnPicker fields={fields} layout={layout} onChange={setLayout} onReset={resetLayout} />}
      </div>
      {view.words && <p className="small faint hint">Runs with “{view.words}” in their name.</p>}
      {error && !refused && <Failure error={error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton rows={10} />}
      {query.data && runs.length === 0 && !error && (
        <NoRuns experimentId={experimentId} filter={view.typed} deleted={view.deleted} />
      )}
      {runs.length > 0 && view.charts && <RunsCharts runs={runs} selected={selected} />}
      {runs.length > 0 && !view.charts && (
        <RunsTable
          experimentId={experimentId}
          rows={rows}
          layout={layout}
          sorting={view.sorting}
          onSort={view.sort}
          selected={selected}
          onSelect={select}
          onSelectAll={selectAll}
          onFold={fold}
          onNearEnd={loadMore}
          loadingMore={isFetchingNextPage}
          stale={isPlaceholderData || refused !== null}
          viewport={viewport}
        />
      )}
      <footer className="runs-foot small soft">
        {(runs.length > 0 || !updating) && <Total count={runs.length} more={hasNextPage} updating={updating} />}
        {arriving && (
          <Arrivals
            count={fresh.size}
            show={() => {
              viewport.current?.scrollTo({ top: 0 });
              void takeFresh();
            }}
          />
        )}
        <Foot
          experimentId={experimentId}
          selected={selected}
          deleted={view.deleted}
          clear={() => selectAll(false)}
          liveness={found.liveness}
        />
      </footer>
    </div>
  );
}

function Modes({ charts, deleted }: { charts: boolean; deleted: boolean }) {
  return (
    <>
      <div className="segmented" role="group" aria-label="Show as">
        <button type="button" aria-pressed={!charts} onClick={() => setQuery({ compareRunsMode: "" })}>
          Table
        </button>
        <button type="button" aria-pressed={charts} onClick={() => setQuery({ compareRunsMode: "CHART" })}>
          Charts
        </button>
      </div>
      <select
        className="field"
        aria-label="State of runs"
        value={deleted ? "Deleted" : ""}
        onChange={(event) => setQuery({ lifecycleFilter: event.target.value })}
      >
        <option value="">Active</option>
        <option value="Deleted">Deleted</option>
      </select>
    </>
  );
}

function Total(props: { count: number; more: boolean; updating: boolean }) {
  const state = props.updating || props.more ? "loading" : "ready";
  return (
    <span data-testid="runs-total" data-total={props.count} data-state={state}>
      {props.more ? `${count(props.count)} runs loaded, more follow` : `${count(props.count)} ${props.count === 1 ? "run" : "runs"}`}
    </span>
  );
}

function Arrivals(props: { count: number; show: () => void }) {
  return (
    <Button look="quiet" icon="arrowUp" className="fresh" onClick={props.show}>
      {props.count === 1 ? "1 new run" : `${count(props.count)} new runs`}
    </Button>
  );
}

function Foot(props: {
  experimentId: string;
  selected: ReadonlySet<string>;
  deleted: boolean;
  clear: () => void;
  liveness: Liveness;
}) {
  const { liveness, ...selection } = props;
  return (
    <>
      <span className="spring" />
      <SelectionBar {...selection} />
      <Live state={liveness} />
    </>
  );
}
