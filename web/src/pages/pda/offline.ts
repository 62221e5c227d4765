import i18next from "i18next";
import { KEPT_SESSION, type Session } from "@/session";
import type { Tasks } from "./model";

const TASKS = "danshu.pda.tasks";
const PAGES = "danshu-pda ";
/** Words that are wanted when something goes wrong, and loaded only then. */
const WORDS = ["problems", "rights"];

/** Remember who works here. The token of the session stays out: it comes with the network. */
export function keepSession(session: Session): void {
  window.localStorage.setItem(KEPT_SESSION, JSON.stringify({ ...session, csrf: "" }));
}

export function dropSession(): void {
  window.localStorage.removeItem(KEPT_SESSION);
}

export function keptSession(): Session | null {
  return read<Session>(KEPT_SESSION);
}

/** Remember the list of what there is to do, as the hub last showed it to a person. */
export function keepTasks(person: string, tasks: Tasks): void {
  window.localStorage.setItem(TASKS, JSON.stringify({ person, tasks }));
}

export function keptTasks(person: string): Tasks | null {
  const kept = read<{ person: string; tasks: Tasks }>(TASKS);
  return kept?.person === person ? kept.tasks : null;
}

function read<T>(name: string): T | null {
  try {
    return JSON.parse(window.localStorage.getItem(name) ?? "null") as T | null;
  } catch {
    return null;
  }
}

/**
 * Keep this page with every file that it loaded, so that `sw.js` can open it without the network.
 * The files of an older build go when those of this one are complete.
 */
export async function keepPage(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/sw.js", { scope: "/pda" });
  await i18next.loadNamespaces(WORDS);
  const entry = document.querySelector<HTMLScriptElement>("script[type=module][src]")?.src ?? "";
  const name = PAGES + entry;
  const cache = await caches.open(name);
  const held = new Set((await cache.keys()).map((request) => request.url));
  const files = performance
    .getEntriesByType("resource")
    .map((one) => one.name)
    .filter((url) => url.startsWith(`${window.location.origin}/files/`) && !held.has(url));
  await cache.addAll(["/pda", "/logo.svg", ...new Set(files)]);
  for (const other of await caches.keys()) {
    if (other.startsWith(PAGES) && other !== name) await caches.delete(other);
  }
}
