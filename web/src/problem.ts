/** One row of a sheet that could not be taken. */
export interface RowError {
  row?: number;
  pointer?: string;
  code?: string;
  detail?: string;
}

interface ProblemFields {
  status: number;
  code: string;
  title?: string;
  detail?: string;
  pointer?: string;
  reason?: string;
  reason_en?: string;
  clause?: string;
  retry_after_s?: number;
  errors?: readonly RowError[];
  /** Whatever else the hub said, by name: parameters for the words. */
  [more: string]: unknown;
}

/**
 * What the hub answered instead of what was asked (RFC 9457), or that it could not be reached.
 * `code` is stable and has words in `problems.json`; `requestId` is the 编号 that people quote.
 */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly pointer: string;
  /** The business "no" in Chinese and English, and the clause that says so. */
  readonly reason: string;
  readonly reasonEn: string;
  readonly clause: string;
  /** Seconds after which the same question may be asked again; 0 = not said. */
  readonly retryAfterS: number;
  readonly requestId: string;
  readonly errors: readonly RowError[];
  readonly parameters: Readonly<Record<string, unknown>>;

  constructor(fields: ProblemFields, requestId = "") {
    super(fields.detail || fields.title || fields.code);
    this.name = "Problem";
    this.status = fields.status;
    this.code = fields.code;
    this.detail = fields.detail ?? "";
    this.pointer = fields.pointer ?? "";
    this.reason = fields.reason ?? "";
    this.reasonEn = fields.reason_en ?? "";
    this.clause = fields.clause ?? "";
    this.retryAfterS = fields.retry_after_s ?? 0;
    this.requestId = requestId;
    this.errors = fields.errors ?? [];
    this.parameters = fields;
  }

  /** True when asking again may help: the network, 429, 502 to 504. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || (this.status >= 502 && this.status <= 504);
  }
}

/** Read the problem out of an answer that is no success. */
export async function readProblem(response: Response): Promise<Problem> {
  const id = response.headers.get("x-request-id") ?? "";
  const wait = Number(response.headers.get("retry-after")) || 0;
  const text = await response.text();
  try {
    const body = JSON.parse(text) as Partial<ProblemFields>;
    return new Problem(
      { retry_after_s: wait, ...body, status: response.status, code: body.code ?? "program" },
      id,
    );
  } catch {
    const code = response.status >= 500 ? "unreachable" : "program";
    return new Problem({ status: response.status, code, retry_after_s: wait }, id);
  }
}

/** Make a problem of anything that was thrown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem({ status: 0, code: "unreachable" });
  return new Problem({
    status: 0,
    code: "console",
    detail: error instanceof Error ? error.message : String(error),
  });
}
