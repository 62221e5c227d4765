import { type RefObject, useCallback, useState } from "react";

/** Rows drawn above and below of what is seen. */
const SPARE_ROWS = 12;
/** The window moves in steps, so that most scrolling draws nothing. */
const STEP_ROWS = 6;

interface Window {
  /** First row that is drawn and first that is not. */
  from: number;
  to: number;
  onScroll: () => void;
  /** Scroll until a row is fully seen. */
  show: (index: number) => void;
}

/** Which rows of equal height a scrolling box must draw. */
export function useWindow(
  box: RefObject<HTMLElement | null>,
  rows: number,
  row_px: number,
  head_px: number,
  height_px: number,
): Window {
  const [first, setFirst] = useState(0);
  const seen = Math.ceil(Math.max(0, height_px - head_px) / row_px);
  const onScroll = useCallback(() => {
    const at = Math.floor((box.current?.scrollTop ?? 0) / row_px);
    setFirst(Math.floor(at / STEP_ROWS) * STEP_ROWS);
  }, [box, row_px]);
  const show = useCallback(
    (index: number) => {
      const element = box.current;
      if (!element) return;
      const top = index * row_px;
      const room = element.clientHeight - head_px;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + row_px > element.scrollTop + room) element.scrollTop = top + row_px - room;
    },
    [box, row_px, head_px],
  );
  return {
    from: Math.max(0, Math.min(first, rows) - SPARE_ROWS),
    to: Math.min(rows, first + seen + STEP_ROWS + SPARE_ROWS),
    onScroll,
    show,
  };
}
