import { useTranslation } from "react-i18next";
import { age, exact } from "@/format";
import { ToneTag } from "@/parts/status-tag";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { milliseconds, type Source } from "./time";

/** What each time source said at the last look. */
export function Sources({ sources }: { sources: readonly Source[] }) {
  const { t } = useTranslation("time");
  const word = (s: Source) => (s.trouble ? `troubles.${s.trouble}` : s.chosen ? "chosen" : "heard");
  const figure = (s: Source, us: number) => (s.trouble ? "—" : milliseconds(us));
  const columns: SmallColumn<Source>[] = [
    { key: "source", title: t("columns.source"), render: (s) => s.source },
    {
      key: "state",
      title: t("columns.state"),
      render: (s) => (
        <ToneTag tone={s.trouble ? "risk" : s.chosen ? "kept" : "excused"}>{t(word(s))}</ToneTag>
      ),
    },
    {
      key: "stratum",
      title: t("columns.stratum"),
      isNumber: true,
      render: (s) => (s.trouble ? "—" : s.stratum),
    },
    {
      key: "offset",
      title: t("columns.offset"),
      isNumber: true,
      render: (s) => figure(s, s.offset_us),
    },
    {
      key: "bound",
      title: t("columns.bound"),
      isNumber: true,
      render: (s) => figure(s, s.error_us),
    },
    {
      key: "at",
      title: t("columns.at"),
      render: (s) => <span title={exact(s.at)}>{age(s.at)}</span>,
    },
    { key: "node", title: t("columns.node"), render: (s) => <code>{s.node}</code> },
  ];
  return (
    <SmallTable
      caption={t("sources")}
      columns={columns}
      rows={sources}
      keyOf={(s) => `${s.node} ${s.source}`}
      empty={t("noSources")}
    />
  );
}
