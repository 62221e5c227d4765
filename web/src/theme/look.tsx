import { createContext, use, useEffect, useLayoutEffect, useState, type ReactNode } from "react";
import { type Look, wear } from "./tokens";

/** What a person chose; `auto` follows the machine. */
export type LookChoice = Look | "auto";
export type Density = "loose" | "compact" | "dense";
/** Height of a table's row in px. */
export const ROW_PX: Record<Density, number> = { loose: 40, compact: 34, dense: 28 };

interface LookState {
  look: Look;
  choice: LookChoice;
  density: Density;
  setChoice: (choice: LookChoice) => void;
  setDensity: (density: Density) => void;
  /** A page that is always dark says so while it is open; null gives the choice back. */
  force: (look: Look | null) => void;
}

const LOOK = "danshu.look";
const DENSITY = "danshu.density";
const night = window.matchMedia("(prefers-color-scheme: dark)");
const Context = createContext<LookState | null>(null);

function kept<T extends string>(key: string, among: readonly T[], otherwise: T): T {
  const value = window.localStorage.getItem(key);
  return among.find((one) => one === value) ?? otherwise;
}

/** Holds the look and density of this browser; the session's preferences are put in when known. */
export function LookProvider({ children }: { children: ReactNode }) {
  const [choice, choose] = useState<LookChoice>(() =>
    kept(LOOK, ["light", "dark", "auto"], "auto"),
  );
  const [density, pack] = useState<Density>(() =>
    kept(DENSITY, ["loose", "compact", "dense"], "compact"),
  );
  const [forced, force] = useState<Look | null>(null);
  const [isNight, setNight] = useState(night.matches);
  useEffect(() => {
    const hear = () => setNight(night.matches);
    night.addEventListener("change", hear);
    return () => night.removeEventListener("change", hear);
  }, []);
  const look: Look = forced ?? (choice === "auto" ? (isNight ? "dark" : "light") : choice);
  useEffect(() => wear(look), [look]);
  const setChoice = (next: LookChoice) => {
    window.localStorage.setItem(LOOK, next);
    choose(next);
  };
  const setDensity = (next: Density) => {
    window.localStorage.setItem(DENSITY, next);
    pack(next);
  };
  return (
    <Context value={{ look, choice, density, setChoice, setDensity, force }}>{children}</Context>
  );
}

/** The look and density in use, and how to change them. */
export function useLook(): LookState {
  const state = use(Context);
  if (!state) throw new Error("useLook needs a LookProvider above it");
  return state;
}

/** Wear a look while this is shown, whatever the person chose. */
export function useForcedLook(look: Look): void {
  const { force } = useLook();
  useLayoutEffect(() => {
    force(look);
    return () => force(null);
    // `force` sets state and stays the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [look]);
}
