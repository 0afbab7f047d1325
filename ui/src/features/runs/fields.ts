/** What a run has to show in a column: attributes, metrics, params and tags, under the names of the search language. */
import type { Run } from "../../generated/calls";
import { measure } from "../../parts/format";
import { key } from "../../wire/language";
import { number } from "../../wire/send";

export type Group = "attributes" | "metrics" | "params" | "tags";
export const GROUPS: Group[] = ["attributes", "metrics", "params", "tags"];

export interface Field {
  /** Group and name with a dot between: "metrics.val_acc". */
  id: string;
  group: Group;
  name: string;
  label: string;
  /** What `order_by` calls it; none if the server cannot sort by it. */
  order?: string;
  numeric: boolean;
  width: number;
}

const ATTRIBUTES: [name: string, label: string, sortable: boolean, width: number][] = [
  ["start_time", "Created", true, 112],
  ["duration", "Duration", false, 96],
  ["status", "Status", true, 100],
  ["user_id", "User", true, 90],
  ["source", "Source", false, 130],
  ["version", "Version", false, 90],
  ["end_time", "Ended", true, 112],
  ["run_id", "Run id", true, 270],
];

/** The field with this id. Any metric, param or tag is one, seen or not. */
export function field(id: string): Field | null {
  const at = id.indexOf(".");
  const group = id.slice(0, at) as Group;
  const name = id.slice(at + 1);
  if (!GROUPS.includes(group) || !name) return null;
  if (group === "attributes") {
    const known = ATTRIBUTES.find(([each]) => each === name);
    if (!known) return null;
    const [, label, sortable, width] = known;
    const order = sortable ? `attributes.${name}` : undefined;
    return { id, group, name, label, order, numeric: name === "duration", width };
  }
  return { id, group, name, label: name, order: key(group, name), numeric: group === "metrics", width: 118 };
}

interface Data {
  metrics: Map<string, number>;
  params: Map<string, string>;
  tags: Map<string, string>;
}

const indexed = new WeakMap<Run, Data>();

/** What was logged to a run, by key. */
export function data(run: Run): Data {
  let found = indexed.get(run);
  if (!found) {
    found = {
      metrics: new Map(run.data?.metrics?.map((metric) => [metric.key, number(metric.value)])),
      params: new Map(run.data?.params?.map((param) => [param.key, param.value ?? ""])),
      tags: new Map(run.data?.tags?.map((tag) => [tag.key, tag.value ?? ""])),
    };
    indexed.set(run, found);
  }
  return found;
}

/** A cell's text, short and whole. Times are drawn by the table itself. */
export function cell(run: Run, one: Field): { text: string; full?: string } {
  const { metrics, params, tags } = data(run);
  if (one.group === "metrics") {
    const value = metrics.get(one.name);
    return value === undefined ? { text: "" } : { text: measure(value), full: String(value) };
  }
  if (one.group === "params") return { text: params.get(one.name) ?? "" };
  if (one.group === "tags") return { text: tags.get(one.name) ?? "" };
  switch (one.name) {
    case "user_id":
      return { text: tags.get("mlflow.user") ?? run.info.user_id ?? "" };
    case "source":
      return { text: basename(tags.get("mlflow.source.name") ?? ""), full: tags.get("mlflow.source.name") };
    case "version": {
      const commit = tags.get("mlflow.source.git.commit") ?? "";
      return { text: commit.slice(0, 7), full: commit };
    }
    case "run_id":
      return { text: run.info.run_id };
    case "status":
      return { text: statusWord(run.info.status) };
    default:
      return { text: "" };
  }
}

export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function statusWord(status: string | undefined): string {
  return status ? status.charAt(0) + status.slice(1).toLowerCase() : "";
}

/** The name of a run, or its id while it has none. */
export function runName(run: Run): string {
  return run.info.run_name || data(run).tags.get("mlflow.runName") || run.info.run_id;
}

/** Every field that any of these runs has, in groups. */
export function fieldsOf(runs: readonly Run[]): Record<Group, Field[]> {
  const keys = { metrics: new Set<string>(), params: new Set<string>(), tags: new Set<string>() };
  for (const run of runs) {
    const found = data(run);
    for (const name of found.metrics.keys()) keys.metrics.add(name);
    for (const name of found.params.keys()) keys.params.add(name);
    for (const name of found.tags.keys()) if (!name.startsWith("mlflow.")) keys.tags.add(name);
  }
  const fields = (group: Group, names: Iterable<string>) =>
    [...names].sort((a, b) => a.localeCompare(b)).map((name) => field(`${group}.${name}`)!);
  return {
    attributes: ATTRIBUTES.map(([name]) => field(`attributes.${name}`)!),
    metrics: fields("metrics", keys.metrics),
    params: fields("params", keys.params),
    tags: fields("tags", keys.tags),
  };
}

const DEFAULT_METRICS = 8;
const DEFAULT_PARAMS = 6;
/** Metrics that people judge runs by. */
const TELLING = /val|test|eval|acc|score|f1|auc|r2|rmse|mae/i;

/** The columns to begin with: metrics that many runs have, and the params that tell the runs apart. */
export function defaults(runs: readonly Run[]): string[] {
  const all = fieldsOf(runs);
  const share = (one: Field) => runs.filter((run) => data(run).metrics.has(one.name)).length;
  const telling = (one: Field) => Number(TELLING.test(one.name));
  const metrics = all.metrics
    .filter((one) => !one.name.startsWith("system/"))
    .map((one) => [one.id, share(one), telling(one)] as const)
    .sort((a, b) => b[1] - a[1] || b[2] - a[2])
    .slice(0, DEFAULT_METRICS);
  const params = all.params.filter((one) => new Set(runs.map((run) => data(run).params.get(one.name))).size > 1);
  return [
    "attributes.start_time",
    "attributes.duration",
    ...metrics.map(([id]) => id).sort(),
    ...(params.length ? params : all.params).slice(0, DEFAULT_PARAMS).map((one) => one.id),
    "attributes.user_id",
  ];
}
