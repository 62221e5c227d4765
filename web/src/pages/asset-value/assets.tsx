import { useTranslation } from "react-i18next";
import type { AssetValue } from "@/api/types.gen";
import { count, money } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { Detail } from "./detail";
import { called, useValues } from "./model";
import { RangeBar } from "./range-bar";

/** 资产: rights, licences and ranges side by side; one of them in detail. */
export function Assets() {
  const { t } = useTranslation("assetValue");
  const { asked, ask } = useAsked();
  const values = useValues();
  const items = values.data?.items ?? [];
  const max_fen = Math.max(0, ...items.map((one) => one.high_fen));
  const chosen = items.find((one) => one.asset === asked("asset")) ?? items.find((one) => one.version > 0) ?? items[0];
  const columns: SmallColumn<AssetValue>[] = [
    {
      key: "asset",
      title: t("columns.asset"),
      render: (one) => (
        <button
          type="button"
          className="value-pick"
          aria-pressed={one.asset === chosen?.asset}
          onClick={() => ask({ asset: one.asset })}
        >
          {called(one.title)}
        </button>
      ),
    },
    {
      key: "rights",
      title: t("columns.rights"),
      render: (one) =>
        one.source ? (
          <>
            {t(`sources.${one.source}`)}
            <span className="note"> {one.rights.map((right) => t(`rightsShort.${right}`)).join("、")}</span>
          </>
        ) : (
          <ToneTag tone="risk">{t("noRight")}</ToneTag>
        ),
    },
    {
      key: "range",
      title: t("columns.range"),
      render: (one) =>
        one.version ? (
          <RangeBar low={one.low_fen} mid={one.mid_fen} high={one.high_fen} max_fen={max_fen} />
        ) : one.waiting ? (
          <ToneTag tone="pend">{t("waiting")}</ToneTag>
        ) : (
          <span className="note">{t("notValued")}</span>
        ),
    },
    {
      key: "licences",
      title: t("columns.licences"),
      isNumber: true,
      render: (one) => (
        <>
          {count(one.licences)}
          {one.drafts > 0 && <span className="note"> {t("drafts", { n: count(one.drafts) })}</span>}
        </>
      ),
    },
    { key: "rows", title: t("columns.rows"), isNumber: true, render: (one) => count(one.rows) },
    { key: "queries", title: t("columns.queries"), isNumber: true, render: (one) => count(one.queries) },
    { key: "due", title: t("columns.due"), isNumber: true, render: (one) => money(one.due_fen) },
    {
      key: "treatment",
      title: t("columns.treatment"),
      render: (one) => (one.treatment ? t(`treatments.${one.treatment}`) : "—"),
    },
  ];
  return (
    <div className="value-page">
      {values.error && (
        <ProblemNote problem={asProblem(values.error)} onRetry={() => void values.refetch()} />
      )}
      {values.isPending && <Skeleton kind="rows" rows={8} />}
      {values.data && (
        <Card title={t("assets")} note={t("assetsNote")} isFlush>
          <SmallTable
            caption={t("assets")}
            columns={columns}
            rows={items}
            keyOf={(one) => one.asset}
            empty={t("noAssets")}
          />
        </Card>
      )}
      {chosen && <Detail key={chosen.asset} value={chosen} />}
    </div>
  );
}
