import { useEffect, useRef, useSyncExternalStore } from "react";
import { addKeys, addScanner, type KeyAct, listKeys, onKeysChange } from "./keys";

/**
 * Offer shortcuts while the component is there. The acts may change with each render; only a change
 * of keys or labels registers anew. `on` false takes them away.
 */
export function useKeys(acts: readonly KeyAct[], on = true): void {
  const latest = useRef(acts);
  useEffect(() => {
    latest.current = acts;
  });
  const shape = acts.map((act) => `${act.keys}\t${act.label}`).join("\n");
  useEffect(() => {
    if (!on) return undefined;
    return addKeys(
      latest.current.map((act, at) => ({
        ...act,
        run: (event) => latest.current[at]?.run(event),
      })),
    );
  }, [shape, on]);
}

/** Take what a scanner reads while the component is there. */
export function useScanner(take: (text: string) => void, on = true): void {
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => (on ? addScanner((text) => latest.current(text)) : undefined), [on]);
}

let seen: KeyAct[] = [];
let isOld = true;
onKeysChange(() => {
  isOld = true;
});

/** The shortcuts that work on this page now. */
export function useKeyList(): readonly KeyAct[] {
  return useSyncExternalStore(onKeysChange, () => {
    if (isOld) {
      seen = listKeys();
      isOld = false;
    }
    return seen;
  });
}
