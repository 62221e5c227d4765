import { BookOutlined, CheckCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { InputNumber, Segmented } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { checkOrderType } from "@/api/sdk.gen";
import type { OrderType, SimulatedRow, TypeProof } from "@/api/types.gen";
import { dated, money } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { SmallTable } from "@/parts/small-table";

const WAIT_MS = 300;

/** What one order is tried with. */
export interface Trial {
  price_fen: number;
  units: number;
}

/** What the hub says of the type on the form, a moment after the last key. */
export function useProof(type: OrderType, trial: Trial): TypeProof | undefined {
  const now = JSON.stringify({ type, ...trial });
  const [asked, setAsked] = useState(now);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(now), WAIT_MS);
    return () => clearTimeout(timer);
  }, [now]);
  const read = useQuery({
    queryKey: ["orderTypeProof", asked],
    queryFn: async () => (await checkOrderType({ body: JSON.parse(asked) })).data,
    placeholderData: (before) => before,
    staleTime: 30_000,
  });
  return read.data;
}

/** 念出来是: the type read out, so that people check words and not a form. */
export function Sentence({ proof }: { proof: TypeProof }) {
  const { t } = useTranslation("order-types");
  const said = byLocale(proof.sentence.zh ?? "", proof.sentence.en ?? "");
  if (!said) return null;
  return (
    <p className="order-types-sentence">
      <BookOutlined aria-hidden />
      <span>
        <b>{t("sentence")}</b>
        {said}
      </span>
    </p>
  );
}

/** What stands in the way, and what would mend it. */
export function Checks({ proof }: { proof: TypeProof }) {
  const { t } = useTranslation("order-types");
  const errors = proof.findings.filter((one) => one.severity === "error").length;
  return (
    <Card
      title={t("checks")}
      note={t("checksNote", { errors, warnings: proof.findings.length - errors })}
    >
      {proof.findings.length === 0 && (
        <p className="order-types-fine">
          <CheckCircleOutlined aria-hidden /> {t("fine")}
        </p>
      )}
      <ul className="order-types-checks" aria-live="polite">
        {proof.findings.map((one) => (
          <li key={`${one.code}${one.pointer}`} data-severity={one.severity}>
            <span>{byLocale(one.zh, one.en)}</span>
            <span className="note">
              {byLocale(one.fix_zh, one.fix_en)} <code>{one.pointer}</code>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The columns of money; one without a figure is left out. */
const MONEY = [
  { key: "in", of: (row: SimulatedRow) => row.amount },
  { key: "frozen", of: (row: SimulatedRow) => row.frozen },
  { key: "kept", of: (row: SimulatedRow) => row.kept },
  { key: "owed", of: (row: SimulatedRow) => row.owed },
] as const;

interface TrialProps {
  type: OrderType;
  proof: TypeProof;
  trial: Trial;
  onTrial: (trial: Trial) => void;
}

/** 试算: one order through time, day by day and fen by fen. */
export function Simulation({ type, proof, trial, onTrial }: TrialProps) {
  const { t } = useTranslation("order-types");
  const [name, pick] = useState("paid");
  const picked = proof.cases.find((one) => one.case === name) ?? proof.cases[0];
  const stage = (row: SimulatedRow) => {
    const found = type.stages.find((one) => one.name === row.stage);
    return byLocale(found?.words.zh ?? "", found?.words.en ?? "") || row.stage;
  };
  return (
    <Card title={t("trial")} note={picked && t("trialNote", { total: money(picked.total) })}>
      <div className="order-types-trial">
        <label>
          {t("price")}
          <InputNumber
            min={0.01}
            precision={2}
            value={trial.price_fen / 100}
            onChange={(yuan) => onTrial({ ...trial, price_fen: Math.round((yuan ?? 1) * 100) })}
          />
        </label>
        <label>
          {t("tryUnits")}
          <InputNumber
            min={1}
            max={999}
            value={trial.units}
            onChange={(n) => onTrial({ ...trial, units: n ?? 1 })}
          />
        </label>
      </div>
      {!picked && <p className="note">{t("noTrial")}</p>}
      {picked && (
        <>
          <Segmented
            aria-label={t("course")}
            value={picked.case}
            options={proof.cases.map((one) => ({ value: one.case, label: t(`cases.${one.case}`) }))}
            onChange={(next) => pick(String(next))}
          />
          <SmallTable<SimulatedRow>
            caption={t("trial")}
            rows={picked.rows}
            keyOf={(row) => `${row.at_ms}${row.event}`}
            empty={t("noTrial")}
            columns={[
              { key: "at", title: t("at"), render: (row) => dated(row.at_ms) },
              {
                key: "event",
                title: t("event"),
                render: (row) => t(`events.${row.event.replace(".", "_")}`),
              },
              { key: "stage", title: t("stage"), render: stage },
              ...MONEY.filter(({ of }) => picked.rows.some((row) => (of(row) ?? 0) > 0)).map(
                ({ key, of }) => ({
                  key,
                  title: t(key),
                  isNumber: true,
                  render: (row: SimulatedRow) => ((of(row) ?? 0) > 0 ? money(of(row)) : ""),
                }),
              ),
              {
                key: "stock",
                title: t("stock"),
                render: (row) => (row.reserved ? t("holds") : ""),
              },
            ]}
          />
          <p className="note">{picked.exact ? t("exact") : t("inexact")}</p>
        </>
      )}
    </Card>
  );
}
