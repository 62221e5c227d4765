import { DiffOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compareWoven, moveStock } from "@/api/sdk.gen";
import type { StockCompared, WovenShown } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Labelled } from "./said";

/** Rows that can be taken over: both sides know them, and no order would lose its units. */
function adoptable(rows: readonly StockCompared[]): readonly StockCompared[] {
  return rows.filter((one) => one.known && one.theirs !== one.ours && one.theirs >= one.reserved);
}

/** 库存对比: what a woven stock query answers beside our own rows; differences are taken over. */
export function CompareStock({ shown }: { shown: WovenShown }) {
  const { t } = useTranslation("weaver");
  const notice = useNotice();
  const ask = useConfirm();
  const mayCall = useMay("woven.call");
  const mayMove = useMay("stock.write");
  const { code, version = 1, kind, question_sample = "{}" } = shown.woven;
  const [question, setQuestion] = useState(question_sample);
  const compare = useMutation({
    mutationFn: async () =>
      (await compareWoven({ path: { code, version }, body: JSON.parse(question) })).data,
    onError: (error) => error instanceof SyntaxError && notice.failed(error),
  });
  const rows = compare.data?.items ?? [];
  const wanted = adoptable(rows);
  const adopt = useMutation({
    mutationFn: async () => {
      for (const warehouse of new Set(wanted.map((one) => one.warehouse))) {
        const lines = wanted
          .filter((one) => one.warehouse === warehouse)
          .map((one) => ({ sku: one.sku, on_hand: one.theirs - one.ours }));
        await moveStock({ body: { warehouse, lines, reason: t("adoptReason", { code }) } });
      }
    },
    onSuccess: () => {
      notice.done(t("adopted", { count: wanted.length }));
      compare.mutate();
    },
    onError: notice.failed,
  });
  if (kind !== "stock_query" || !mayCall || !shown.active) return null;
  const take = async () => {
    const count = wanted.length;
    if (await ask({ title: t("adoptAsk", { count }), text: t("adoptEffect"), act: t("adopt", { count }) }))
      adopt.mutate();
  };
  return (
    <Card
      title={t("compare")}
      note={compare.data && t("compared", { count: rows.length, differ: count(rows) })}
    >
      <div className="weaver-stack">
        <Labelled label={t("questionJson")}>
          <Input.TextArea
            className="mono"
            rows={3}
            spellCheck={false}
            value={question}
            onChange={(event) => setQuestion(event.target.value)}
          />
        </Labelled>
        <div className="weaver-acts">
          <Button
            icon={<DiffOutlined />}
            loading={compare.isPending}
            onClick={() => compare.mutate()}
          >
            {t("compareIt")}
          </Button>
          {mayMove && wanted.length > 0 && (
            <Button loading={adopt.isPending} onClick={() => void take()}>
              {t("adopt", { count: wanted.length })}
            </Button>
          )}
        </div>
        {compare.error && !(compare.error instanceof SyntaxError) && (
          <ProblemNote problem={asProblem(compare.error)} />
        )}
        {compare.data?.code && (
          <p className="note">{`${compare.data.code} ${compare.data.reason}`}</p>
        )}
        {compare.data && <Rows rows={rows} />}
      </div>
    </Card>
  );
}

function count(rows: readonly StockCompared[]): number {
  return rows.filter((one) => one.theirs !== one.ours).length;
}

function Rows({ rows }: { rows: readonly StockCompared[] }) {
  const { t } = useTranslation("weaver");
  return (
    <SmallTable<StockCompared>
      caption={t("compare")}
      rows={rows}
      keyOf={(one) => `${one.warehouse} ${one.sku}`}
      empty={t("nothingCompared")}
      columns={[
        { key: "wh", title: t("warehouse"), render: (one) => one.warehouse },
        { key: "sku", title: t("sku"), render: (one) => <span className="mono">{one.sku}</span> },
        { key: "theirs", title: t("theirs"), isNumber: true, render: (one) => one.theirs },
        { key: "ours", title: t("ours"), isNumber: true, render: (one) => one.ours },
        { key: "held", title: t("reservedHere"), isNumber: true, render: (one) => one.reserved },
        {
          key: "diff",
          title: t("difference"),
          isNumber: true,
          render: (one) => (one.known ? signed(one.theirs - one.ours) : t("unknownHere")),
        },
      ]}
    />
  );
}

function signed(units: number): string {
  return units > 0 ? `+${units}` : String(units);
}
