import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

const BOX = { width: 1200, height: 700 };

// jsdom lays nothing out: it lacks what layout would answer, and every box is a small window.
window.matchMedia ??= (query: string) =>
  ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }) as unknown as MediaQueryList;
window.ResizeObserver ??= class implements ResizeObserver {
  readonly #hear: ResizeObserverCallback;
  constructor(hear: ResizeObserverCallback) {
    this.#hear = hear;
  }
  observe(): void {
    this.#hear([{ contentRect: BOX } as ResizeObserverEntry], this);
  }
  unobserve(): void {}
  disconnect(): void {}
};
window.IntersectionObserver ??= class implements Partial<IntersectionObserver> {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
} as unknown as typeof IntersectionObserver;
Element.prototype.scrollTo ??= () => undefined;

afterEach(() => cleanup());
