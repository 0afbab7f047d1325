import { useMemo } from "react";
import { setQuery, usePlace } from "../../parts/router";
import { nameContains, plainWords } from "../../wire/language";
import { clicked, orderBy, type Sorting } from "./sorting";

/** What the address says about the table: under the names that links of other tools use. */
export function useView() {
  const { query } = usePlace();
  const typed = query.get("searchFilter") ?? "";
  const words = plainWords(typed);
  const key = query.get("orderByKey") ?? "";
  const ascending = query.get("orderByAsc") === "true";
  const sorting = useMemo<Sorting>(() => ({ order: key, ascending }), [key, ascending]);
  return {
    typed,
    words,
    filter: words === null ? typed : nameContains("attributes.run_name", words),
    sorting,
    order: useMemo(() => orderBy(sorting), [sorting]),
    deleted: query.get("lifecycleFilter")?.toLowerCase() === "deleted",
    charts: query.get("compareRunsMode") === "CHART",
    sort: (order: string, numeric: boolean) => {
      const next = clicked(sorting, order, numeric);
      setQuery({ orderByKey: next.order, orderByAsc: next.order ? String(next.ascending) : "" });
    },
  };
}
