/** The runs of an experiment, page by page, kept fresh as the server tells of changes. */
import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Run, RunsFound } from "../../generated/calls";
import { useChanges, useThrottled } from "../../wire/live";
import { send } from "../../wire/send";

export interface RunsQuestion {
  experimentId: string;
  filter: string;
  order: string[];
  stage: "ACTIVE_ONLY" | "DELETED_ONLY";
}

type Pages = InfiniteData<RunsFound, string | undefined>;

const FIRST_PAGE = 100;
const NEXT_PAGE = 500;
/** So many runs are loaded without being asked for, so that totals and jumps are true for most experiments. */
const FILL_UP_TO = 2000;
const FILL_PAUSE_MS = 300;
const CHANGE_GAP_MS = 400;

export function useRuns(question: RunsQuestion) {
  const client = useQueryClient();
  const { experimentId, filter, order, stage } = question;
  const key = useMemo(() => ["runs", experimentId, filter, order.join(), stage], [experimentId, filter, order, stage]);
  const page = useCallback(
    (token: string | undefined, signal?: AbortSignal) =>
      send(
        "SearchRuns",
        {
          experiment_ids: [experimentId],
          filter,
          order_by: order,
          run_view_type: stage,
          max_results: token ? NEXT_PAGE : FIRST_PAGE,
          page_token: token,
        },
        signal,
      ),
    [experimentId, filter, order, stage],
  );
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => page(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (found) => found.next_page_token || undefined,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    retry: false,
  });
  // A refused filter leaves the rows of the last good one.
  const good = useRef(query.data);
  if (query.data) good.current = query.data;
  const shown = query.data ?? good.current;
  const runs = useMemo(() => unique(shown?.pages ?? []), [shown]);

  const { hasNextPage, isFetchingNextPage, isPlaceholderData, isError, fetchNextPage } = query;
  const fill = hasNextPage && !isFetchingNextPage && !isPlaceholderData && !isError && runs.length < FILL_UP_TO;
  useEffect(() => {
    if (!fill) return;
    const timer = setTimeout(() => void fetchNextPage(), FILL_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [fill, fetchNextPage]);

  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  /** Put the newest first page above what is loaded. */
  const takeFresh = useCallback(async () => {
    setFresh(new Set());
    const head = await page(undefined);
    client.setQueryData<Pages>(key, (old) => (old ? mergeHead(old, head) : old));
  }, [client, key, page]);

  /** Something may have been missed: look at the first page, and note what is new on it. */
  const catchUp = useThrottled(() => {
    void page(undefined).then(
      (head) => {
        const now = new Map((head.runs ?? []).map((run) => [run.info.run_id, run]));
        const known = new Set(runs.map((run) => run.info.run_id));
        client.setQueryData<Pages>(key, (old) => old && replaceRuns(old, (run) => now.get(run.info.run_id) ?? run));
        const unknown = [...now.keys()].filter((id) => !known.has(id));
        if (unknown.length) setFresh((old) => new Set([...old, ...unknown]));
      },
      () => undefined, // the next change, or the connection's return, asks again
    );
  }, CHANGE_GAP_MS);

  const pending = useMemo(() => new Set<string>(), [key]);
  const refresh = useThrottled(() => {
    const ids = [...pending];
    pending.clear();
    // The list may have changed under a waiting refresh: then nothing of it is left to ask for.
    if (ids.length) void patch(client, key, experimentId, ids, stage);
  }, CHANGE_GAP_MS);
  const liveness = useChanges({ experiment_id: experimentId }, (change) => {
    if (!change?.run_id) {
      catchUp();
      return;
    }
    const id = change.run_id;
    if (runs.some((run) => run.info.run_id === id)) {
      pending.add(id);
      refresh();
    } else setFresh((old) => (old.has(id) ? old : new Set([...old, id])));
  });
  return { query, runs, fresh, takeFresh, liveness };
}

function unique(pages: readonly RunsFound[]): Run[] {
  const seen = new Map<string, Run>();
  for (const page of pages) for (const run of page.runs ?? []) if (!seen.has(run.info.run_id)) seen.set(run.info.run_id, run);
  return [...seen.values()];
}

function mergeHead(old: Pages, head: RunsFound): Pages {
  const last = old.pages[old.pages.length - 1];
  const whole = !head.next_page_token;
  const merged = whole ? head : { runs: unique([head, ...old.pages]), next_page_token: last?.next_page_token };
  return { pages: [merged], pageParams: [undefined] };
}

/** Ask again for some runs only, and put them where they stand. */
async function patch(
  client: ReturnType<typeof useQueryClient>,
  key: unknown[],
  experimentId: string,
  ids: string[],
  stage: RunsQuestion["stage"],
): Promise<void> {
  const listed = ids.map((id) => `'${id}'`).join(", ");
  const found = await send("SearchRuns", {
    experiment_ids: [experimentId],
    filter: `attributes.run_id IN (${listed})`,
    run_view_type: stage,
    max_results: ids.length,
  }).catch(() => null);
  if (!found) return;
  const now = new Map((found.runs ?? []).map((run) => [run.info.run_id, run]));
  const asked = new Set(ids);
  client.setQueryData<Pages>(
    key,
    (old) => old && replaceRuns(old, (run) => (asked.has(run.info.run_id) ? now.get(run.info.run_id) : run)),
  );
}

/** The same pages with other runs in their places; those without a replacement are left out. */
function replaceRuns(old: Pages, replacement: (run: Run) => Run | undefined): Pages {
  const pages = old.pages.map((page) => ({ ...page, runs: page.runs?.flatMap((run) => replacement(run) ?? []) }));
  return { ...old, pages };
}

/** Rows as they are shown: nested runs below their parents, wherever both are loaded. */
export interface Row {
  run: Run;
  depth: number;
  children: number;
  folded: boolean;
  /** Whether it is a nested run whose parent is not shown above it. */
  orphan: boolean;
}

export function nest(runs: readonly Run[], nested: boolean, folded: ReadonlySet<string>): Row[] {
  const parentOf = (run: Run) => run.data?.tags?.find((tag) => tag.key === "mlflow.parentRunId")?.value;
  if (!nested) {
    return runs.map((run) => ({ run, depth: 0, children: 0, folded: false, orphan: Boolean(parentOf(run)) }));
  }
  const known = new Set(runs.map((run) => run.info.run_id));
  const children = new Map<string, Run[]>();
  const roots: Run[] = [];
  for (const run of runs) {
    const parent = parentOf(run);
    if (parent && parent !== run.info.run_id && known.has(parent)) {
      const siblings = children.get(parent);
      if (siblings) siblings.push(run);
      else children.set(parent, [run]);
    } else roots.push(run);
  }
  const rows: Row[] = [];
  const visit = (run: Run, depth: number) => {
    const below = children.get(run.info.run_id) ?? [];
    const closed = folded.has(run.info.run_id);
    rows.push({ run, depth, children: below.length, folded: closed, orphan: depth === 0 && Boolean(parentOf(run)) });
    if (!closed && depth < 20) for (const child of below) visit(child, depth + 1);
  };
  for (const run of roots) visit(run, 0);
  return rows;
}
