import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { nameContains, quoted } from "../../wire/language";
import { send } from "../../wire/send";

const PAGE = 100;
const LIST_REFRESH_MS = 15_000;

export function useModels(search: string) {
  return useInfiniteQuery({
    queryKey: ["models", search],
    queryFn: ({ pageParam, signal }) =>
      send(
        "SearchRegisteredModels",
        { filter: nameContains("name", search) || undefined, max_results: PAGE, page_token: pageParam },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token || undefined,
    placeholderData: (previous) => previous,
    refetchInterval: LIST_REFRESH_MS,
  });
}

export function useModel(name: string) {
  return useQuery({
    queryKey: ["model", name],
    queryFn: async ({ signal }) => (await send("GetRegisteredModel", { name }, signal)).registered_model,
  });
}

export function useVersions(name: string) {
  return useInfiniteQuery({
    queryKey: ["versions", name],
    queryFn: ({ pageParam, signal }) =>
      send(
        "SearchModelVersions",
        { filter: `name = ${quoted(name)}`, max_results: PAGE, order_by: ["version_number DESC"], page_token: pageParam },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token || undefined,
  });
}

export function useVersion(name: string, version: string) {
  return useQuery({
    queryKey: ["version", name, version],
    queryFn: async ({ signal }) => (await send("GetModelVersion", { name, version }, signal)).model_version,
  });
}

/** Changes to models, after each of which everything about models is asked for again. */
export function useModelChange<A>(change: (argument: A) => Promise<unknown>, quiet = false) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () =>
      Promise.all(["models", "model", "versions", "version"].map((key) => client.invalidateQueries({ queryKey: [key] }))),
    onError: quiet ? () => undefined : undefined,
  });
}
