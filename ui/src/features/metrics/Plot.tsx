import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { measure } from "../../parts/format";
import { colours, useThemeVersion } from "../../parts/theme";
import { type Axis, columns, place, type Series, type Window } from "./series";

export interface PlotProps {
  metric: string;
  series: Series[];
  axis: Axis;
  log: boolean;
  smoothing: number;
  window: Window | null;
  height: number;
  onZoom: (window: Window | null) => void;
  /** What stands under the pointer: where, and a value per series. */
  onPoint: (at: { x: number; values: (number | null)[] } | null) => void;
}

const PALETTE = Array.from({ length: 12 }, (_, index) => `--c${index + 1}`);
const DASHES = [[], [6, 4], [2, 3]];

/** Curves on a canvas. Dragging selects a window, a double click shows all again. */
export default function Plot(props: PlotProps) {
  const { series, axis, log, smoothing, window, height } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const handlers = useRef(props);
  useEffect(() => {
    handlers.current = props;
  });
  const [drawn, setDrawn] = useState(false);
  const theme = useThemeVersion();
  const ghosts = smoothing > 0;
  const shape = series.map((one) => `${one.id}:${one.colour}`).join(" ") + (ghosts ? " ghosts" : "");
  const data = useMemo(() => align(series, axis, log, smoothing), [series, axis, log, smoothing]);

  // A new plot only when its very nature changes; new points go into the one there is.
  useEffect(() => {
    const box = holder.current!;
    const made = new uPlot(options(handlers, box.clientWidth, height, series, axis, log, ghosts), [[], ...[...series, ...(ghosts ? series : [])].map(() => [])], box);
    plot.current = made;
    const sized = new ResizeObserver(() => {
      if (box.clientWidth !== made.width) made.setSize({ width: box.clientWidth, height });
    });
    sized.observe(box);
    return () => {
      sized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, axis, log, height, theme]);

  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    made.batch(() => {
      made.setData(data as uPlot.AlignedData, false);
      made.setScale("x", window ? { min: window[0], max: window[1] } : span(data[0] as number[]));
    });
    setDrawn(series.some((one) => one.points.length > 0));
  }, [data, window, shape, axis, log, height, theme]);

  const all = series.flatMap((one) => one.points.map((point) => point.value)).filter(Number.isFinite);
  const max = all.length ? all.reduce((a, b) => Math.max(a, b)) : undefined;
  const min = all.length ? all.reduce((a, b) => Math.min(a, b)) : undefined;
  return (
    <div
      ref={holder}
      className="plot"
      data-testid="chart"
      data-key={props.metric}
      data-state={drawn ? "drawn" : "loading"}
      data-points={all.length}
      data-max={max}
      role="img"
      aria-label={
        min === undefined || max === undefined
          ? `${props.metric}: nothing to draw`
          : `${props.metric}: ${all.length} points from ${measure(min)} to ${measure(max)}`
      }
    />
  );
}

function align(series: Series[], axis: Axis, log: boolean, smoothing: number): (number | null | undefined)[][] {
  const smoothed = columns(series, axis, log, smoothing);
  const tables = [
    ...smoothed.map(({ xs, ys }) => [xs, ys]),
    ...(smoothing > 0 ? smoothed.map(({ xs, raw }) => [xs, raw]) : []),
  ];
  if (tables.length === 1) return tables[0]!;
  return uPlot.join(
    tables as uPlot.AlignedData[],
    tables.map(() => [1, 1]),
  ) as (number | null | undefined)[][];
}

function span(xs: readonly number[]): { min: number; max: number } {
  const first = xs[0] ?? 0;
  const last = xs[xs.length - 1] ?? 1;
  return first === last ? { min: first - 1, max: first + 1 } : { min: first, max: last };
}

function options(
  handlers: { current: PlotProps },
  width: number,
  height: number,
  series: Series[],
  axis: Axis,
  log: boolean,
  ghosts: boolean,
): uPlot.Options {
  const [text, line, bad, ...palette] = colours(["--text-faint", "--line", "--bad", ...PALETTE]);
  const font = "11px system-ui, sans-serif";
  const common: uPlot.Axis = {
    stroke: text,
    font,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
  };
  return {
    width: Math.max(width, 50),
    height,
    padding: [8, 12, 0, 0],
    pxAlign: 0,
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
      bind: { dblclick: () => () => (handlers.current.onZoom(null), null) },
    },
    scales: {
      x: { time: axis === "time" },
      y: { distr: log ? 3 : 1, range: log ? undefined : (_, low, high) => padded(low, high) },
    },
    axes: [
      { ...common, size: 30, space: 70, values: axis === "time" ? undefined : (_, ticks) => ticks.map(short) },
      { ...common, size: 58, space: 34, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : measure(tick))) },
    ],
    series: [
      {},
      ...series.map((one) => ({
        stroke: palette[one.colour % palette.length],
        dash: DASHES[Math.floor(one.colour / palette.length) % DASHES.length],
        width: 1.6,
        spanGaps: true,
        points: { show: (made: uPlot, _: number, from: number, until: number) => until - from < made.width / 14, size: 6 },
      })),
      ...(ghosts ? series : []).map((one) => ({
        stroke: palette[one.colour % palette.length],
        alpha: 0.22,
        width: 1,
        spanGaps: true,
        points: { show: false },
      })),
    ],
    hooks: {
      draw: [(made) => markMissing(made, handlers.current, bad!)],
      setSelect: [
        (made) => {
          if (made.select.width < 4) return;
          const from = made.posToVal(made.select.left, "x");
          const until = made.posToVal(made.select.left + made.select.width, "x");
          made.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          handlers.current.onZoom([from, until]);
        },
      ],
      setCursor: [
        (made) => {
          const index = made.cursor.idx;
          if (index === null || index === undefined || (made.cursor.left ?? -1) < 0) {
            handlers.current.onPoint(null);
            return;
          }
          handlers.current.onPoint({
            x: made.data[0][index]!,
            values: made.data.slice(1, series.length + 1).map((ys) => (ys[index] as number | null | undefined) ?? null),
          });
        },
      ],
    },
  };
}

/** Ticks on the axis where a value is NaN or infinite: it was logged, but cannot be drawn. */
function markMissing(made: uPlot, { series, axis }: PlotProps, colour: string): void {
  const { ctx, bbox } = made;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  for (const one of series) {
    const origin = Math.min(...one.points.map((point) => point.timestamp));
    for (const point of one.points) {
      if (Number.isFinite(point.value)) continue;
      const x = made.valToPos(place(point, axis, origin), "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x, bbox.top + bbox.height - 8 * devicePixelRatio);
    }
  }
  ctx.stroke();
  ctx.restore();
}

/** A little air above and below, and a flat line in the middle. */
function padded(low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  const air = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - air, high + air];
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${measure(value / 1e6)}M`;
  return size >= 1e4 ? `${measure(value / 1e3)}k` : measure(value);
}
