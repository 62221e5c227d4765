import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addKeys, addScanner, BURST_MS, Keyboard, listKeys, nameOf, setSingles } from "./keys";

const done: string[] = [];
const undo: (() => void)[] = [];
const act = (keys: string, more = {}) => ({
  keys,
  label: keys,
  run: () => void done.push(keys),
  ...more,
});
let keyboard: Keyboard;

function press(key: string, more: KeyboardEventInit = {}, target: EventTarget = document.body) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  target.addEventListener("keydown", keyboard.take as EventListener, { once: true });
  target.dispatchEvent(event);
  return event;
}
const rest = () => vi.advanceTimersByTime(BURST_MS + 1);

beforeEach(() => {
  vi.useFakeTimers();
  keyboard = new Keyboard();
  done.length = 0;
});
afterEach(() => {
  for (const one of undo.splice(0)) one();
  document.body.replaceChildren();
  setSingles(true);
  vi.useRealTimers();
});

describe("shortcuts", () => {
  it("names key strokes", () => {
    const name = (key: string, more: KeyboardEventInit = {}) =>
      nameOf(new KeyboardEvent("keydown", { key, ...more }));
    expect(name("X", { shiftKey: true })).toBe("shift+x");
    expect(name("k", { metaKey: true })).toBe("ctrl+k");
    expect(name("?", { shiftKey: true })).toBe("?");
    expect(name(" ")).toBe("Space");
  });

  it("acts once a person has pressed", () => {
    undo.push(addKeys([act("j"), act("Enter"), act("ctrl+k")]));
    press("j");
    expect(done).toEqual([]);
    rest();
    press("Enter");
    press("k", { ctrlKey: true });
    expect(done).toEqual(["j", "Enter", "ctrl+k"]);
  });

  it("follows sequences, and forgets a first key that nothing follows", () => {
    undo.push(addKeys([act("g o"), act("o")]));
    press("g");
    rest();
    press("o");
    rest();
    press("g");
    rest();
    vi.advanceTimersByTime(2_000);
    press("o");
    rest();
    expect(done).toEqual(["g o", "o"]);
  });

  it("leaves fields alone, but for what is meant for them", () => {
    undo.push(addKeys([act("j"), act("Escape"), act("ctrl+k", { inFields: true })]));
    const field = document.body.appendChild(document.createElement("input"));
    press("j", {}, field);
    rest();
    press("Escape", {}, field);
    press("k", { ctrlKey: true }, field);
    expect(done).toEqual(["ctrl+k"]);
  });

  it("leaves Enter and Space to buttons, and everything to dialogs", () => {
    undo.push(addKeys([act("Enter"), act("j")]));
    const button = document.body.appendChild(document.createElement("button"));
    press("Enter", {}, button);
    const dialog = document.body.appendChild(document.createElement("div"));
    dialog.setAttribute("aria-modal", "true");
    press("Enter", {}, dialog);
    press("j", {}, dialog);
    rest();
    expect(done).toEqual([]);
  });

  it("can be switched off, single characters alone", () => {
    undo.push(addKeys([act("h"), act("ctrl+k")]));
    setSingles(false);
    press("h");
    rest();
    press("k", { ctrlKey: true });
    expect(done).toEqual(["ctrl+k"]);
  });

  it("prefers what was added last, and lists each key once", () => {
    undo.push(addKeys([act("j")]));
    undo.push(addKeys([{ keys: "j", label: "newer", run: () => void done.push("newer") }]));
    press("j");
    rest();
    expect(done).toEqual(["newer"]);
    expect(listKeys().map((one) => one.label)).toEqual(["newer"]);
  });
});

describe("scanner", () => {
  const scan = (text: string) => {
    for (const character of text) press(character);
    return press("Enter");
  };

  it("is read as one text, and triggers no shortcut", () => {
    undo.push(addKeys([act("d"), act("h"), act("Enter")]));
    const read: string[] = [];
    undo.push(addScanner((text) => void read.push(text)));
    expect(scan("Dh26112200").defaultPrevented).toBe(true);
    rest();
    expect(read).toEqual(["Dh26112200"]);
    expect(done).toEqual([]);
  });

  it("goes to whoever asked last", () => {
    const read: string[] = [];
    undo.push(addScanner(() => void read.push("frame")));
    const stop = addScanner((text) => void read.push(text));
    scan("6901234567892");
    stop();
    scan("6901234567892");
    expect(read).toEqual(["6901234567892", "frame"]);
  });

  it("is not seen in a few quick keys", () => {
    undo.push(addKeys([act("j"), act("Enter")]));
    scan("jj");
    expect(done).toEqual(["j", "j", "Enter"]);
  });
});
