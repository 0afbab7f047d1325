import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Run } from "../../generated/calls";
import { Facts, Id } from "../../parts/basics";
import { Markdown } from "../../parts/markdown";
import { bytes, fullTime, measure } from "../../parts/format";
import { to } from "../../parts/router";
import { Time } from "../../parts/time";
import { number, send } from "../../wire/send";
import { NOTE, ownTags, tagOf } from "../experiments/queries";
import { Duration } from "./cells";
import { basename, data, runName } from "./fields";
import { Tags } from "./Tags";

/** What a run is and what was logged to it, on one page. */
export function Overview({ run, experimentId }: { run: Run; experimentId: string }) {
  const note = tagOf(run.data?.tags, NOTE);
  return (
    <div className="overview">
      <div className="overview-main">
        {note && <Markdown text={note} />}
        <Metrics run={run} experimentId={experimentId} />
        <Params run={run} />
      </div>
      <div className="overview-side">
        <Details run={run} experimentId={experimentId} />
        <Tags runId={run.info.run_id} tags={ownTags(run.data?.tags)} />
        <Datasets run={run} />
        <Relatives run={run} experimentId={experimentId} />
      </div>
    </div>
  );
}

const SEARCH_FROM = 12;

function Listed<T extends { key: string }>(props: {
  title: string;
  items: T[];
  none: string;
  head: ReactNode;
  row: (item: T) => ReactNode;
}) {
  const [search, setSearch] = useState("");
  const wanted = search.toLowerCase();
  const shown = props.items.filter((item) => item.key.toLowerCase().includes(wanted));
  return (
    <section className="card listed" aria-label={props.title}>
      <div className="card-head">
        <h2>
          {props.title} <span className="tab-count">{props.items.length}</span>
        </h2>
        {props.items.length >= SEARCH_FROM && (
          <input
            className="field"
            type="search"
            aria-label={`Search ${props.title.toLowerCase()}`}
            placeholder="Search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        )}
      </div>
      {props.items.length === 0 && <p className="none faint">{props.none}</p>}
      {shown.length > 0 && (
        <div className="capped scroll" tabIndex={0} role="group" aria-label={`${props.title}, list`}>
          <table className="list">
            {props.head}
            <tbody>{shown.map(props.row)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Metrics({ run, experimentId }: { run: Run; experimentId: string }) {
  const items = [...(run.data?.metrics ?? [])].sort(
    (a, b) => Number(a.key.startsWith("system/")) - Number(b.key.startsWith("system/")) || a.key.localeCompare(b.key),
  );
  return (
    <Listed
      title="Metrics"
      items={items}
      none="No metric was logged."
      head={
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col" className="num">
              Last value
            </th>
            <th scope="col" className="num">
              Step
            </th>
          </tr>
        </thead>
      }
      row={(metric) => {
        const room = metric.key.startsWith("system/") ? "system-metrics" : "model-metrics";
        const value = number(metric.value);
        return (
          <tr key={metric.key} data-testid="metric-row" data-key={metric.key}>
            <td className="name">
              <a href={to(["experiments", experimentId, "runs", run.info.run_id, room], { chart: metric.key })}>
                {metric.key}
              </a>
            </td>
            <td className="num" title={String(value)} data-testid="metric-value">
              {measure(value)}
            </td>
            <td className="num soft">{metric.step ?? 0}</td>
          </tr>
        );
      }}
    />
  );
}

function Params({ run }: { run: Run }) {
  const items = [...(run.data?.params ?? [])].sort((a, b) => a.key.localeCompare(b.key));
  return (
    <Listed
      title="Params"
      items={items}
      none="No param was logged."
      head={
        <thead>
          <tr>
            <th scope="col">Param</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
      }
      row={(param) => (
        <tr key={param.key} data-testid="param-row" data-key={param.key}>
          <td className="name">{param.key}</td>
          <td className="wrap">{param.value}</td>
        </tr>
      )}
    />
  );
}

function Details({ run, experimentId }: { run: Run; experimentId: string }) {
  const { tags } = data(run);
  const { info } = run;
  const source = tags.get("mlflow.source.name");
  const commit = tags.get("mlflow.source.git.commit");
  const facts: [string, ReactNode][] = [
    ["Run id", <Id value={info.run_id} />],
    ["Started", <Time at={info.start_time} />],
    ["Duration", <Duration run={run} />],
    ["User", tags.get("mlflow.user") ?? info.user_id ?? "–"],
  ];
  if (info.end_time) facts.splice(2, 0, ["Ended", <span title={fullTime(info.end_time)}><Time at={info.end_time} /></span>]);
  if (source) facts.push(["Source", <span title={source}>{basename(source)}</span>]);
  if (commit) facts.push(["Commit", <code title={commit}>{commit.slice(0, 10)}</code>]);
  const parent = tags.get("mlflow.parentRunId");
  if (parent) {
    facts.push(["Parent", <a href={to(["experiments", experimentId, "runs", parent])}>{parent.slice(0, 8)}</a>]);
  }
  return (
    <section className="card" aria-label="Details">
      <h2>Details</h2>
      <Facts items={facts} />
    </section>
  );
}

function Datasets({ run }: { run: Run }) {
  const inputs = run.inputs?.dataset_inputs ?? [];
  if (inputs.length === 0) return null;
  return (
    <section className="card" aria-label="Datasets">
      <h2>Datasets</h2>
      <Facts
        items={inputs.map(({ dataset, tags }) => [
          tags?.find((tag) => tag.key === "mlflow.data.context")?.value ?? "used",
          <span title={`digest ${dataset.digest}`}>
            {dataset.name} <span className="faint">{profile(dataset.profile)}</span>
          </span>,
        ])}
      />
    </section>
  );
}

function profile(text: string | undefined): string {
  try {
    const found = JSON.parse(text ?? "{}") as { num_rows?: number; size?: number };
    if (found.num_rows !== undefined) return `${found.num_rows} rows`;
    return found.size === undefined ? "" : bytes(found.size);
  } catch {
    return "";
  }
}

const CHILDREN = 50;

/** The runs nested below this one, and the models it made. */
function Relatives({ run, experimentId }: { run: Run; experimentId: string }) {
  const id = run.info.run_id;
  const children = useQuery({
    queryKey: ["runs", "children", id],
    queryFn: ({ signal }) =>
      send(
        "SearchRuns",
        { experiment_ids: [experimentId], filter: `tags.\`mlflow.parentRunId\` = '${id}'`, max_results: CHILDREN },
        signal,
      ),
    enabled: /^[\w-]+$/.test(id),
  }).data?.runs;
  const models = [...new Set((run.outputs?.model_outputs ?? []).map((output) => output.model_id))];
  const versions = useQuery({
    queryKey: ["versions", "of run", id],
    queryFn: ({ signal }) => send("SearchModelVersions", { filter: `run_id = '${id}'`, max_results: 100 }, signal),
    enabled: /^[\w-]+$/.test(id),
  }).data?.model_versions;
  return (
    <>
      {models.length > 0 && (
        <section className="card" aria-label="Models">
          <h2>Models</h2>
          <ul className="links">
            {models.map((model) => (
              <li key={model}>
                <a href={to(["experiments", experimentId, "models", model])}>{model}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {versions && versions.length > 0 && (
        <section className="card" aria-label="Registered as">
          <h2>Registered as</h2>
          <ul className="links">
            {versions.map((version) => (
              <li key={`${version.name}/${version.version}`}>
                <a href={to(["models", version.name, "versions", version.version])}>
                  {version.name} <span className="faint">version {version.version}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {children && children.length > 0 && (
        <section className="card" aria-label="Nested runs">
          <h2>Nested runs {children.length === CHILDREN && <span className="faint">(the newest {CHILDREN})</span>}</h2>
          <ul className="links">
            {children.map((child) => (
              <li key={child.info.run_id}>
                <a href={to(["experiments", child.info.experiment_id, "runs", child.info.run_id])}>{runName(child)}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
