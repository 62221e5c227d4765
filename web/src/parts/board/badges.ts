import type { Figures } from "@/api/types.gen";
import { useBadge, useCount } from "@/frame/stores";
import { useLive } from "@/live/use-live";
import { useState } from "react";

/** Orders that wait for a person and red findings, red on the rail wherever one is. */
export function useExceptionsBadge(): void {
  const [waiting, wait] = useState<number>();
  const [found, find] = useState<{ open: number; red: number }>();
  useLive<{ figures: Figures }>("figures", ({ figures }) => wait(figures.exceptions.orders));
  useLive<{ open: number; red: number }>("findings", find);
  useBadge("orders", waiting === undefined && !found ? undefined : (waiting ?? 0) + (found?.red ?? 0));
  useCount("/incidents", found?.open, (found?.red ?? 0) > 0);
}
