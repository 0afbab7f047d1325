/** The one door to the server: `send` a call by its name, get its reply. */
import { calls, type Real, type Route } from "../generated/calls";
import { connection } from "./connection";

type Calls = typeof calls;
export type CallName = keyof Calls;
export type Question<N extends CallName> = Calls[N] extends Route<infer Q, unknown> ? Q : never;
export type Reply<N extends CallName> = Calls[N] extends Route<infer _Q, infer R> ? R : never;

/** The server answered, and said no. The message is the server's own sentence. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }
}

// The server writes the path below which it is served into the page.
const PREFIX = document.querySelector<HTMLMetaElement>('meta[name="headrace-prefix"]')?.content ?? "";

/** No answer came. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer. The page tries again by itself.");
    this.name = "Unreachable";
  }
}

/** An address of this server, below its prefix. */
export function address(path: string, query?: Record<string, unknown>): string {
  const url = new URL(`${PREFIX}/${path.replace(/^\//, "")}`, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined) url.searchParams.append(name, String(each));
    }
  }
  return url.href;
}

/** Send one call. Throws `Refusal` or `Unreachable`. */
export async function send<N extends CallName>(name: N, question: Question<N>, signal?: AbortSignal): Promise<Reply<N>> {
  const route = calls[name];
  const rest: Record<string, unknown> = { ...(question as object) };
  const path = route.path.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest[field];
    delete rest[field];
    return encodeURIComponent(String(value));
  });
  const inQuery = route.verb === "GET";
  const response = await get(address(`ajax-api${path}`, inQuery ? rest : undefined), {
    method: route.verb,
    headers: inQuery ? {} : { "content-type": "application/json" },
    body: inQuery ? undefined : JSON.stringify(rest),
    signal,
  });
  return (await response.json()) as Reply<N>;
}

/** Fetch with this project's two errors. */
export async function get(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    connection.lost();
    throw new Unreachable();
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response: Response): Promise<Refusal> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { error_code?: string; message?: string };
    if (body.message) return new Refusal(response.status, body.error_code ?? "", body.message);
  } catch {
    // Not JSON: a proxy in between has spoken, and the status is all we can pass on.
  }
  return new Refusal(response.status, "", `The server answered ${response.status} ${response.statusText}.`);
}

/** A float of the wire as a number. */
export function number(value: Real): number {
  return typeof value === "number" ? value : Number(value);
}
