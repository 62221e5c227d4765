import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { FeeRate, ReconcileRules } from "@/api/types.gen";
import { ask } from "@/client";
import { BehindNote } from "@/parts/behind-note";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useDraft } from "@/parts/use-draft";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { CHANNELS, Dues, Terms } from "./rule-lists";
import { RECONCILE_KEY, useWords } from "./words";
import "./reconcile.css";

const KEY = [...RECONCILE_KEY, "rules"];
type Rules = ReconcileRules["rules"];
/** Fields that are one number each: in what they are kept, and in how many decimals shown. */
const PLAIN = [
  ["settle_days", 1, 0],
  ["rounding_fen", 100, 2],
  ["second_fen", 100, 2],
  ["window_h", 1, 0],
  ["weight_percent", 1, 0],
  ["weight_g", 1, 0],
  ["freight_fen", 100, 2],
] as const;
const NEW: FeeRate = {
  channel: "taobao",
  kind: "commission",
  ppm: 0,
  base: "net",
  since: "",
  until: "",
  tolerance_fen: 1,
  source: "",
};

/** What runs expect of fees, and what they let pass. */
export function RulesCard() {
  const { t } = useTranslation("reconcile");
  const found = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<ReconcileRules>("/v1/reconcile/rules", { signal }),
  });
  const now = found.data;
  return (
    <Card
      title={t("rulesTitle")}
      note={now && (now.version ? t("version", { n: now.version }) : t("shipped"))}
    >
      {found.error ? (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      ) : now ? (
        <Editor now={now} />
      ) : (
        <Skeleton kind="rows" rows={2} />
      )}
    </Card>
  );
}

function Editor({ now }: { now: ReconcileRules }) {
  const { t } = useTranslation("reconcile");
  const { done, failed } = useNotice();
  const mayChange = useMay("reconcile.rules");
  const client = useQueryClient();
  const draft = useDraft<Rules>(now.version, now.rules);
  const { value: rules, set: setRules } = draft;
  useUnsaved(draft.isDirty);
  const [isBusy, setBusy] = useState(false);
  const rates = rules.rates ?? [];
  const setRates = (next: FeeRate[]) => setRules({ ...rules, rates: next });
  const save = async () => {
    setBusy(true);
    try {
      const base = draft.isBehind ? now.version : draft.base; // whoever was told saves over it
      const kept = await ask<ReconcileRules>(`/v1/reconcile/rules?base=${base}`, {
        method: "PUT",
        json: rules,
      });
      draft.publish(kept.version, rules);
      client.setQueryData(KEY, kept);
      await client.invalidateQueries({ queryKey: [...RECONCILE_KEY, "counts"] });
      done(t("rulesSaved", { n: kept.version }));
    } catch (error) {
      failed(error);
      // Somebody else was faster: what they saved is shown beside what stands here.
      await client.invalidateQueries({ queryKey: KEY });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div className="reconcile-rules">
        {PLAIN.map(([name, unit, digits]) => (
          <label key={name}>
            <span>{t(`rule.${name}`)}</span>
            <InputNumber
              min={0}
              precision={digits}
              disabled={!mayChange}
              value={(rules[name] ?? 0) / unit}
              onChange={(value) => setRules({ ...rules, [name]: Math.round((value ?? 0) * unit) })}
            />
          </label>
        ))}
      </div>
      <Terms
        rows={rules.terms ?? []}
        mayChange={mayChange}
        onChange={(terms) => setRules({ ...rules, terms })}
      />
      <Dues
        rows={rules.bills ?? []}
        mayChange={mayChange}
        onChange={(bills) => setRules({ ...rules, bills })}
      />
      {rates.length === 0 && <p className="note">{t("noRates")}</p>}
      {rates.map((rate, at) => (
        <Rate
          // A rate has no name of its own; its place is what tells it.
          key={at}
          rate={rate}
          mayChange={mayChange}
          onChange={(next) => setRates(rates.map((one, no) => (no === at ? next : one)))}
          onDrop={() => setRates(rates.filter((_, no) => no !== at))}
        />
      ))}
      <BehindNote draft={draft} version={now.version} isReplaced />
      {mayChange && (
        <div className="reconcile-acts">
          <Button icon={<PlusOutlined />} onClick={() => setRates([...rates, NEW])}>
            {t("addRate")}
          </Button>
          <Button htmlType="submit" type="default" disabled={!draft.isDirty} loading={isBusy}>
            {t("saveRules")}
          </Button>
        </div>
      )}
    </form>
  );
}

interface RateProps {
  rate: FeeRate;
  mayChange: boolean;
  onChange: (rate: FeeRate) => void;
  onDrop: () => void;
}

/** A platform's rate: of what, how much, from when to when, and where it stands. */
function Rate({ rate, mayChange, onChange, onDrop }: RateProps) {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const set = (more: Partial<FeeRate>) => onChange({ ...rate, ...more });
  return (
    <div className="reconcile-rules">
      <label>
        <span>{t("rate.channel")}</span>
        <Select
          aria-label={t("rate.channel")}
          disabled={!mayChange}
          value={rate.channel}
          onChange={(channel) => set({ channel })}
          options={[...new Set([...CHANNELS, rate.channel])].map((value) => ({
            value,
            label: words.book(value),
          }))}
        />
      </label>
      <label>
        <span>{t("rate.kind")}</span>
        <Select
          aria-label={t("rate.kind")}
          disabled={!mayChange}
          value={rate.kind}
          onChange={(kind) => set({ kind })}
          options={(["commission", "payment_fee"] as const).map((value) => ({
            value,
            label: words.kind(value),
          }))}
        />
      </label>
      <label>
        <span>{t("rate.percent")}</span>
        <InputNumber
          min={0}
          max={100}
          precision={4}
          disabled={!mayChange}
          value={rate.ppm / 10_000}
          onChange={(value) => set({ ppm: Math.round((value ?? 0) * 10_000) })}
        />
      </label>
      {(["since", "until"] as const).map((name) => (
        <label key={name}>
          <span>{t(`rate.${name}`)}</span>
          <Input
            disabled={!mayChange}
            placeholder="2026-01-01"
            value={rate[name] ?? ""}
            onChange={(event) => set({ [name]: event.target.value })}
          />
        </label>
      ))}
      <label>
        <span>{t("rate.source")}</span>
        <Input
          disabled={!mayChange}
          maxLength={200}
          value={rate.source ?? ""}
          onChange={(event) => set({ source: event.target.value })}
        />
      </label>
      {mayChange && (
        <Button
          type="text"
          icon={<DeleteOutlined />}
          aria-label={t("dropRate")}
          onClick={onDrop}
        />
      )}
    </div>
  );
}
