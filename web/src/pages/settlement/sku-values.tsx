import { ImportOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, InputNumber, Modal, Select, Segmented } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type {
  NewSkuValue,
  SkuValue,
  SkuValueCount,
  SkuValuePage,
  SkuValuesSet,
} from "@/api/types.gen";
import { ask } from "@/client";
import { count, money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY } from "./model";

const VALUES = [...KEY, "values"];
const CLASSES = ["standard", "reduced", "service", "exempt"] as const;
const PAGE = 20;

/** 成本与税类: what a unit of each SKU costs, and its tax class; one by one, or by a sheet. */
export function SkuValues() {
  const { t } = useTranslation(["settlement", "common"]);
  const mayWrite = useMay("settlement.write");
  const [word, setWord] = useState("");
  const [lacks, setLacks] = useState(false);
  const [open, setOpen] = useState<SkuValue | null>(null);
  const [isImporting, setImporting] = useState(false);
  const counted = useQuery({
    queryKey: [...VALUES, "count"],
    queryFn: ({ signal }) => ask<SkuValueCount>("/v1/sku-values/count", { signal }),
  });
  const asked = { q: word.trim(), lacks_cost: lacks ? "true" : "" };
  const list = useKeyset<SkuValue, SkuValuePage>({
    queryKey: [...VALUES, asked],
    fetch: (cursor, signal) =>
      ask(`/v1/sku-values?${query({ ...asked, cursor, limit: PAGE })}`, { signal }),
  });
  const columns: SmallColumn<SkuValue>[] = [
    { key: "code", title: t("skuCode"), render: (one) => <span className="mono">{one.code}</span> },
    { key: "name", title: t("skuName"), render: (one) => one.name },
    {
      key: "cost",
      title: t("unitCost"),
      isNumber: true,
      render: (one) => (one.cost_fen ? money(one.cost_fen) : "—"),
    },
    {
      key: "since",
      title: t("since"),
      render: (one) =>
        one.since ? t("valueSince", { since: one.since, sum: money(one.now_fen) }) : "",
    },
    {
      key: "tax",
      title: t("taxClass"),
      render: (one) => t(`classes.${one.tax || "standard"}`),
    },
    {
      key: "act",
      title: t("act"),
      render: (one) =>
        mayWrite && (
          <Button size="small" aria-label={t("setValueOf", { code: one.code })} onClick={() => setOpen(one)}>
            {t("setValue")}
          </Button>
        ),
    },
  ];
  return (
    <Card
      title={t("values")}
      note={
        counted.data &&
        t("valuesNote", { n: count(counted.data.skus), lacking: count(counted.data.no_cost) })
      }
      extra={
        <span className="settlement-extra">
          <Input
            size="small"
            allowClear
            className="settlement-find"
            aria-label={t("findSku")}
            placeholder={t("findSku")}
            value={word}
            onChange={(event) => setWord(event.target.value)}
          />
          <Segmented
            size="small"
            aria-label={t("values")}
            value={lacks}
            options={[
              { value: false, label: t("allSkus") },
              { value: true, label: t("lacking") },
            ]}
            onChange={setLacks}
          />
          {mayWrite && (
            <Button size="small" icon={<ImportOutlined />} onClick={() => setImporting(true)}>
              {t("importValues")}
            </Button>
          )}
        </span>
      }
      isFlush
    >
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={4} />}
      {!list.isLoading && !list.problem && (
        <SmallTable
          caption={t("values")}
          columns={columns}
          rows={list.rows}
          keyOf={(one) => one.code}
          empty={t("noSkus")}
        />
      )}
      {list.hasMore && (
        <div className="settlement-foot">
          <Button onClick={list.onMore} loading={list.isWaiting}>
            {t("more", { n: count(list.rows.length) })}
          </Button>
        </div>
      )}
      {open && <One value={open} onClose={() => setOpen(null)} />}
      {isImporting && <Importing onClose={() => setImporting(false)} />}
    </Card>
  );
}

/** Say from when it holds, and ask everything of the card again. */
function useKept(onClose: () => void) {
  const { t } = useTranslation("settlement");
  const notice = useNotice();
  return (kept: SkuValuesSet) => {
    notice.done(
      kept.since
        ? t("valuesKept", { n: count(kept.rows), since: kept.since })
        : t("valuesKeptNow", { n: count(kept.rows) }),
    );
    void queries.invalidateQueries({ queryKey: VALUES });
    onClose();
  };
}

function One({ value, onClose }: { value: SkuValue; onClose: () => void }) {
  const { t } = useTranslation(["settlement", "common"]);
  const onKept = useKept(onClose);
  const [yuan, setYuan] = useState(value.cost_fen / 100);
  const [tax, setTax] = useState<NewSkuValue["tax"]>((value.tax || "standard") as NewSkuValue["tax"]);
  const keep = useMutation({
    mutationFn: () => {
      const row: NewSkuValue = { code: value.code, cost_fen: Math.round(yuan * 100), tax };
      return ask<SkuValuesSet>("/v1/sku-values", { method: "PUT", json: [row] });
    },
    onSuccess: onKept,
  });
  return (
    <Modal open width={416} title={value.name || value.code} footer={null} onCancel={onClose}>
      <form
        className="settlement-form"
        onSubmit={(event) => {
          event.preventDefault();
          keep.mutate();
        }}
      >
        <label>
          <span>{t("unitCost")}</span>
          <InputNumber prefix="¥" precision={2} min={0} value={yuan} onChange={(next) => setYuan(next ?? 0)} className="settlement-number" />
        </label>
        <label htmlFor="value-tax">
          <span>{t("taxClass")}</span>
          <Select
            id="value-tax"
            value={tax}
            options={CLASSES.map((one) => ({ value: one, label: t(`classes.${one}`) }))}
            onChange={setTax}
          />
        </label>
        <p className="note">{t("valueNote")}</p>
        {keep.error && <ProblemNote problem={asProblem(keep.error)} />}
        <div className="settlement-buttons">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button type="primary" htmlType="submit" loading={keep.isPending}>
            {t("keepValue")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** A sheet with the columns 商品编码, 成本(分), 税类; all rows are taken, or none. */
function Importing({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["settlement", "common"]);
  const onKept = useKept(onClose);
  const id = useId();
  const [file, setFile] = useState<File | null>(null);
  const bring = useMutation({
    mutationFn: () => {
      const isSheet = file?.name.toLowerCase().endsWith(".xlsx");
      const type = isSheet
        ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        : "text/csv";
      return ask<SkuValuesSet>("/v1/sku-values:import", {
        method: "POST",
        headers: { "Content-Type": type },
        ...(file ? { body: file } : {}),
      });
    },
    onSuccess: onKept,
  });
  return (
    <Modal
      open
      width={480}
      title={t("importValues")}
      okText={t("bringValues")}
      cancelText={t("common:acts.back")}
      okButtonProps={{ disabled: !file, loading: bring.isPending }}
      onOk={() => bring.mutate()}
      onCancel={onClose}
    >
      <div className="settlement-form">
        <label htmlFor={id}>{t("valuesFile")}</label>
        <input id={id} type="file" accept=".csv,.xlsx" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
        <p className="note">{t("valuesForm")}</p>
        {bring.error && (
          <Alert type="error" showIcon title={t("valuesRefused")} description={asProblem(bring.error).detail} />
        )}
      </div>
    </Modal>
  );
}
