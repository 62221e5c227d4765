import { useTranslation } from "react-i18next";
import { count, dated, exact } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { type Tone, ToneTag } from "@/parts/status-tag";
import type { HeadsEntry, LogKey } from "./evidence";

const TONES: Record<LogKey["state"], Tone> = {
  present: "kept",
  overlap: "info",
  past: "excused",
  revoked: "broken",
};

/** The commitments to how far orders have come. */
export function Heads({ entries }: { entries: readonly HeadsEntry[] }) {
  const { t } = useTranslation("evidence");
  const columns: SmallColumn<HeadsEntry>[] = [
    {
      key: "at",
      title: t("columns.committed"),
      render: (e) => <span title={exact(e.at)}>{dated(e.at)}</span>,
    },
    { key: "half", title: t("columns.book"), render: (e) => <code>{e.half}</code> },
    { key: "why", title: t("columns.why"), render: (e) => t(e.asked ? "byExport" : "byHour") },
    { key: "count", title: t("columns.orders"), isNumber: true, render: (e) => count(e.count) },
    {
      key: "window",
      title: t("columns.window"),
      isNumber: true,
      render: (e) => `${count(e.start)} – ${count(e.stop - 1)}`,
    },
    { key: "root", title: t("columns.root"), render: (e) => <DigestText hex={e.root} /> },
  ];
  return (
    <Card title={t("heads")} note={t("headsNote")} isFlush>
      <SmallTable
        caption={t("heads")}
        columns={columns}
        rows={entries}
        keyOf={(e) => `${e.half} ${e.start} ${e.at}`}
        empty={t("noHeads")}
      />
    </Card>
  );
}

/** The keys that the log signs or signed by. */
export function Keys({ keys }: { keys: readonly LogKey[] }) {
  const { t } = useTranslation("evidence");
  const columns: SmallColumn<LogKey>[] = [
    { key: "key", title: t("columns.key"), render: (k) => <DigestText hex={k.public_key} /> },
    {
      key: "state",
      title: t("columns.state"),
      render: (k) => (
        <span title={k.reason || undefined}>
          <ToneTag tone={TONES[k.state]}>{t(`keyStates.${k.state}`)}</ToneTag>
        </span>
      ),
    },
    {
      key: "since",
      title: t("columns.since"),
      render: (k) => <span title={exact(k.since)}>{dated(k.since)}</span>,
    },
    {
      key: "until",
      title: t("columns.until"),
      render: (k) => {
        const end = k.revoked ?? k.until;
        return end ? <span title={exact(end)}>{dated(end)}</span> : "—";
      },
    },
    {
      key: "place",
      title: t("columns.place"),
      render: (k) => t(k.state === "revoked" ? "seedGone" : k.in_file ? "inFile" : "inDatabase"),
    },
  ];
  return (
    <Card title={t("keys")} note={t("keysNote")} isFlush>
      <SmallTable
        caption={t("keys")}
        columns={columns}
        rows={keys}
        keyOf={(k) => k.public_key}
        empty={t("noKeys")}
      />
    </Card>
  );
}
