import {
  type RefCallback,
  useCallback,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";

/** The height in px of the box that the ref is put on, as it changes. */
export function useHeight(): [RefCallback<HTMLElement>, number] {
  const [height, setHeight] = useState(0);
  const ref = useCallback((box: HTMLElement | null) => {
    if (!box) return undefined;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setHeight(Math.floor(entry.contentRect.height));
    });
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  return [ref, height];
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
