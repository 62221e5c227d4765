import { SafetyOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DataGrantPage, DataGrantShown } from "@/api/types.gen";
import { ask } from "@/client";
import { dated, exact } from "@/format";
import { SendBack } from "@/parts/draft-approval";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { GRANTS_KEY, useAssetTitles } from "@/parts/protection/protection";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";

const GiveGrant = lazy(() => import("./give-grant"));
const PAGE_ROWS = 50;
const ROLE = "role:";

/** 授权: who may do what with which asset, for which purpose, until when. */
export function Grants() {
  const { t } = useTranslation(["assetShares", "common"]);
  const { titleOf } = useAssetTitles();
  const mayGrant = useMay("asset.grant");
  const [isGiving, give] = useState(false);
  const [ending, end] = useState<DataGrantShown | null>(null);
  const list = useKeyset<DataGrantShown, DataGrantPage>({
    queryKey: [...GRANTS_KEY],
    fetch: (cursor, signal) =>
      ask<DataGrantPage>(`/v1/data-grants?${query({ limit: PAGE_ROWS, cursor })}`, { signal }),
  });
  const columns = useMemo<Column<DataGrantShown>[]>(() => {
    type Cell = (one: DataGrantShown) => string;
    const plain = (key: string, width: number, text: Cell): Column<DataGrantShown> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const state: Cell = (one) => t(`grantStates.${stateOf(one)}`);
    const holder: Cell = (one) =>
      one.holder.startsWith(ROLE)
        ? t(`common:roles.${one.holder.slice(ROLE.length)}`)
        : one.named;
    return [
      { ...plain("holder", 120, holder), fixed: true },
      plain("asset", 168, (one) => titleOf(one.asset)),
      plain("right", 96, (one) => t(`rightsOf.${one.act}`)),
      plain("purpose", 96, (one) => t(`purposes.${one.purpose}`)),
      {
        ...plain("state", 96, state),
        render: (one) => (
          <ToneTag tone={one.holds ? "kept" : "excused"}>{state(one)}</ToneTag>
        ),
      },
      {
        ...plain("until", 128, (one) => dated(one.until)),
        render: (one) => <span title={exact(one.until)}>{dated(one.until)}</span>,
      },
      plain("clear", 140, (one) => one.columns.join(t("comma")) || t("allMasked")),
      plain("condition", 120, (one) => (one.condition ? t(`conditions.${one.condition}`) : "—")),
      plain("why", 180, (one) => one.reason),
      plain("given", 96, (one) => one.given_by),
      {
        ...plain("act_on", 110, () => ""),
        render: (one) =>
          one.holds && mayGrant ? (
            <Button size="small" danger onClick={() => end(one)}>
              {t("revoke.act")}
            </Button>
          ) : (
            ""
          ),
      },
    ];
  }, [t, titleOf, mayGrant]);
  return (
    <>
      {mayGrant && (
        <p>
          <Button type="primary" icon={<SafetyOutlined />} onClick={() => give(true)}>
            {t("give.act")}
          </Button>
        </p>
      )}
      <LedgerTable
        caption={t("tabs.grants")}
        columns={columns}
        rows={list.rows}
        keyOf={(one) => one.id}
        nameOf={(one) => `${one.named} ${titleOf(one.asset)}`}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        empty={t("empty.grants")}
        card={(one) => (
          <div className="protection-card">
            <b>{columns[0]?.text?.(one)}</b>{" "}
            <ToneTag tone={one.holds ? "kept" : "excused"}>
              {t(`grantStates.${stateOf(one)}`)}
            </ToneTag>
            <p className="note">
              {titleOf(one.asset)} · {t(`rightsOf.${one.act}`)} · {t(`purposes.${one.purpose}`)} ·{" "}
              {t("untilDay", { at: dated(one.until) })}
            </p>
            {one.holds && mayGrant && (
              <Button size="small" danger onClick={() => end(one)}>
                {t("revoke.act")}
              </Button>
            )}
          </div>
        )}
      />
      <Suspense>{isGiving && <GiveGrant onClose={() => give(false)} />}</Suspense>
      {ending && (
        <SendBack
          words={{
            title: t("revoke.title", { title: titleOf(ending.asset) }),
            act: t("revoke.act"),
            reason: t("refuse.reason"),
          }}
          onSend={async (reason) => {
            await ask(`/v1/data-grants/${ending.id}/revoke`, { method: "POST", json: { reason } });
            await queries.invalidateQueries({ queryKey: GRANTS_KEY });
          }}
          onClose={() => end(null)}
        />
      )}
    </>
  );
}

function stateOf(one: DataGrantShown): "holds" | "ended" | "revoked" {
  if (one.revoked) return "revoked";
  return one.holds ? "holds" : "ended";
}
