import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { say } from "./parts/toast";
import { Shell } from "./shell/Shell";
import { connection } from "./wire/connection";
import { Unreachable } from "./wire/send";
import "./style/tokens.css";
import "./style/base.css";
import "./style/parts.css";
import "./shell/shell.css";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 2_000,
      gcTime: 10 * 60_000,
      retry: (failures, error) => error instanceof Unreachable && failures < 1,
      retryDelay: 500,
    },
    mutations: { networkMode: "always" },
  },
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      if (!mutation.options.onError) say(error.message);
    },
  }),
});

// What was missed while the server was away is asked for again when it is back.
let heals = connection.heals();
connection.subscribe(() => {
  if (connection.heals() === heals) return;
  heals = connection.heals();
  void client.invalidateQueries();
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <Shell />
    </QueryClientProvider>
  </StrictMode>,
);
