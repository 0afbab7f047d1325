import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Experiment } from "../../generated/calls";
import { say } from "../../parts/toast";
import { nameContains } from "../../wire/language";
import { send } from "../../wire/send";

export type Stage = "ACTIVE_ONLY" | "DELETED_ONLY";

const PAGE = 100;
const LIST_REFRESH_MS = 15_000;

export function useExperiments(search: string, stage: Stage) {
  return useInfiniteQuery({
    queryKey: ["experiments", search, stage],
    queryFn: ({ pageParam, signal }) =>
      send(
        "SearchExperiments",
        {
          max_results: PAGE,
          view_type: stage,
          order_by: ["last_update_time DESC"],
          filter: nameContains("name", search),
          page_token: pageParam,
        },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token || undefined,
    placeholderData: (previous) => previous,
    refetchInterval: LIST_REFRESH_MS,
  });
}

export function useExperiment(id: string) {
  return useQuery({
    queryKey: ["experiment", id],
    queryFn: async ({ signal }) => (await send("GetExperiment", { experiment_id: id }, signal)).experiment,
    staleTime: 30_000,
  });
}

/** The user's own note on a run or an experiment is a tag. */
export const NOTE = "mlflow.note.content";

export function tagOf(tags: { key: string; value?: string }[] | undefined, key: string): string {
  return tags?.find((tag) => tag.key === key)?.value ?? "";
}

/** The beginning of a note, without the marks of its formatting. */
export function firstLine(note: string): string {
  const line = note.split("\n").find((each) => each.trim()) ?? "";
  return line.replace(/^#+\s*|[*`]/g, "");
}

/** Tags that people set, without those that the platform keeps for itself. */
export function ownTags<T extends { key: string }>(tags: T[] | undefined): T[] {
  return (tags ?? []).filter((tag) => !tag.key.startsWith("mlflow."));
}

export function useCreateExperiment() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, location }: { name: string; location: string }) =>
      send("CreateExperiment", { name, artifact_location: location || undefined }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["experiments"] }),
    onError: () => undefined,
  });
}

export function useRenameExperiment() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, name }: { id: string; name: string }) =>
      send("UpdateExperiment", { experiment_id: id, new_name: name }),
    onSuccess: () => refresh(client),
    onError: () => undefined,
  });
}

export function useExperimentStage() {
  const client = useQueryClient();
  const restore = async (experiment: Experiment) => {
    await send("RestoreExperiment", { experiment_id: experiment.experiment_id });
    await refresh(client);
  };
  const remove = async (experiment: Experiment) => {
    await send("DeleteExperiment", { experiment_id: experiment.experiment_id });
    await refresh(client);
    say(`Deleted experiment “${experiment.name}”.`, () => restoring.mutate(experiment));
  };
  const restoring = useMutation({ mutationFn: restore });
  const deleting = useMutation({ mutationFn: remove });
  return { restoring, deleting };
}

function refresh(client: ReturnType<typeof useQueryClient>) {
  return Promise.all([
    client.invalidateQueries({ queryKey: ["experiments"] }),
    client.invalidateQueries({ queryKey: ["experiment"] }),
  ]);
}
