import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { NewSettlementRules, SettlementRules, SettlementRulesList } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { KEY } from "./model";

const PATH = "/v1/settlement/settings";
const DAY_MS = 86_400_000;
const REVENUES = ["shipment", "delivery"] as const;
const TAXES = ["off", "general", "small_3", "small_1"] as const;
/** Zones that merchants are in; another one that is set is offered too. */
const ZONES = ["Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "UTC"];
const LAST_BEGIN = 28;

/**
 * 结算规则: when revenue is earned, tax and cost, whose days and months, what may stand in suspense;
 * dated, the newest first.
 */
export function Rules({ today }: { today: string }) {
  const { t } = useTranslation("settlement");
  const mayWrite = useMay("settlement.write");
  const [isOpen, setOpen] = useState(false);
  const read = useQuery({
    queryKey: [...KEY, "rules"],
    queryFn: ({ signal }) => askHub<SettlementRulesList>(PATH, { signal }),
  });
  const items = read.data?.items ?? [];
  return (
    <Card
      title={t("rules")}
      extra={
        mayWrite && !isOpen && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t("changeRules")}
          </Button>
        )
      }
    >
      {read.error && <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />}
      {read.data && items.length === 0 && <p className="note">{t("rulesNone")}</p>}
      <ul className="settlement-rules">
        {items.map((one) => (
          <li key={one.since}>
            {t("ruleLine", {
              since: one.since,
              revenue: t(`revenues.${one.revenue ?? "shipment"}`),
              sum: money(one.suspense ?? 0),
              begins: one.begins ?? 1,
              zone: one.zone ?? ZONES[0],
              tax: t(`taxes.${one.tax ?? "off"}`),
              costs: t(one.costs ? "costsOn" : "costsOff"),
            })}
          </li>
        ))}
      </ul>
      {isOpen && <RulesForm today={today} newest={items[0]} onClose={() => setOpen(false)} />}
    </Card>
  );
}

interface FormProps {
  today: string;
  newest: SettlementRules | undefined;
  onClose: () => void;
}

function RulesForm({ today, newest, onClose }: FormProps) {
  const { t } = useTranslation(["settlement", "common"]);
  const notice = useNotice();
  const tomorrow = new Date(Date.parse(today) + DAY_MS).toISOString().slice(0, 10);
  const [since, setSince] = useState(tomorrow);
  const [revenue, setRevenue] = useState(newest?.revenue ?? "shipment");
  const [yuan, setYuan] = useState((newest?.suspense ?? 0) / 100);
  const [tax, setTax] = useState(newest?.tax ?? "off");
  const [costs, setCosts] = useState(newest?.costs ?? false);
  const [zone, setZone] = useState(newest?.zone ?? "Asia/Shanghai");
  const [begins, setBegins] = useState(newest?.begins ?? 1);
  const keep = useMutation({
    mutationFn: () => {
      const json: NewSettlementRules = {
        since,
        revenue,
        suspense: Math.round(yuan * 100),
        begins,
        zone,
        tax,
        costs,
      };
      return askHub<SettlementRules>(PATH, { method: "PUT", json });
    },
    onSuccess: () => {
      notice.done(t("rulesKept", { since }));
      void queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  return (
    <form
      className="settlement-form"
      onSubmit={(event) => {
        event.preventDefault();
        keep.mutate();
      }}
    >
      <label>
        <span>{t("since")}</span>
        <Input type="date" required min={tomorrow} value={since} onChange={(event) => setSince(event.target.value)} />
      </label>
      <label htmlFor="rules-revenue">
        <span>{t("revenue")}</span>
        <Select
          id="rules-revenue"
          value={revenue}
          options={REVENUES.map((one) => ({ value: one, label: t(`revenues.${one}`) }))}
          onChange={setRevenue}
        />
      </label>
      <label>
        <span>{t("suspenseLimit")}</span>
        <InputNumber prefix="¥" precision={2} min={0} value={yuan} onChange={(value) => setYuan(value ?? 0)} className="settlement-number" />
      </label>
      <label htmlFor="rules-tax">
        <span>{t("tax")}</span>
        <Select
          id="rules-tax"
          value={tax}
          options={TAXES.map((one) => ({ value: one, label: t(`taxes.${one}`) }))}
          onChange={setTax}
        />
      </label>
      <Checkbox checked={costs} onChange={(event) => setCosts(event.target.checked)}>
        {t("costs")}
      </Checkbox>
      <label htmlFor="rules-zone">
        <span>{t("zone")}</span>
        <Select
          id="rules-zone"
          value={zone}
          options={[...new Set([...ZONES, zone])].map((one) => ({ value: one, label: one }))}
          onChange={setZone}
        />
      </label>
      <label>
        <span>{t("begins")}</span>
        <InputNumber min={1} max={LAST_BEGIN} precision={0} value={begins} onChange={(value) => setBegins(value ?? 1)} className="settlement-number" />
      </label>
      <p className="note">{t("rulesNote")}</p>
      {keep.error && <ProblemNote problem={asProblem(keep.error)} />}
      <div className="settlement-buttons">
        <Button onClick={onClose}>{t("common:acts.back")}</Button>
        <Button type="primary" htmlType="submit" loading={keep.isPending}>
          {t("keepRules")}
        </Button>
      </div>
    </form>
  );
}
