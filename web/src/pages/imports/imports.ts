import type {
  Import,
  ImportField,
  ImportKind,
  ImportKinds,
  ImportRows,
  SeenRow,
  Source,
} from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { queries } from "@/queries";

export type { Import, ImportField, ImportKind, ImportRows, SeenRow, Source };

export const IMPORTS_KEY = ["imports"] as const;
export const KINDS = ["skus", "warehouses", "regions", "lanes", "stock", "bundles"] as const;
export type KindName = (typeof KINDS)[number];
export const STEPS = ["upload", "columns", "preview", "run"] as const;
export type Step = (typeof STEPS)[number];
/** States in which the hub is at work. */
export const BUSY: readonly string[] = ["applying", "undoing"];

export const kindsQuery = {
  queryKey: ["import-kinds"],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    ask<ImportKinds>("/v1/imports/kinds", { signal }),
  staleTime: Infinity,
};

const POLL_MS = 1_000;

export const importQuery = (id: string) => ({
  queryKey: [...IMPORTS_KEY, id],
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<Import>(`/v1/imports/${id}`, { signal }),
  refetchInterval: (query: { state: { data?: Import | undefined } }) =>
    BUSY.includes(query.state.data?.state ?? "") ? POLL_MS : false,
});

/** Where an import is to be gone on with. */
export function stepOf(made: Import): Step {
  if (made.state === "uploaded") return "columns";
  return made.state === "mapped" || made.state === "refused" ? "preview" : "run";
}

export const hrefOf = (made: Import) => `/imports/${made.id}/${stepOf(made)}`;

/** The name of a kind or field in the person's language. */
export const nameOf = (said: { zh: string; en: string }) => byLocale(said.zh, said.en);

export async function upload(kind: string, file: File): Promise<Import> {
  const name = encodeURIComponent(file.name.slice(0, 200));
  const made = await ask<Import>(`/v1/imports?kind=${kind}&name=${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
  });
  return remember(made);
}

/** Choose the columns; without them they are proposed again. */
export async function choose(
  id: string,
  chosen: {
    header_row: number;
    sheet: string;
    columns: Readonly<Record<string, Source>> | null;
  },
): Promise<Import> {
  return remember(
    await ask<Import>(`/v1/imports/${id}/mapping`, { method: "PUT", json: chosen }),
  );
}

export async function act(id: string, name: "apply" | "undo", body?: unknown): Promise<Import> {
  return remember(
    await ask<Import>(`/v1/imports/${id}/${name}`, {
      method: "POST",
      ...(body === undefined ? {} : { json: body }),
    }),
  );
}

export async function drop(id: string): Promise<void> {
  await ask(`/v1/imports/${id}`, { method: "DELETE" });
  await queries.invalidateQueries({ queryKey: IMPORTS_KEY });
}

async function remember(made: Import): Promise<Import> {
  // an answer that is under way may be older than this one
  await queries.cancelQueries({ queryKey: [...IMPORTS_KEY, made.id] });
  queries.setQueryData([...IMPORTS_KEY, made.id], made);
  void queries.invalidateQueries({ queryKey: [...IMPORTS_KEY, "list"] });
  return made;
}
