import { measure } from "../../parts/format";
import type { Series } from "./series";

/** A metric that has one value per run needs no axes: a number, or a bar for each run. */
export function Values({ metric, series, height }: { metric: string; series: Series[]; height: number }) {
  const values = series.map((one) => one.points[one.points.length - 1]?.value);
  const finite = values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  const largest = Math.max(...finite.map(Math.abs), Number.MIN_VALUE);
  const about = { "data-testid": "chart", "data-key": metric, "data-state": "drawn", "data-points": values.length };
  if (series.length === 1) {
    const value = values[0];
    return (
      <div className="single" style={{ minHeight: height }} {...about}>
        <b title={String(value)}>{value === undefined ? "–" : measure(value)}</b>
        <span className="small faint">one value, at step {series[0]?.points[0]?.step ?? 0}</span>
      </div>
    );
  }
  return (
    <ul className="bars" style={{ height }} tabIndex={0} aria-label={`${metric} of each run`} {...about}>
      {series.map((one, index) => {
        const value = values[index];
        return (
          <li key={one.id}>
            <span className="clip" title={one.label}>
              {one.label}
            </span>
            <span className="bar">
              <i
                className={`swatch c${(one.colour % 12) + 1}`}
                style={{ width: `${Number.isFinite(value) ? (Math.abs(value!) / largest) * 100 : 0}%` }}
              />
            </span>
            <b title={String(value)}>{value === undefined ? "–" : measure(value)}</b>
          </li>
        );
      })}
    </ul>
  );
}

/** Whether there is nothing more to draw than one value per run. */
export function isSingle(series: readonly Series[]): boolean {
  return series.some((one) => one.points.length > 0) && series.every((one) => one.points.length < 2);
}
