/** A page as a picture: width and height are those that boxes are told in. */
export interface PageImage {
  src: string;
  width: number;
  height: number;
}

/** Where something stands: x and y of four corners, clockwise from the words' upper left. */
export interface PageBox {
  path: string;
  page?: number;
  box: readonly number[];
  /** Thousandths. */
  confidence: number;
  label: string;
}

/** The pages of an original of a kind that has pages; a PDF's are drawn by the hub. */
export function pagesOf(
  id: string,
  mediaType: string,
  sizes: readonly (readonly [number, number])[],
): PageImage[] {
  const isPdf = mediaType === "application/pdf";
  return sizes.map(([width, height], n) => ({
    src: isPdf ? `/v1/originals/${id}/pages/${n}` : `/v1/originals/${id}/content`,
    width,
    height,
  }));
}

export type Sureness = "sure" | "doubtful" | "unsure";

/** How sure a confidence in thousandths is, for its colour. */
export function surenessOf(confidence: number): Sureness {
  if (confidence >= 900) return "sure";
  return confidence >= 600 ? "doubtful" : "unsure";
}

/** Quarter turns clockwise that set a page's words upright: by the way that most of them run. */
export function turnsOf(boxes: readonly PageBox[]): number {
  const votes = [0, 0, 0, 0];
  for (const { box } of boxes) {
    const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = box;
    const length = Math.hypot(x1 - x0, y1 - y0);
    if (!length) continue;
    const quarter = Math.round(Math.atan2(y1 - y0, x1 - x0) / (Math.PI / 2));
    votes[(8 - quarter) % 4] = (votes[(8 - quarter) % 4] ?? 0) + length;
  }
  return votes.indexOf(Math.max(...votes));
}

/** Corners as SVG writes them. */
export function pointsOf(box: readonly number[]): string {
  return box.reduce((said, v, i) => said + (i === 0 ? "" : i % 2 ? "," : " ") + v, "");
}
