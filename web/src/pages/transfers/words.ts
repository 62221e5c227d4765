import { useTranslation } from "react-i18next";
import type { TransferView } from "@/api/types.gen";
import type { Tone } from "@/parts/status-tag";

export const TRANSFERS_KEY = ["transfers"] as const;
export const STATES = ["planned", "dispatched", "received", "cancelled"] as const;

const TONES: Record<string, Tone> = {
  planned: "pend",
  dispatched: "primary",
  received: "kept",
  cancelled: "excused",
};

/** How a transfer's state looks; one that was closed with differences is not green. */
export const toneOf = (one: TransferView): Tone =>
  one.differs && one.state === "received" ? "risk" : (TONES[one.state] ?? "plain");

/** A key that nobody else makes: what is sent again with it is done once. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** The state in words; what was closed with differences says so. */
export function useStateWords(): (one: TransferView) => string {
  const { t } = useTranslation("transfers");
  return (one) =>
    one.state === "received" && one.differs ? t("states.differs") : t(`states.${one.state}`);
}

/** The first goods by name, and how many more there are. */
export function useGoods(): (one: TransferView) => string {
  const { t } = useTranslation("transfers");
  return (one) => {
    const [first] = one.lines;
    if (!first) return "—";
    const name = first.name || first.sku;
    return one.lines.length === 1 ? name : t("andMore", { name, n: one.lines.length - 1 });
  };
}
