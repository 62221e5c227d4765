import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Drawer, InputNumber, Segmented, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { tryDecision } from "@/api/sdk.gen";
import type { DecisionPanel, OrderSheet, RoutingPolicies, Trial, Weights } from "@/api/types.gen";
import { ask } from "@/client";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { Changes } from "./changes";
import { DecisionMap, Others, Plans } from "./decision-card";

const WEIGHTS = ["late_fen", "risk_fen", "parcel_fen", "unfulfilled_fen"] as const;
const MINOR = 100;

interface Props {
  id: string;
  sheet: OrderSheet;
  decision: DecisionPanel;
  onClose: () => void;
}

/** 换策略试算: the same order decided under other conditions; nothing is written. */
export default function TrialDrawer({ id, sheet, decision, onClose }: Props) {
  const { t } = useTranslation("order");
  const [trial, set] = useState<Trial>({
    world: "then",
    fact: decision.fact,
    exclude_warehouses: decision.plans[0]?.warehouses.slice() ?? [],
  });
  const tried = useMutation({
    mutationFn: async (body: Trial) => {
      const { data } = await tryDecision({ path: { order_id: id }, body, throwOnError: true });
      return data;
    },
  });
  const policies = useQuery({
    queryKey: ["routing-policies", "trial"],
    queryFn: ({ signal }) => ask<RoutingPolicies>("/v1/routing/policies", { signal }),
  });
  const run = tried.mutate;
  useEffect(() => {
    run(trial);
    // Only the first question is asked by itself; later ones by the button.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const weights = trial.weights ?? {};
  const weigh = (name: (typeof WEIGHTS)[number], value: number | null) => {
    const next: Weights = { ...weights };
    if (value === null) delete next[name];
    else next[name] = Math.round(value * MINOR);
    set({ ...trial, weights: next });
  };
  const quantityOf = (no: number, ordered: number) =>
    trial.quantities?.find((one) => one.line === no)?.quantity ?? ordered;
  const order = (no: number, ordered: number, value: number | null) => {
    const others = (trial.quantities ?? []).filter((one) => one.line !== no);
    const changed = value !== null && value !== ordered;
    set({
      ...trial,
      quantities: changed ? [...others, { line: no, quantity: value }] : others,
    });
  };
  return (
    <Drawer open size={720} title={t("trial.title")} onClose={onClose}>
      <form
        className="order-trial"
        onSubmit={(event) => {
          event.preventDefault();
          run(trial);
        }}
      >
        <label>
          <span>{t("trial.world")}</span>
          <Segmented
            value={trial.world ?? "then"}
            options={(["then", "now"] as const).map((value) => ({
              value,
              label: t(`trial.${value}`),
            }))}
            onChange={(world) => set({ ...trial, world })}
          />
        </label>
        <label>
          <span>{t("trial.exclude")}</span>
          <Select
            mode="multiple"
            allowClear
            value={[...(trial.exclude_warehouses ?? [])]}
            optionFilterProp="label"
            options={decision.nodes.map((node) => ({ value: node.code, label: node.name }))}
            onChange={(codes: string[]) => set({ ...trial, exclude_warehouses: codes })}
          />
        </label>
        <label>
          <span>{t("trial.policy")}</span>
          <Select
            aria-label={t("trial.policy")}
            value={trial.policy ?? ""}
            loading={policies.isPending}
            options={[
              { value: "", label: t(trial.world === "now" ? "trial.ruling" : "trial.asIs") },
              { value: "none", label: t("trial.noPolicy") },
              ...(policies.data?.history.items ?? []).map((one) => ({
                value: one.digest,
                label: t("trial.set", { no: one.no, name: one.name }),
              })),
              ...(policies.data?.drafts ?? []).map((one) => ({
                value: one.id,
                label: t("trial.draft", { name: one.name }),
              })),
            ]}
            onChange={(policy: string) => set({ ...trial, policy })}
          />
        </label>
        <fieldset>
          <legend>{t("trial.weights")}</legend>
          {WEIGHTS.map((name) => {
            const value = weights[name];
            return (
              <label key={name}>
                <span>{t(`trial.${name}`)}</span>
                <InputNumber
                  prefix="¥"
                  precision={2}
                  min={0}
                  placeholder={t("trial.asIs")}
                  value={value === undefined || value === null ? null : value / MINOR}
                  onChange={(next) => weigh(name, next)}
                />
              </label>
            );
          })}
        </fieldset>
        <fieldset>
          <legend>{t("trial.quantities")}</legend>
          {sheet.lines.map((line) => (
            <label key={line.no}>
              <span>{line.name || line.title}</span>
              <InputNumber
                min={1}
                precision={0}
                value={quantityOf(line.no, line.quantity)}
                onChange={(next) => order(line.no, line.quantity, next)}
              />
            </label>
          ))}
        </fieldset>
        <div className="order-buttons">
          <Button type="primary" htmlType="submit" loading={tried.isPending}>
            {t("trial.run")}
          </Button>
          <span className="note">{t("trial.note")}</span>
        </div>
      </form>
      {tried.error && <ProblemNote problem={asProblem(tried.error)} />}
      {!tried.data && tried.isPending && <Skeleton kind="card" rows={6} />}
      {tried.data && (
        <section className="order-tried" aria-live="polite">
          <Changes difference={tried.data.difference} />
          <h3>{t("trial.after")}</h3>
          <Plans decision={tried.data.after} />
          <Others counted={tried.data.after.counted} />
          <DecisionMap decision={tried.data.after} height_px={260} />
          <h3>{t("trial.before")}</h3>
          <Plans decision={tried.data.before} />
        </section>
      )}
    </Drawer>
  );
}
