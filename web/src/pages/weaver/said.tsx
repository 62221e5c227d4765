import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useSaid, useValue } from "./woven";

/** What stands in the way at a place: the finding's words, or what the expression says. */
export function SaidAt({ at }: { at: string }) {
  const { t } = useTranslation("weaver");
  return (
    <>
      {useSaid(at).map((one) => (
        <span key={one.code + one.detail} className="weaver-said" data-severity={one.severity}>
          {one.code ? t(`findings.${one.code}`, { detail: one.detail }) : one.detail}
          {one.code === "grammar" && <code>{one.detail}</code>}
        </span>
      ))}
    </>
  );
}

/** What an expression became with the samples. */
export function ValueAt({ at, of }: { at: string; of: string }) {
  const { t } = useTranslation("weaver");
  const value = useValue(at);
  return (
    <output className="weaver-value mono" aria-label={t("valueOf", { name: of })} title={value}>
      {value || <span className="note">{t("noValue")}</span>}
    </output>
  );
}

interface Props {
  label: string;
  at?: string;
  isWide?: boolean;
  children: ReactNode;
}

/** A label over its control, with what stands in the way there. */
export function Labelled({ label, at, isWide, children }: Props) {
  return (
    <label className="weaver-field" data-wide={isWide ?? false}>
      <span className="weaver-label">{label}</span>
      {children}
      {at && <SaidAt at={at} />}
    </label>
  );
}
