import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { Button, Empty, Failure, Skeleton } from "../../parts/basics";
import { count } from "../../parts/format";
import { Live } from "../../parts/Live";
import { setQuery, usePlace } from "../../parts/router";
import { nameContains, plainWords } from "../../wire/language";
import { address, Refusal } from "../../wire/send";
import { useExperiment } from "../experiments/queries";
import { ColumnPicker } from "./ColumnPicker";
import { fieldsOf } from "./fields";
import { FilterBox } from "./FilterBox";
import { RunsCharts } from "./RunsCharts";
import { RunsTable } from "./RunsTable";
import { SelectionBar } from "./SelectionBar";
import { clicked, orderBy, type Sorting } from "./sorting";
import { useLayout } from "./useLayout";
import { nest, useRuns } from "./useRuns";
import "./runs.css";

const NOTHING: ReadonlySet<string> = new Set();

/** The runs of an experiment. Filter, order, columns and mode are all in the address. */
export function RunsView({ experimentId }: { experimentId: string }) {
  const { query } = usePlace();
  const typed = query.get("searchFilter") ?? "";
  const words = plainWords(typed);
  const sorting: Sorting = { order: query.get("orderByKey") ?? "", ascending: query.get("orderByAsc") === "true" };
  const deleted = query.get("lifecycleFilter")?.toLowerCase() === "deleted";
  const charts = query.get("compareRunsMode") === "CHART";
  const order = useMemo(() => orderBy(sorting), [sorting.order, sorting.ascending]);
  const {
    query: found,
    runs,
    fresh,
    takeFresh,
    liveness,
  } = useRuns({
    experimentId,
    filter: words === null ? typed : nameContains("attributes.run_name", words),
    order,
    stage: deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
  });
  const [selected, setSelected] = useState<ReadonlySet<string>>(NOTHING);
  const [folded, setFolded] = useState<ReadonlySet<string>>(NOTHING);
  const viewport = useRef<HTMLDivElement>(null);
  const nested = query.get("nested") !== "no" && !sorting.order;
  const rows = useMemo(() => nest(runs, nested, folded), [runs, nested, folded]);
  const { layout, setLayout, resetLayout } = useLayout(
    experimentId,
    found.data?.pages[0]?.runs ?? [],
    Boolean(typed || sorting.order || deleted),
  );
  const fields = useMemo(() => fieldsOf(runs), [runs]);
  const names = useCallback(
    () => Object.values(fieldsOf(runs)).flatMap((group) => group.map((one) => one.order ?? "").filter(Boolean)),
    [runs],
  );

  const anchor = useRef<string | null>(null);
  const ids = useRef<string[]>([]);
  ids.current = rows.map((row) => row.run.info.run_id);
  const select = useCallback((id: string, range: boolean) => {
    setSelected((old) => {
      const next = new Set(old);
      const on = !old.has(id);
      const from = range && anchor.current ? ids.current.indexOf(anchor.current) : -1;
      const until = ids.current.indexOf(id);
      const touched = from < 0 ? [id] : ids.current.slice(Math.min(from, until), Math.max(from, until) + 1);
      for (const each of touched) if (on) next.add(each);
      else next.delete(each);
      anchor.current = id;
      return next;
    });
  }, []);
  const fold = useCallback((id: string) => {
    setFolded((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isPlaceholderData } = found;
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const refused = found.error instanceof Refusal && found.error.status === 400 && typed ? found.error : null;
  const busy = useDeferredValue(found.isFetching && !isFetchingNextPage);
  const total = runs.length;
  // New runs come in by themselves, unless that would move what is being read.
  const arriving = fresh.size > 0 && !deleted;
  useEffect(() => {
    if (arriving && (viewport.current?.scrollTop ?? 0) < 4) void takeFresh().catch(() => undefined);
  }, [arriving, fresh, takeFresh]);
  const showFresh = fresh.size > 0 && !deleted;
  return (
    <div className="runs-view">
      <div className="toolbar runs-toolbar">
        <FilterBox value={typed} onApply={(value) => setQuery({ searchFilter: value })} error={refused} names={names} />
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
        {!charts && <ColumnPicker fields={fields} layout={layout} onChange={setLayout} onReset={resetLayout} />}
      </div>
      {words !== null && words && <p className="small faint hint">Runs with “{words}” in their name.</p>}
      {found.error && !refused && <Failure error={found.error} retry={() => void found.refetch()} />}
      {!found.data && found.isPending && <Skeleton rows={10} />}
      {found.data && runs.length === 0 && !found.error && (
        <Nothing experimentId={experimentId} filtered={typed} deleted={deleted} />
      )}
      {runs.length > 0 && charts && <RunsCharts runs={runs} selected={selected} />}
      {runs.length > 0 && !charts && (
        <RunsTable
          experimentId={experimentId}
          rows={rows}
          layout={layout}
          sorting={sorting}
          onSort={(key, numeric) => {
            const next = clicked(sorting, key, numeric);
            setQuery({ orderByKey: next.order, orderByAsc: next.order ? String(next.ascending) : "" });
          }}
          selected={selected}
          onSelect={select}
          onSelectAll={(on) => setSelected(on ? new Set(ids.current) : NOTHING)}
          onFold={fold}
          onNearEnd={loadMore}
          loadingMore={isFetchingNextPage}
          stale={isPlaceholderData || Boolean(refused)}
          viewport={viewport}
        />
      )}
      <footer className="runs-foot small soft">
        <span
          data-testid="runs-total"
          data-total={total}
          data-state={isPlaceholderData || busy || hasNextPage || refused ? "loading" : "ready"}
        >
          {refused && total === 0 ? "" : hasNextPage ? `${count(total)} runs loaded, more follow` : `${count(total)} ${total === 1 ? "run" : "runs"}`}
        </span>
        {isFetchingNextPage && <span className="faint">Loading…</span>}
        {showFresh && (
          <Button
            look="quiet"
            icon="arrowUp"
            className="fresh"
            onClick={() => {
              viewport.current?.scrollTo({ top: 0 });
              void takeFresh();
            }}
          >
            {fresh.size === 1 ? "1 new run" : `${count(fresh.size)} new runs`}
          </Button>
        )}
        <span className="spring" />
        <SelectionBar
          experimentId={experimentId}
          selected={selected}
          deleted={deleted}
          clear={() => setSelected(NOTHING)}
        />
        <Live state={liveness} />
      </footer>
    </div>
  );
}

function Nothing({ experimentId, filtered, deleted }: { experimentId: string; filtered: string; deleted: boolean }) {
  const experiment = useExperiment(experimentId);
  if (filtered) {
    return (
      <Empty title="No run matches">
        The filter <code>{filtered}</code> leaves nothing.{" "}
        <button type="button" className="text-button" onClick={() => setQuery({ searchFilter: "" })}>
          Clear it
        </button>
      </Empty>
    );
  }
  if (deleted) return <Empty title="Nothing was deleted">Deleted runs wait here to be restored.</Empty>;
  const name = experiment.data?.name ?? experimentId;
  return (
    <Empty
      title="No runs yet"
      code={[
        "import headrace",
        `headrace.set_tracking_uri("${address("").replace(/\/$/, "")}")`,
        `headrace.set_experiment(${JSON.stringify(name)})`,
        `with headrace.start_run(): headrace.log_metric("loss", 0.5)`,
      ].join("\n")}
    >
      This page shows the first one as soon as it begins:
    </Empty>
  );
}
