import { useMutation, useQuery } from "@tanstack/react-query";
import { createContext, use, useEffect, type ReactNode } from "react";
import { ask, setCsrf } from "./client";
import { type Locale, speak } from "./i18n";
import { queries } from "./queries";
import { type Density, type LookChoice, useLook } from "./theme/look";

/** What a person set for himself; kept on the server. */
export interface Preferences {
  locale: Locale;
  theme: LookChoice;
  density: Density;
  /** Whether single letters are shortcuts (WCAG 2.1.4). */
  single_keys: boolean;
}

/** Who works here, for which merchant, and what he may do. */
export interface Session {
  person: { id: string; login: string; name: string; number: string; roles: string[]; warehouses?: string[] };
  tenant: { code: string; name: string };
  rights: string[];
  csrf: string;
  /** What must be done before anything else: "totp" = enrol a code. */
  todo?: string;
  /** Until when the person counts as just proven; "" = prove again for some acts. */
  fresh_until?: string;
  preferences: Partial<Preferences>;
}

export const SESSION_KEY = ["session"] as const;
/** Where a device on the floor remembers who works with it, for when the network is gone. */
export const KEPT_SESSION = "danshu.pda.session";
const Context = createContext<Session | null>(null);

/** Ask who is signed in. A 401 is thrown as a Problem. */
export async function readSession(): Promise<Session> {
  const session = await ask<Session>("/v1/session");
  setCsrf(session.csrf);
  return session;
}

/** The session as a query, for places outside of the frame (sign-in). */
export function useSessionQuery() {
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: readSession,
    staleTime: Infinity,
    // Asked without a network too: only a failure tells the page that it is alone.
    networkMode: "always",
  });
}

/** Gives the session to all below, and puts its preferences in force. */
export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  const { setChoice, setDensity } = useLook();
  const { locale, theme, density } = session.preferences;
  useEffect(() => {
    if (locale) void speak(locale);
    if (theme) setChoice(theme);
    if (density) setDensity(density);
    // What was kept on the server goes before what this browser remembers, once per change of it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [locale, theme, density]);
  return <Context value={session}>{children}</Context>;
}

/** Who is signed in; only below the frame, where there always is someone. */
export function useSession(): Session {
  const session = use(Context);
  if (!session) throw new Error("useSession needs a signed-in page around it");
  return session;
}

/** Whether the person holds a right; "" is held by all. */
export function useMay(right: string): boolean {
  const { rights } = useSession();
  return right === "" || rights.includes(right);
}

/** Change preferences here at once and on the server. */
export function usePreferences() {
  return useMutation({
    mutationFn: (change: Partial<Preferences>) =>
      ask<unknown>("/v1/session/preferences", { method: "PATCH", json: change }),
    onMutate: (change) => {
      queries.setQueryData<Session>([...SESSION_KEY], (old) =>
        old ? { ...old, preferences: { ...old.preferences, ...change } } : old,
      );
    },
  });
}

/** End the session on the server and go to the sign-in page. */
export async function signOut(): Promise<void> {
  await ask<unknown>("/v1/session", { method: "DELETE" });
  window.localStorage.removeItem(KEPT_SESSION);
  window.location.assign("/sign-in");
}
