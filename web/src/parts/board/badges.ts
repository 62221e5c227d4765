import type { Figures } from "@/api/types.gen";
import { useBadge } from "@/frame/stores";
import { useLive } from "@/live/use-live";
import { useState } from "react";

/** Orders that wait for a person, red on the rail wherever one is. */
export function useExceptionsBadge(): void {
  const [waiting, wait] = useState<number>();
  useLive<{ figures: Figures }>("figures", ({ figures }) => wait(figures.exceptions.orders));
  useBadge("orders", waiting);
}
