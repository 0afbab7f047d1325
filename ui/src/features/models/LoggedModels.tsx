import { useInfiniteQuery } from "@tanstack/react-query";
import type { LoggedModel } from "../../generated/calls";
import { Empty, Failure, Skeleton } from "../../parts/basics";
import { measure } from "../../parts/format";
import { More } from "../../parts/end";
import { to } from "../../parts/router";
import { Time } from "../../parts/time";
import { number, send } from "../../wire/send";

const PAGE = 50;

/** The models that the runs of an experiment have logged. */
export function LoggedModels({ experimentId }: { experimentId: string }) {
  const found = useInfiniteQuery({
    queryKey: ["logged models", experimentId],
    queryFn: ({ pageParam, signal }) =>
      send("SearchLoggedModels", { experiment_ids: [experimentId], max_results: PAGE, page_token: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token || undefined,
  });
  const models = found.data?.pages.flatMap((page) => page.models ?? []);
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!models) return <Skeleton />;
  if (models.length === 0) {
    return (
      <Empty
        title="No models yet"
        code={`import headrace\nwith headrace.start_run():\n    headrace.sklearn.log_model(model, name="model")`}
      >
        Models that runs log are listed here:
      </Empty>
    );
  }
  return (
    <div className="card scroll logged" tabIndex={0} role="group" aria-label="Logged models">
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Source run</th>
            <th scope="col">Metrics</th>
            <th scope="col">Registered as</th>
            <th scope="col">Logged</th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <Row key={model.info.model_id} model={model} experimentId={experimentId} />
          ))}
        </tbody>
      </table>
      {found.hasNextPage && <More load={() => void found.fetchNextPage()} busy={found.isFetchingNextPage} />}
    </div>
  );
}

function Row({ model, experimentId }: { model: LoggedModel; experimentId: string }) {
  const { info, data } = model;
  return (
    <tr data-testid="logged-model-row">
      <td>
        <a className="name" href={to(["experiments", experimentId, "models", info.model_id])}>
          {info.name}
        </a>
        <div className="small faint mono">{info.model_id}</div>
      </td>
      <td>
        {info.source_run_id && (
          <a className="mono" href={to(["experiments", experimentId, "runs", info.source_run_id])}>
            {info.source_run_id.slice(0, 8)}
          </a>
        )}
      </td>
      <td>
        <div className="chips">
          {(data?.metrics ?? []).slice(0, 4).map((metric) => (
            <span className="chip" key={`${metric.key} ${metric.dataset_name}`}>
              {metric.key} <b>{measure(number(metric.value))}</b>
            </span>
          ))}
        </div>
      </td>
      <td>
        {(info.registrations ?? []).map((one) => (
          <a key={`${one.name}/${one.version}`} href={to(["models", one.name, "versions", one.version])}>
            {one.name} {one.version}{" "}
          </a>
        ))}
      </td>
      <td>
        <Time at={info.creation_timestamp_ms} />
      </td>
    </tr>
  );
}
