import type { Tone } from "@/parts/status-tag";

/** How the log stands: GET /v1/books. Instants are RFC 3339 or null. */
export interface LogState {
  public: boolean;
  waiting_ms: number;
  unsealed: number;
  books: Book[];
  keys: LogKey[];
  witnesses: Witness[];
  heads: HeadsEntry[];
  anchor: string;
  anchor_url: string;
  anchor_key: string;
  anchor_every_h: number;
  anchors: Deposit[];
  gaps: Gap[];
}

export interface Book {
  half: string;
  origin: string;
  size: number;
  signed: number;
  root: string;
  signed_at: string | null;
  cosignatures: number;
  cosigned: number;
  linked_from: string;
  linked_size: number;
}

export interface LogKey {
  public_key: string;
  state: "present" | "overlap" | "past" | "revoked";
  since: string;
  until: string | null;
  revoked: string | null;
  reason: string;
  in_file: boolean;
}

export interface Witness {
  name: string;
  vkey: string;
  url: string;
  added: string;
  books: {
    half: string;
    size: number;
    asked: string | null;
    cosigned: string | null;
    trouble: string;
    forked: string | null;
  }[];
}

export interface HeadsEntry {
  half: string;
  start: number;
  stop: number;
  count: number;
  root: string;
  at: string;
  asked: boolean;
}

export interface Deposit {
  period: string;
  adapter: string;
  digest: string;
  evidence_no: string;
  tx: string;
  at: string | null;
  trouble: string;
  books: number;
}

export interface Gap {
  code: string;
  subject: string;
  since: string | null;
}

export const BOOKS_KEY = ["books"];

const BROKEN = new Set(["log_forked", "forked", "seal_late"]);

/** What a gap means: a fork is a broken promise, all else is late or waits. */
export function toneOf(gaps: readonly Gap[]): Tone {
  if (gaps.some((gap) => BROKEN.has(gap.code))) return "broken";
  return gaps.length > 0 ? "risk" : "kept";
}
