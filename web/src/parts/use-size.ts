import {
  type RefCallback,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";

/** The height in px of a box, as it changes; 0 before it is drawn. */
export function useHeight(box: RefObject<HTMLElement | null>): number {
  return useSize(box).height;
}

/** Width and height in px of a box, as they change. */
export function useSize(box: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (!box.current) return undefined;
    const watch = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const { width, height } = entry.contentRect;
      setSize({ width: Math.floor(width), height: Math.floor(height) });
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [box]);
  return size;
}

const narrow = window.matchMedia("(max-width: 767px)");

/** Whether the window is a phone's. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (hear) => {
      narrow.addEventListener("change", hear);
      return () => narrow.removeEventListener("change", hear);
    },
    () => narrow.matches,
  );
}

/** Call `come` each time the box that the ref is put on gets near the window. */
export function useNear(come: (() => void) | undefined): RefCallback<HTMLElement> {
  const latest = useRef(come);
  useEffect(() => {
    latest.current = come;
  });
  return useCallback((box: HTMLElement | null) => {
    if (!box) return undefined;
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) latest.current?.();
      },
      { rootMargin: "600px" },
    );
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
}
