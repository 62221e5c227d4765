import { useQuery } from "@tanstack/react-query";
import type { OriginalView } from "@/api/types.gen";
import { ask } from "@/client";
import type { PageBox } from "@/parts/box-places";

export type { OriginalView };

export const ACCEPT = "image/png,image/jpeg,image/webp,image/bmp,application/pdf";
const LARGE_BYTES = 8 << 20;
const LONG_SIDE = 3_200;
const LOOK_MS = 1_000;

/** Shrink a very large photo, so that it can be sent; anything else stays as it is. */
export async function shrink(file: Blob): Promise<Blob> {
  if (file.size <= LARGE_BYTES || !file.type.startsWith("image/")) return file;
  const drawn = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONG_SIDE / Math.max(drawn.width, drawn.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(drawn.width * scale);
  canvas.height = Math.round(drawn.height * scale);
  canvas.getContext("2d")?.drawImage(drawn, 0, 0, canvas.width, canvas.height);
  return await new Promise((done) => canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.9));
}

/** Send a picture; the key makes a repeat of the same press the same original. */
export async function send(file: Blob, name: string, key: string): Promise<OriginalView> {
  const body = await shrink(file);
  return await ask<OriginalView>(`/v1/originals?modality=photo&name=${encodeURIComponent(name)}`, {
    method: "POST",
    body,
    headers: {
      "Content-Type": body.type || file.type,
      "Danshu-Source": JSON.stringify({ via: "console" }),
      "Idempotency-Key": key,
    },
  });
}

/** An original, looked at again while it waits to be read. */
export function useOriginal(id: string) {
  return useQuery({
    queryKey: ["originals", id],
    queryFn: ({ signal }) => ask<OriginalView>(`/v1/originals/${id}`, { signal }),
    enabled: id !== "",
    refetchInterval: (query) => (query.state.data?.row.state === "received" ? LOOK_MS : false),
  });
}

/** Boxes of the fields of what was read, under the names that a person knows them by. */
export function boxesOf(view: OriginalView, nameOf: (path: string) => string): PageBox[] {
  return (view.parsed?.fields ?? []).flatMap((field) =>
    (field.spans ?? [])
      .filter((span) => (span.box ?? []).length === 8)
      .slice(0, 1)
      .map((span) => ({
        path: field.path,
        page: span.page ?? 0,
        box: span.box ?? [],
        confidence: field.confidence,
        label: `${nameOf(field.path)} ${Math.floor(field.confidence / 10)}%`,
      })),
  );
}
