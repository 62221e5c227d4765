import type { CreateClientConfig } from "./api/client.gen";
import { Problem, readProblem } from "./problem";

const WRITES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

let csrf = "";
let onSignedOut: () => void = () => undefined;

/** Remember the token that each write must carry; it comes with the session. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Say what happens when the hub no longer knows the session. */
export function setSignedOut(act: () => void): void {
  onSignedOut = act;
}

/**
 * The one way to the hub: same-origin cookies, the token on writes, problems as thrown `Problem`s.
 * The generated client uses it too.
 */
export async function fetchHub(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, { ...init, credentials: "same-origin" });
  if (csrf && WRITES.has(request.method)) request.headers.set("X-CSRF-Token", csrf);
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem({ status: 0, code: "unreachable" });
  }
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (problem.status === 401 && problem.code === "unauthenticated") onSignedOut();
  throw problem;
}

/** Ask the hub for JSON where the generated client has no function (yet). */
export async function ask<T>(
  path: string,
  init?: Omit<RequestInit, "body"> & { json?: unknown; body?: BodyInit },
): Promise<T> {
  const { json, ...rest } = init ?? {};
  const headers = new Headers(rest.headers);
  if (json !== undefined) headers.set("Content-Type", "application/json");
  const body = json === undefined ? rest.body : JSON.stringify(json);
  const response = await fetchHub(new URL(path, window.location.origin), {
    ...rest,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

/** Called by the generated client when it starts. */
export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  baseUrl: window.location.origin,
  credentials: "same-origin",
  throwOnError: true,
  fetch: fetchHub,
});
