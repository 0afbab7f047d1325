import { useDeferredValue } from "react";
import { Empty } from "../../parts/basics";
import { setQuery, usePlace } from "../../parts/router";
import { SearchField } from "../../parts/search";
import { ChartCard, type ChartView } from "./ChartCard";
import type { Axis, Traced } from "./series";
import "./metrics.css";

const AXES: [Axis, string][] = [
  ["step", "Step"],
  ["relative", "Duration"],
  ["time", "Time"],
];

/** Height of a chart that has the page to itself. */
const ALONE_PX = 440;

/** A chart for each metric, in sections by the first part of its name. How they are drawn is in the address. */
export function MetricCharts(props: { runs: Traced[]; metrics: string[]; latest: (metric: string) => string }) {
  const { query } = usePlace();
  const search = query.get("chart") ?? "";
  const view: ChartView = {
    axis: AXES.find(([axis]) => axis === query.get("x"))?.[0] ?? "step",
    log: query.get("y") === "log",
    smoothing: Math.min(0.99, Math.max(0, Number(query.get("smooth")) || 0)),
  };
  const wanted = useDeferredValue(search).toLowerCase();
  const shown = props.metrics.filter((metric) => metric.toLowerCase().includes(wanted));
  const alone = shown.length === 1;
  const sections = Map.groupBy(shown, section);
  return (
    <div className="metric-charts">
      <div className="toolbar">
        <SearchField
          label="Search charts"
          placeholder="Search metrics"
          testid="chart-search"
          value={search}
          set={(chart) => setQuery({ chart })}
        />
        <ViewControls view={view} />
      </div>
      {shown.length === 0 && <Empty title="No metric matches">No name contains “{search}”.</Empty>}
      {[...sections].map(([name, metrics]) => (
        <section key={name} className="chart-section">
          {sections.size > 1 && (
            <h2>
              {name || "General"} <span className="tab-count">{metrics.length}</span>
            </h2>
          )}
          <div className={alone ? "chart-grid alone" : "chart-grid"}>
            {metrics.map((metric) => (
              <ChartCard key={metric} metric={metric} runs={props.runs} view={view} latest={props.latest(metric)} height={alone ? ALONE_PX : undefined} />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function section(metric: string): string {
  const at = metric.indexOf("/");
  return at > 0 ? metric.slice(0, at) : "";
}

function ViewControls({ view }: { view: ChartView }) {
  return (
    <div className="view-controls">
      <div className="segmented" role="group" aria-label="Horizontal axis">
        {AXES.map(([axis, label]) => (
          <button
            key={axis}
            type="button"
            aria-pressed={view.axis === axis}
            onClick={() => setQuery({ x: axis === "step" ? "" : axis })}
          >
            {label}
          </button>
        ))}
      </div>
      <label className="switch">
        <input
          type="checkbox"
          data-testid="log-scale"
          checked={view.log}
          onChange={(event) => setQuery({ y: event.target.checked ? "log" : "" })}
        />
        Log scale
      </label>
      <label className="switch">
        Smoothing
        <input
          type="range"
          min="0"
          max="0.98"
          step="0.02"
          value={view.smoothing}
          onChange={(event) => setQuery({ smooth: event.target.value === "0" ? "" : event.target.value })}
        />
        <span className="num smoothing-value">{view.smoothing.toFixed(2)}</span>
      </label>
    </div>
  );
}
