import { useQuery } from "@tanstack/react-query";
import type { ClassificationStanding } from "@/api/types.gen";
import { ask } from "@/client";
import { useMay } from "@/session";
import { useCount } from "./stores";

const LOOK_MS = 60_000;

/** Keeps the number of fields that wait for a steward beside 分类分级, for whoever may answer. */
export function WaitingFields() {
  const { data } = useQuery({
    queryKey: ["classification", "badge"],
    queryFn: ({ signal }) => ask<ClassificationStanding>("/v1/classification", { signal }),
    enabled: useMay("classification.write"),
    refetchInterval: LOOK_MS,
  });
  useCount("/assets/classes", data?.counts.waiting);
  return null;
}
