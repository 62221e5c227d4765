import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { BulkAct, Preview } from "@/api/types.gen";
import { ask } from "@/client";

const PAUSE_MS = 250;

/** Ask what would happen, once the person has stopped typing; null asks nothing (any more). */
export function usePreview(body: BulkAct | null) {
  // Whatever a reason says, it changes nothing of who could; the hub wants one all the same.
  const needs = body !== null && ["hold", "cancel", "readdress"].includes(body.act);
  const asked =
    body &&
    JSON.stringify({
      ...body,
      ...(needs ? { reason: "?" } : {}),
      ...(body.tags?.length === 0 ? { tags: ["?"] } : {}),
    });
  const [settled, settle] = useState(asked);
  useEffect(() => {
    const timer = setTimeout(() => settle(asked), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  return useQuery({
    queryKey: ["bulk", settled],
    queryFn: ({ signal }) =>
      ask<Preview>("/v1/bulk:preview", {
        method: "POST",
        json: JSON.parse(settled ?? "{}"),
        signal,
      }),
    enabled: body !== null && settled !== null,
    staleTime: 0,
    gcTime: 0,
    placeholderData: (old) => old,
  });
}
