import { DownloadOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AssetExportPage, AssetExportShown } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, exact } from "@/format";
import { useConfirm } from "@/parts/confirm";
import { SendBack } from "@/parts/draft-approval";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { EXPORTS_KEY, useAssetTitles } from "@/parts/protection/protection";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useWhy } from "./words";

const PAGE_ROWS = 50;
const WORKING_MS = 2_000;
const TONES: Record<string, Tone> = {
  waiting: "pend",
  started: "info",
  made: "kept",
  refused: "broken",
  failed: "broken",
};

/** 出口与检查点: what was asked for, what the checkpoint wants, who agreed, what left. */
export function Exports() {
  const { t } = useTranslation(["assetShares", "common"]);
  const { titleOf } = useAssetTitles();
  const whyOf = useWhy();
  const list = useKeyset<AssetExportShown, AssetExportPage>({
    queryKey: [...EXPORTS_KEY],
    fetch: (cursor, signal) =>
      ask<AssetExportPage>(`/v1/asset-exports?${query({ limit: PAGE_ROWS, cursor })}`, { signal }),
  });
  useWorking(list.rows);
  const columns = useMemo<Column<AssetExportShown>[]>(() => {
    type Cell = (one: AssetExportShown) => string;
    const plain = (key: string, width: number, text: Cell): Column<AssetExportShown> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const what: Cell = (one) => `${t(`acts.${one.act}`)} · ${t(`forms.${one.form}`)}`;
    return [
      { ...plain("asset", 168, (one) => titleOf(one.asset)), fixed: true },
      plain("act", 132, what),
      {
        ...plain("state", 108, (one) => t(`states.${one.state}`)),
        render: (one) => (
          <ToneTag tone={TONES[one.state] ?? "plain"}>{t(`states.${one.state}`)}</ToneTag>
        ),
      },
      {
        ...plain("act_on", 210, () => ""),
        least: 180,
        render: (one) => <Acts one={one} />,
      },
      plain("checkpoint", 300, whyOf),
      plain("purpose", 96, (one) => t(`purposes.${one.purpose}`)),
      plain("why", 180, (one) => one.why),
      plain("recipient", 132, (one) => one.recipient || t("itself")),
      plain("asked", 96, (one) => one.asked_by),
      {
        ...plain("created", 120, (one) => dated(one.created)),
        render: (one) => <span title={exact(one.created)}>{dated(one.created)}</span>,
      },
      plain("people", 84, (one) => (one.people ? count(one.people) : "—")),
    ];
  }, [t, titleOf, whyOf]);
  return (
    <LedgerTable
      caption={t("tabs.exports")}
      columns={columns}
      rows={list.rows}
      keyOf={(one) => one.id}
      nameOf={(one) => `${titleOf(one.asset)} ${one.asked_by}`}
      hasMore={list.hasMore}
      onMore={list.onMore}
      isLoading={list.isLoading}
      isWaiting={list.isWaiting}
      problem={list.problem}
      onRetry={list.onRetry}
      empty={t("empty.exports")}
      card={(one) => (
        <div className="protection-card">
          <b>{titleOf(one.asset)}</b>{" "}
          <ToneTag tone={TONES[one.state] ?? "plain"}>{t(`states.${one.state}`)}</ToneTag>
          <p className="note">
            {t(`acts.${one.act}`)} · {t(`forms.${one.form}`)} · {one.asked_by} · {dated(one.created)}
          </p>
          <p className="note">{whyOf(one)}</p>
          <Acts one={one} />
        </div>
      )}
    />
  );
}

/** While a file is being made the list asks again; otherwise it rests. */
function useWorking(rows: readonly AssetExportShown[]) {
  const isWorking = rows.some((one) => one.state === "started");
  useEffect(() => {
    if (!isWorking || rows.length === 0) return undefined;
    const timer = setTimeout(
      () => void queries.invalidateQueries({ queryKey: EXPORTS_KEY }),
      WORKING_MS,
    );
    return () => clearTimeout(timer);
  }, [isWorking, rows]);
}

function Acts({ one }: { one: AssetExportShown }) {
  const { t } = useTranslation("assetShares");
  const { titleOf } = useAssetTitles();
  const notice = useNotice();
  const confirm = useConfirm();
  const [isRefusing, refuse] = useState(false);
  const again = () => queries.invalidateQueries({ queryKey: EXPORTS_KEY });
  const approve = useMutation({
    mutationFn: () =>
      ask<AssetExportShown>(`/v1/asset-exports/${one.id}/approve`, { method: "POST", json: {} }),
    onSuccess: again,
    onError: notice.failed,
  });
  const title = titleOf(one.asset);
  const agree = async () => {
    const text = t("approve.text", { who: one.asked_by, why: one.why });
    if (await confirm({ title: t("approve.title", { title }), text, act: t("approve.act") })) {
      approve.mutate();
    }
  };
  const isMine = one.can.includes("withdraw");
  if (one.can.length === 0) return null;
  return (
    <span className="protection-act">
      {one.can.includes("approve") && (
        <Button size="small" type="primary" loading={approve.isPending} onClick={() => void agree()}>
          {t("approve.act")}
        </Button>
      )}
      {(isMine || one.can.includes("refuse")) && (
        <Button size="small" danger onClick={() => refuse(true)}>
          {t(isMine ? "withdraw.act" : "refuse.act")}
        </Button>
      )}
      {one.can.includes("download") && (
        <Button size="small" icon={<DownloadOutlined />} href={`/v1/asset-exports/${one.id}/file`}>
          {t("download")}
        </Button>
      )}
      {isRefusing && (
        <SendBack
          words={{
            title: t(isMine ? "withdraw.title" : "refuse.title", { title }),
            act: t(isMine ? "withdraw.act" : "refuse.act"),
            reason: t("refuse.reason"),
          }}
          onSend={async (reason) => {
            await ask(`/v1/asset-exports/${one.id}/refuse`, { method: "POST", json: { reason } });
            await again();
          }}
          onClose={() => refuse(false)}
        />
      )}
    </span>
  );
}
