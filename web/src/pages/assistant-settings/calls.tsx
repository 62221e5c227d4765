import { Tag } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { ToolCall, ToolCalls } from "@/api/types.gen";
import { ask } from "@/client";
import { bytes, count, exact, near } from "@/format";
import { usePeople } from "@/pages/jobs/use-people";
import { Card } from "@/parts/card";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { CALLS } from "./paths";

const PAGE = 100;

/** 工具调用: who called which tool, when, and what came of it. */
export function Calls() {
  const { t } = useTranslation("assistantSettings");
  const nameOf = usePeople();
  const list = useKeyset<ToolCall, ToolCalls>({
    queryKey: [CALLS],
    fetch: (cursor, signal) => ask(`${CALLS}?${query({ cursor, limit: PAGE })}`, { signal }),
  });
  const columns = useMemo<Column<ToolCall>[]>(() => {
    const plain = (key: string, width: number, text: (c: ToolCall) => string): Column<ToolCall> => ({
      key, title: t(`columns.${key}`), width, text, render: text,
    });
    const at = (c: ToolCall) => new Date(c.at_ms).toISOString();
    const who = (c: ToolCall) =>
      c.caller.startsWith("key:") ? t("keyOf", { id: c.caller.slice(4) }) : nameOf(c.caller);
    const outcome = (c: ToolCall) => (c.outcome === "done" ? t("done") : c.outcome);
    return [
      { ...plain("at", 130, (c) => exact(at(c))), fixed: true, render: (c) => <span title={exact(at(c))}>{near(at(c))}</span> },
      plain("who", 200, who),
      plain("way", 110, (c) => t(`ways.${c.way}`, { defaultValue: c.way })),
      { ...plain("tool", 190, (c) => c.tool), render: (c) => <span className="mono">{c.tool}</span> },
      {
        ...plain("outcome", 150, outcome),
        render: (c) => <Tag color={c.outcome === "done" ? "success" : "warning"}>{outcome(c)}</Tag>,
      },
      { ...plain("took", 90, (c) => t("ms", { n: count(c.took_ms) })), align: "right" },
      { ...plain("texts", 110, (c) => count(c.texts)), align: "right" },
      { ...plain("bytes", 100, (c) => bytes(c.bytes)), align: "right" },
      { ...plain("digest", 150, (c) => c.digest), render: (c) => <span className="mono" title={c.digest}>{c.digest.slice(0, 12)}</span> },
    ];
  }, [t, nameOf]);
  return (
    <Card title={t("calls")} note={t("callsNote")} isFlush>
      <LedgerTable<ToolCall>
        {...list}
        caption={t("calls")}
        columns={columns}
        keyOf={(c) => c.id}
        nameOf={(c) => c.tool}
        height_px={420}
        empty={t("empty")}
        card={(c) => (
          <div className="settings-call">
            <b className="mono">{c.tool}</b>
            <span>{columns[1]?.text(c)}</span>
            <span className="note">{`${near(new Date(c.at_ms).toISOString())} · ${columns[4]?.text(c) ?? ""}`}</span>
          </div>
        )}
      />
    </Card>
  );
}
