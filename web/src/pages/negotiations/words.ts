import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { NegotiationItem } from "@/api/types.gen";
import type { Tone } from "@/parts/status-tag";

export const NEGOTIATIONS_KEY = ["negotiations"] as const;
const TONES: Record<string, Tone> = {
  cfp_open: "info",
  proposed: "info",
  awarded: "risk",
  confirmed: "kept",
  expired: "excused",
  rejected: "broken",
  withdrawn: "excused",
  failed: "broken",
};
export const FATES: Record<string, Tone> = {
  open: "info",
  awarded: "risk",
  reserved: "pend",
  confirmed: "kept",
  refused: "broken",
  lapsed: "broken",
  retracted: "excused",
  replaced: "excused",
};

export const isOver = (n: Pick<NegotiationItem, "next">) => n.next === "";
export const toneOf = (n: NegotiationItem): Tone => TONES[n.state] ?? "plain";

/** A negotiation in words. The hub names states and reasons; the words are the console's. */
export function useWords() {
  const { t } = useTranslation("negotiations");
  return useMemo(() => {
    const state = (n: NegotiationItem) => t(`states.${n.state}`, { defaultValue: n.state });
    const outcome = (n: NegotiationItem) => {
      if (n.party) return n.party;
      if (!isOver(n)) return t("waits");
      return t("defaulted", { carrier: n.carrier || t("noCarrier") });
    };
    const reason = (n: NegotiationItem) =>
      n.reason ? t(`reasons.${n.reason}`, { defaultValue: n.reason }) : "";
    return { state, outcome, reason };
  }, [t]);
}
