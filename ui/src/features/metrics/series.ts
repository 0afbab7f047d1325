/** Curves: fetched thinned out by the server, shaped here for drawing. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { number, send } from "../../wire/send";

export interface Point {
  step: number;
  timestamp: number;
  value: number;
}

export interface Series {
  id: string;
  label: string;
  /** Index of a colour of the palette. */
  colour: number;
  points: Point[];
}

export type Axis = "step" | "relative" | "time";
export type Window = readonly [number, number];

/** A run whose curves are drawn. */
export interface Traced {
  id: string;
  name: string;
  colour: number;
}

/** Points per curve: about as many as a chart has pixels. Zooming in asks for finer ones. */
const POINTS_ALONE = 800;
const POINTS_SHARED = 300;

/** The points of one metric of some runs, in a window of steps. Asked for again whenever `latest` changes. */
export function useSeries(runs: readonly Traced[], metric: string, steps: Window | null, latest: string) {
  const ids = runs.map((run) => run.id);
  const query = useQuery({
    queryKey: ["series", metric, ids, steps],
    queryFn: ({ signal }) =>
      send(
        "GetMetricHistoryBulkInterval",
        {
          run_ids: ids,
          metric_key: metric,
          start_step: steps?.[0],
          end_step: steps?.[1],
          max_results: ids.length > 1 ? POINTS_SHARED : POINTS_ALONE,
        },
        signal,
      ),
    select: (found) => {
      const byRun = new Map<string, Point[]>();
      for (const point of found.metrics ?? []) {
        const id = point.run_id ?? ids[0]!;
        const points = byRun.get(id) ?? [];
        points.push({ step: point.step ?? 0, timestamp: point.timestamp, value: number(point.value) });
        byRun.set(id, points);
      }
      return byRun;
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  const seen = useRef(latest);
  const { refetch } = query;
  useEffect(() => {
    if (seen.current === latest) return;
    seen.current = latest;
    void refetch({ cancelRefetch: false });
  }, [latest, refetch]);
  const series: Series[] = runs.map((run) => ({
    id: run.id,
    label: run.name,
    colour: run.colour,
    points: query.data?.get(run.id) ?? [],
  }));
  return { series, query };
}

/** Where a point stands on the axis: a step, or seconds (since the first point, or since 1970). */
export function place(point: Point, axis: Axis, origin: number): number {
  if (axis === "step") return point.step;
  return axis === "time" ? point.timestamp / 1000 : (point.timestamp - origin) / 1000;
}

/** The steps that a window of the axis covers, one point wider on each side. */
export function stepsWithin(series: readonly Series[], axis: Axis, window: Window): Window | null {
  const [from, until] = window;
  if (axis === "step") return [Math.floor(from), Math.ceil(until)];
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const one of series) {
    const points = [...one.points].sort((a, b) => a.timestamp - b.timestamp);
    const origin = points[0]?.timestamp ?? 0;
    points.forEach((point, index) => {
      const at = place(point, axis, origin);
      if (at < from || at > until) return;
      for (const near of [points[index - 1] ?? point, point, points[index + 1] ?? point]) {
        low = Math.min(low, near.step);
        high = Math.max(high, near.step);
      }
    });
  }
  return low <= high ? [low, high] : null;
}

/** An exponential moving average, started without bias, that steps over what is not a number. */
export function smooth(values: readonly number[], weight: number): number[] {
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = sum * weight + value * (1 - weight);
    total = total * weight + (1 - weight);
    return sum / total;
  });
}

/** Aligned columns as the plotter wants them: x values, then y values per series; a gap where nothing can be drawn. */
export function columns(
  series: readonly Series[],
  axis: Axis,
  log: boolean,
  smoothing: number,
): { xs: number[]; ys: (number | null)[]; raw: (number | null)[] }[] {
  return series.map((one) => {
    const origin = Math.min(...one.points.map((point) => point.timestamp));
    const sorted = one.points
      .map((point) => [place(point, axis, origin), point.value] as const)
      .sort((a, b) => a[0] - b[0]);
    const drawable = (value: number) => (Number.isFinite(value) && (!log || value > 0) ? value : null);
    const values = sorted.map(([, value]) => value);
    const last = new Map<number, number>();
    const smoothed = smoothing > 0 ? smooth(values, smoothing) : values;
    sorted.forEach(([x], index) => last.set(x, index));
    const kept = [...last.values()];
    return {
      xs: kept.map((index) => sorted[index]![0]),
      ys: kept.map((index) => drawable(smoothed[index]!)),
      raw: kept.map((index) => drawable(values[index]!)),
    };
  });
}
