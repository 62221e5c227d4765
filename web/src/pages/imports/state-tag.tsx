import { useTranslation } from "react-i18next";
import { type Tone, ToneTag } from "@/parts/status-tag";

const TONES: Record<string, Tone> = {
  applying: "primary",
  undoing: "primary",
  applied: "kept",
  refused: "broken",
  failed: "broken",
  mapped: "risk",
  uploaded: "risk",
};

/** Where an import stands. */
export function StateTag({ state }: { state: string }) {
  const { t } = useTranslation("imports");
  return <ToneTag tone={TONES[state] ?? "plain"}>{t(`states.${state}`)}</ToneTag>;
}
