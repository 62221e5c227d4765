import { useTranslation } from "react-i18next";
import { ToneTag } from "@/parts/status-tag";

const TONES = ["plain", "kept", "info", "risk", "broken", "pend"] as const;

/** A level of sensitivity, L1 公开 to L5 重要. */
export function LevelTag({ level }: { level: number }) {
  const { t } = useTranslation("assetClasses");
  return (
    <ToneTag tone={TONES[level] ?? "plain"}>
      L{level} {t(`levels.${level}`)}
    </ToneTag>
  );
}
