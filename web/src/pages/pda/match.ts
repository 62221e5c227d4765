import type { Act, Line, Task } from "./model";

const GTIN_CHARACTERS = 8;

/** Whether a code is the goods' barcode or SKU; scanners may drop a GTIN's leading zero. */
export function isCodeOf(line: Line, code: string): boolean {
  if (code === "") return false;
  if (code === line.barcode || code.toLowerCase() === line.sku.toLowerCase()) return true;
  if (!/^\d+$/.test(code) || !/^\d+$/.test(line.barcode)) return false;
  const bare = code.replace(/^0+/, "");
  return bare.length >= GTIN_CHARACTERS && bare === line.barcode.replace(/^0+/, "");
}

export type Verdict =
  | { is: "right"; line: Line }
  | { is: "unknown"; expected: Line[] }
  | { is: "enough"; line: Line }
  | { is: "tooMany"; line: Line; left: number };

/** What the hub will say to a scan, said by the device at once; the hub decides. */
export function judge(lines: readonly Line[], code: string, quantity: number): Verdict {
  const meant = lines.filter((line) => isCodeOf(line, code));
  const first = meant[0];
  if (!first) {
    return { is: "unknown", expected: lines.filter((line) => line.scanned < line.quantity) };
  }
  const open = meant.find((line) => line.scanned < line.quantity);
  if (!open) return { is: "enough", line: first };
  const left = open.quantity - open.scanned;
  return quantity > left ? { is: "tooMany", line: open, left } : { is: "right", line: open };
}

/** The task with what waits in the queue counted in. */
export function withQueue(task: Task, queue: readonly Act[]): Task {
  const right = queue.filter((act) => act.what === "scan" && !act.isWrong);
  const units = new Map<string, number>();
  for (const act of right) {
    if (act.sku) units.set(act.sku, (units.get(act.sku) ?? 0) + (act.quantity ?? 1));
  }
  const lines = task.lines.map((line) => ({
    ...line,
    scanned: Math.min(line.quantity, line.scanned + (units.get(line.sku) ?? 0)),
  }));
  const waybill = right.find((act) => act.sku === undefined)?.json?.code;
  return {
    ...task,
    lines,
    left: lines.reduce((sum, line) => sum + line.quantity - line.scanned, 0),
    scanned_waybill: task.scanned_waybill || (typeof waybill === "string" ? waybill : ""),
    photos: [
      ...task.photos,
      ...queue
        .filter((act) => act.what === "photos")
        .map((act) => ({ digest: act.id, size: act.photo?.size ?? 0 })),
    ],
  };
}

interface Answer {
  line?: Line | null;
  waybill?: string;
  digest?: string;
  size?: number;
}

/** The task after the hub's answer to a scan or a photo. */
export function learnt(task: Task, answer: unknown): Task {
  const { line, waybill, digest, size } = (answer ?? {}) as Answer;
  const next = { ...task };
  if (line) next.lines = task.lines.map((one) => (one.sku === line.sku ? line : one));
  if (waybill) next.scanned_waybill = waybill;
  if (digest && !task.photos.some((one) => one.digest === digest)) {
    next.photos = [...task.photos, { digest, size: size ?? 0 }];
  }
  return next;
}
