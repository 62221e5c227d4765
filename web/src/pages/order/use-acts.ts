import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { actOnOrder } from "@/api/sdk.gen";
import type { Offer, Transition } from "@/api/types.gen";
import { useNotice } from "@/parts/notice";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";

export type Act = (offer: Offer) => void;

/** Tell the hub what happened, under a key of its own: pressed twice it happens once. */
export async function tell(id: string, body: Transition, key: string): Promise<void> {
  await actOnOrder({
    path: { order_id: id },
    headers: { "Idempotency-Key": key },
    body,
    throwOnError: true,
  });
}

/** Whether an act needs a dialog: something to be told, or something that can't be taken back. */
export function asksFirst(offer: Offer): boolean {
  const isTold = offer.needs.some((need) => need.required);
  return isTold || offer.event === "reroute" || offer.reversible === "no";
}

/** Do what was offered at once, or open its dialog first. What has an inverse offers 撤销. */
export function useActs(
  id: string,
  refresh: () => Promise<void>,
  openDialog: (offer: Offer) => void,
): { act: Act; isActing: boolean } {
  const { t } = useTranslation("order");
  const { done, failed } = useNotice();
  const prove = useProven();
  const doing = useMutation({
    mutationFn: async (offer: Offer) => {
      const body: Transition = { event: offer.event as Transition["event"] };
      if (offer.fulfilment) body.fulfilment = offer.fulfilment;
      await prove(() => tell(id, body, crypto.randomUUID()));
    },
    onSuccess: (_, offer) => {
      const undo = offer.reversible === "yes" && offer.undo ? offer : undefined;
      done(t("acted", { act: offer.title }), undo ? { undo: () => takeBack(undo) } : {});
    },
    onError: (error) => failed(asProblem(error)),
    onSettled: refresh,
  });
  async function takeBack(offer: Offer): Promise<void> {
    const body: Transition = { event: offer.undo as Transition["event"] };
    if (offer.fulfilment) body.fulfilment = offer.fulfilment;
    if (offer.undo === "hold") body.reason = t("undone", { act: offer.title });
    try {
      await tell(id, body, crypto.randomUUID());
      done(t("takenBack", { act: offer.title }));
    } catch (error) {
      failed(error);
    }
    await refresh();
  }
  return {
    act: (offer) => (asksFirst(offer) ? openDialog(offer) : doing.mutate(offer)),
    isActing: doing.isPending,
  };
}
