/** How the table is sorted, as the address and `order_by` say it. */

export interface Sorting {
  /** A name of the search language, or empty for the server's own order: newest first. */
  order: string;
  ascending: boolean;
}

export function orderBy({ order, ascending }: Sorting): string[] {
  return order ? [`${order} ${ascending ? "ASC" : "DESC"}`] : [];
}

/** What a click on a column's head makes of it: numbers begin with the greatest, the third click ends the sorting. */
export function clicked(now: Sorting, order: string, numeric: boolean): Sorting {
  const first = !numeric;
  if (now.order !== order) return { order, ascending: first };
  return now.ascending === first ? { order, ascending: !first } : { order: "", ascending: false };
}
