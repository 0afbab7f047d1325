import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Button, Failure } from "../../parts/basics";
import { duration, fullTime, measure } from "../../parts/format";
import { isSingle, Values } from "./Values";
import { type Axis, stepsWithin, type Traced, useSeries, type Window } from "./series";

const Plot = lazy(() => import("./Plot"));

export interface ChartView {
  axis: Axis;
  log: boolean;
  smoothing: number;
}

/** One metric of one or more runs. It asks for its points when it first comes into view. */
export function ChartCard(props: { metric: string; runs: Traced[]; view: ChartView; latest: string; height?: number }) {
  const card = useRef<HTMLElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setNear(true), {
      rootMargin: "300px",
    });
    seen.observe(card.current!);
    return () => seen.disconnect();
  }, []);
  return (
    <section ref={card} className="chart-card card" aria-label={props.metric} id={`metric-${props.metric}`}>
      {near ? <Loaded {...props} /> : <ChartHead metric={props.metric} />}
    </section>
  );
}

function ChartHead({ metric, children }: { metric: string; children?: React.ReactNode }) {
  return (
    <div className="chart-head">
      <h3 className="clip" title={metric}>
        {metric}
      </h3>
      {children}
    </div>
  );
}

function Loaded(props: { metric: string; runs: Traced[]; view: ChartView; latest: string; height?: number }) {
  const { metric, runs, view } = props;
  const [zoom, setZoom] = useState<{ window: Window; steps: Window | null } | null>(null);
  const [point, setPoint] = useState<{ x: number; values: (number | null)[] } | null>(null);
  const { series, query } = useSeries(runs, metric, zoom?.steps ?? null, props.latest);
  useEffect(() => setZoom(null), [view.axis]);
  const onZoom = (window: Window | null) =>
    setZoom(window && { window, steps: stepsWithin(series, view.axis, window) ?? zoom?.steps ?? null });
  const height = props.height ?? 220;
  const single = !zoom && isSingle(series);
  return (
    <>
      <ChartHead metric={metric}>
        {zoom && (
          <Button look="quiet" icon="zoomOut" data-testid="reset-zoom" onClick={() => setZoom(null)}>
            Reset zoom
          </Button>
        )}
        <span className="readout small soft" aria-hidden="true">
          {point && runs.length === 1 && (
            <>
              {where(point.x, view.axis)} · <b>{point.values[0] == null ? "–" : measure(point.values[0])}</b>
            </>
          )}
          {point && runs.length > 1 && where(point.x, view.axis)}
        </span>
      </ChartHead>
      {query.error && !query.data ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : single ? (
        <Values metric={metric} series={series} height={height} />
      ) : (
        <Suspense fallback={<div className="plot" />}>
          <Plot
            metric={metric}
            series={series}
            axis={view.axis}
            log={view.log}
            smoothing={view.smoothing}
            window={zoom?.window ?? null}
            height={height}
            onZoom={onZoom}
            onPoint={setPoint}
          />
        </Suspense>
      )}
      {runs.length > 1 && !single && (
        <ul className="legend small">
          {runs.map((run, index) => (
            <li key={run.id} title={run.name}>
              <span className={`swatch c${(run.colour % 12) + 1}`} />
              <span className="clip">{run.name}</span>
              {point && <b>{point.values[index] == null ? "" : measure(point.values[index])}</b>}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function where(x: number, axis: Axis): string {
  if (axis === "step") return `step ${measure(x)}`;
  return axis === "time" ? fullTime(x * 1000) : duration(x * 1000);
}
