import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Failure, Page } from "../../parts/basics";
import { go, to } from "../../parts/router";
import { send } from "../../wire/send";

/** Finds the experiment of a run and goes to its page. */
export default function RunById({ id }: { id: string }) {
  const found = useQuery({
    queryKey: ["run", id],
    queryFn: async ({ signal }) => (await send("GetRun", { run_id: id }, signal)).run,
  });
  const experiment = found.data?.info.experiment_id;
  useEffect(() => {
    if (experiment) go(to(["experiments", experiment, "runs", id]), true);
  }, [experiment, id]);
  if (!found.error) return null;
  return (
    <Page title="Run">
      <Failure error={found.error} retry={() => void found.refetch()} />
    </Page>
  );
}
