import { useEffect, useRef } from "react";
import { isField } from "@/keys/keys";

/** A longer pause begins a new code; a slow device may take this long between two characters. */
const PAUSE_MS = 400;
/** Fewer characters are no code. */
const CHARACTERS = 3;

/**
 * Take what a scanner types, wherever the focus is. These pages have no shortcuts, so that even a
 * device that is busy between two characters loses none. Fields keep what is typed into them.
 */
export function useWedge(take: (code: string) => void): void {
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => {
    let typed = "";
    let last = 0;
    const hear = (event: KeyboardEvent) => {
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isField(event.target)) return;
      if (event.timeStamp - last > PAUSE_MS) typed = "";
      last = event.timeStamp;
      if (event.key.length === 1) {
        typed += event.key;
        // A space must not press the button that has the focus in the middle of a code.
        if (event.key === " " && typed.length > 1) event.preventDefault();
        return;
      }
      if ((event.key === "Enter" || event.key === "Tab") && typed.trim().length >= CHARACTERS) {
        event.preventDefault();
        event.stopPropagation();
        const code = typed.trim();
        typed = "";
        latest.current(code);
      }
    };
    window.addEventListener("keydown", hear, { capture: true });
    return () => window.removeEventListener("keydown", hear, { capture: true });
  }, []);
}
