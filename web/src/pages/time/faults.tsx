import { useTranslation } from "react-i18next";
import { dated, duration, exact } from "@/format";
import { ToneTag } from "@/parts/status-tag";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { type Fault, milliseconds } from "./time";

/** When the clock was not trusted, and why. */
export function Faults({ faults }: { faults: readonly Fault[] }) {
  const { t } = useTranslation("time");
  const columns: SmallColumn<Fault>[] = [
    {
      key: "since",
      title: t("columns.since"),
      render: (f) => <span title={exact(f.since)}>{dated(f.since)}</span>,
    },
    {
      key: "lasted",
      title: t("columns.lasted"),
      render: (f) =>
        f.until ? (
          duration(Date.parse(f.until) - Date.parse(f.since))
        ) : (
          <ToneTag tone="broken">{t("lasts")}</ToneTag>
        ),
    },
    { key: "why", title: t("columns.why"), render: (f) => t(`why.${f.why}`) },
    {
      key: "bound",
      title: t("columns.bound"),
      isNumber: true,
      render: (f) => (f.why === "error" ? milliseconds(f.error_us) : "—"),
    },
    { key: "source", title: t("columns.source"), render: (f) => f.source || "—" },
    { key: "node", title: t("columns.node"), render: (f) => <code>{f.node}</code> },
  ];
  return (
    <SmallTable
      caption={t("faults")}
      columns={columns}
      rows={faults}
      keyOf={(f) => `${f.node} ${f.since}`}
      empty={t("noFaults")}
    />
  );
}
