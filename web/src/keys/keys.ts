/**
 * Shortcuts and the scanner share one keyboard. A scanner types like a person, only faster: single
 * characters therefore wait BURST_MS before they act, and many of them ended by Enter are a scan.
 */

export interface KeyAct {
  /** "j", "shift+x", "ctrl+k", "g o", "?", "Enter", "Space", "ArrowDown". */
  keys: string;
  /** What it does, for the list that `?` shows; "" keeps it out. */
  label: string;
  run: (event: KeyboardEvent) => void;
  /** True when it works while a field has focus too (only with Ctrl or Escape). */
  inFields?: boolean;
}

/** Longer pauses than this are a person's; scanners send a character every 1 to 20 ms. */
export const BURST_MS = 45;
/** Fewer characters than this are no scan: the shortest code in use is EAN-8. */
export const SCAN_CHARACTERS = 6;
/** How long the first key of "g o" waits for the second. */
export const SEQUENCE_MS = 1_000;

type Scan = (text: string) => void;

const layers: (readonly KeyAct[])[] = [];
const scanners: Scan[] = [];
const listeners = new Set<() => void>();
let singles = true;

/** Add shortcuts; those added last go first. Gives the way to take them away. */
export function addKeys(acts: readonly KeyAct[]): () => void {
  layers.push(acts);
  tell();
  return () => {
    layers.splice(layers.indexOf(acts), 1);
    tell();
  };
}

/** Take scans from now on; the one added last gets them. */
export function addScanner(take: Scan): () => void {
  scanners.push(take);
  return () => {
    scanners.splice(scanners.indexOf(take), 1);
  };
}

/** Switch single characters on or off (WCAG 2.1.4); scans go on. */
export function setSingles(on: boolean): void {
  singles = on;
}

/** The shortcuts that work now, without those that another layer hides. */
export function listKeys(): KeyAct[] {
  const found = new Map<string, KeyAct>();
  for (const acts of layers.toReversed()) {
    for (const act of acts) if (!found.has(act.keys)) found.set(act.keys, act);
  }
  return [...found.values()].filter((act) => act.label !== "");
}

/** Hear of changes of the list. */
export function onKeysChange(hear: () => void): () => void {
  listeners.add(hear);
  return () => listeners.delete(hear);
}

function tell(): void {
  for (const hear of listeners) hear();
}

/** Name a key stroke as `KeyAct.keys` does. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key === " " ? "Space" : event.key;
  const isLetter = /^[a-z]$/i.test(key);
  const shift = event.shiftKey && (isLetter || key.length > 1) ? "shift+" : "";
  const ctrl = event.ctrlKey || event.metaKey ? "ctrl+" : "";
  const alt = event.altKey ? "alt+" : "";
  return ctrl + alt + shift + (isLetter ? key.toLowerCase() : key);
}

/** Whether typing there is text. */
export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "button", "submit", "reset"].includes(target.type);
  }
  return target.matches("textarea, select, [role=combobox], [role=textbox]");
}

/** Whether Enter and Space already mean something there. */
function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest(
      "button, a[href], input, summary, [role=button], [role=tab], [role=menuitem], " +
        "[role=menuitemradio], [role=option], [role=switch], [role=checkbox], [role=radio]",
    ) !== null
  );
}

function inDialog(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("[aria-modal=true]") !== null;
}

/** One keyboard: feed it key strokes. Made once by `listen`; tests make their own. */
export class Keyboard {
  #typed: { name: string; character: string; event: KeyboardEvent }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #prefix = "";
  #prefixTimer: ReturnType<typeof setTimeout> | undefined;

  readonly take = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const name = nameOf(event);
    const field = isField(event.target);
    if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) {
      if (!field && !event.altKey) this.#type(name, event);
      return;
    }
    if (event.key === "Shift" || event.key === "Control" || event.key === "Alt") return;
    if (name === "Enter" && this.#typed.length >= SCAN_CHARACTERS && !field) {
      event.preventDefault();
      this.#scan();
      return;
    }
    this.#flush();
    if ((name === "Enter" || name === "Space") && isControl(event.target)) return;
    const act = find(name);
    if (!act || (field && !act.inFields)) return;
    if (inDialog(event.target) && !act.inFields) return;
    event.preventDefault();
    act.run(event);
  };

  #type(name: string, event: KeyboardEvent): void {
    // A key that is held down repeats: no scanner does that.
    if (event.repeat) {
      this.#flush();
      this.#act(name, event);
      return;
    }
    if (name === "/" || name === "?") event.preventDefault();
    this.#typed.push({ name, character: event.key, event });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), BURST_MS);
  }

  #scan(): void {
    clearTimeout(this.#timer);
    const text = this.#typed.map((one) => one.character).join("");
    this.#typed = [];
    scanners.at(-1)?.(text);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    const typed = this.#typed;
    this.#typed = [];
    for (const { name, event } of typed) this.#act(name, event);
  }

  #act(name: string, event: KeyboardEvent): void {
    if (!singles || inDialog(event.target)) return;
    clearTimeout(this.#prefixTimer);
    const full = this.#prefix ? `${this.#prefix} ${name}` : name;
    this.#prefix = "";
    const act = find(full);
    if (act) return act.run(event);
    if (layers.some((acts) => acts.some((one) => one.keys.startsWith(`${full} `)))) {
      this.#prefix = full;
      this.#prefixTimer = setTimeout(() => {
        this.#prefix = "";
      }, SEQUENCE_MS);
    }
  }
}

function find(name: string): KeyAct | undefined {
  for (const acts of layers.toReversed()) {
    const act = acts.find((one) => one.keys === name);
    if (act) return act;
  }
  return undefined;
}

/** Listen to the document's keyboard. */
export function listen(): () => void {
  const keyboard = new Keyboard();
  document.addEventListener("keydown", keyboard.take);
  return () => document.removeEventListener("keydown", keyboard.take);
}
