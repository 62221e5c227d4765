import { createContext, use, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { ask } from "@/client";
import { asProblem } from "@/problem";
import { readSession, useSession } from "@/session";
import { type Act, pathOf } from "./model";
import { Outbox, type OutboxState } from "./outbox";
import { openStore } from "./store";

interface Clock {
  /** The hub's clock minus the device's, in ms; null before the first answer. */
  offset_ms: number | null;
  /** Half of the round trip: how far that may be wrong. */
  error_ms: number;
}

interface Pda {
  outbox: Outbox;
  clock: Clock;
  /** Ask the hub, learn of network and clock from the answer. */
  fetch: <T extends { now?: string }>(path: string, json?: unknown) => Promise<T>;
}

const Context = createContext<Pda | null>(null);

async function send(act: Act): Promise<unknown> {
  const headers = { "Idempotency-Key": act.id };
  const path = `${pathOf(act.task)}/${act.what}`;
  const post = () =>
    act.photo
      ? ask<unknown>(path, {
          method: "POST",
          headers: { ...headers, "Content-Type": act.photo.type },
          body: act.photo,
        })
      : ask<unknown>(path, { method: "POST", headers, json: act.json ?? {} });
  try {
    return await post();
  } catch (error) {
    // The session was renewed elsewhere: its token is asked for once.
    if (asProblem(error).code !== "csrf") throw error;
    await readSession();
    return post();
  }
}

let shared: Promise<Outbox> | undefined;
/** What the last answer told of the hub's clock: it outlives the page that asked. */
let heardClock: Clock = { offset_ms: null, error_ms: 0 };

/** One queue a browser tab, whichever page of the device is open. */
function sharedOutbox(): Promise<Outbox> {
  shared ??= openStore().then((store) => new Outbox(store, send));
  return shared;
}

/** Gives queue, network and clock to the pages of the device. */
export function PdaProvider({ children }: { children: ReactNode }) {
  const { person } = useSession();
  const [outbox, setOutbox] = useState<Outbox | null>(null);
  const [clock, setClock] = useState<Clock>(heardClock);
  useEffect(() => {
    let isGone = false;
    void sharedOutbox().then(async (made) => {
      await made.open(person.id);
      if (!isGone) setOutbox(made);
    });
    return () => {
      isGone = true;
    };
  }, [person.id]);
  useEffect(() => {
    const online = () => void outbox?.drain();
    const offline = () => outbox?.reached(false);
    window.addEventListener("online", online);
    window.addEventListener("offline", offline);
    return () => {
      window.removeEventListener("online", online);
      window.removeEventListener("offline", offline);
    };
  }, [outbox]);
  if (!outbox) return null;

  const fetch = async <T extends { now?: string }>(path: string, json?: unknown): Promise<T> => {
    const sent = Date.now();
    try {
      const answer = await (json === undefined
        ? ask<T>(path)
        : ask<T>(path, { method: "POST", json }));
      const heard = Date.now();
      if (answer.now) {
        const offset_ms = new Date(answer.now).getTime() - (sent + heard) / 2;
        heardClock = { offset_ms, error_ms: (heard - sent) / 2 };
        setClock(heardClock);
      }
      outbox.reached(true);
      return answer;
    } catch (error) {
      if (asProblem(error).status === 0) outbox.reached(false);
      throw error;
    }
  };
  return <Context value={{ outbox, clock, fetch }}>{children}</Context>;
}

export function usePda(): Pda {
  const pda = use(Context);
  if (!pda) throw new Error("usePda needs a page of the device around it");
  return pda;
}

/** What waits to be sent, and whether the hub is in reach. */
export function useOutbox(): OutboxState {
  const { outbox } = usePda();
  return useSyncExternalStore(outbox.subscribe, outbox.state);
}
