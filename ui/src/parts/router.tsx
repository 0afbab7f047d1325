/** A small router over the hash routes that every client prints: `#/experiments/1/runs/…?query`. */
import { type AnchorHTMLAttributes, useEffect, useMemo, useSyncExternalStore } from "react";

export interface Place {
  /** Decoded parts of the path. */
  segments: string[];
  query: URLSearchParams;
}

const MOVED = "headrace:moved";

function subscribe(listener: () => void) {
  window.addEventListener("hashchange", listener);
  window.addEventListener(MOVED, listener);
  return () => {
    window.removeEventListener("hashchange", listener);
    window.removeEventListener(MOVED, listener);
  };
}

/** Where the reader is. */
export function usePlace(): Place {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return useMemo(() => parse(hash), [hash]);
}

function parse(hash: string): Place {
  const [path = "", query = ""] = split(hash.replace(/^#/, ""), "?");
  return { segments: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a place: each segment is encoded, empty query values are left out. */
export function to(segments: readonly string[], query?: Record<string, string | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value) search.set(name, value);
  const text = search.toString();
  return `#/${segments.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** Go to a place. With `replace`, Back does not return to the present one. */
export function go(href: string, replace = false): void {
  if (replace) history.replaceState(history.state, "", href);
  else history.pushState(null, "", href);
  window.dispatchEvent(new Event(MOVED));
}

/** One value of the query as state: the whole view is in the address. */
export function useQueryState(name: string): [string, (value: string) => void] {
  const place = usePlace();
  return [place.query.get(name) ?? "", (value) => setQuery({ [name]: value })];
}

/** Change values of the query, in place. */
export function setQuery(values: Record<string, string>): void {
  const { segments, query } = parse(location.hash);
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  go(to(segments, Object.fromEntries(query)), true);
}

/** The name of the page, in the browser's tab and history. */
export function useTitle(...parts: (string | undefined)[]): void {
  const title = [...parts.filter(Boolean), "Headrace"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** A link inside the application. */
export function Link({ href, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  return <a href={href} {...rest} />;
}
