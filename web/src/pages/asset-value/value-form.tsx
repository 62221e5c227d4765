import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Input, InputNumber, Modal } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type {
  ComparableDeal,
  InputDefined,
  ValuationInputs,
  ValuationResult,
  InputSpan,
  ValuationItem,
  ValuationProposal,
} from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, span } from "./model";

const METHODS = ["cost", "income", "market"] as const;
const ENDS = ["low", "mid", "high"] as const;

/** 起草估值: inputs that the house proposes, changed by a person; the range follows at once. */
export function ValueForm({ asset, onClose }: { asset: string; onClose: () => void }) {
  const { t } = useTranslation(["assetValue", "common"]);
  const notice = useNotice();
  const [inputs, setInputs] = useState<ValuationInputs>();
  const proposal = useQuery({
    queryKey: [...KEY, "proposal", asset],
    queryFn: ({ signal }) => ask<ValuationProposal>(`/v1/valuations/${asset}/proposal`, { signal }),
    gcTime: 0,
  });
  useEffect(() => {
    if (proposal.data) setInputs((old) => old ?? proposal.data.inputs);
  }, [proposal.data]);
  const attempt = useMutation({
    mutationFn: (told: ValuationInputs) =>
      ask<ValuationResult>(`/v1/valuations/${asset}/try`, { method: "POST", json: told }),
  });
  const draft = useMutation({
    mutationFn: (told: ValuationInputs) =>
      ask<ValuationItem>(`/v1/valuations/${asset}`, { method: "POST", json: told }),
    onSuccess: async () => {
      notice.done(t("valuationDrafted"));
      await queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  const problem = proposal.error ?? attempt.error ?? draft.error;
  const range = attempt.data?.range ?? proposal.data?.result.range;
  return (
    <Modal
      open
      width={760}
      title={t("draftValuation")}
      okText={t("sendToSecond")}
      cancelText={t("common:acts.back")}
      okButtonProps={{ disabled: !inputs }}
      confirmLoading={draft.isPending}
      onOk={() => inputs && draft.mutate(inputs)}
      onCancel={onClose}
    >
      <p className="note">{t("formNote")}</p>
      {problem && <ProblemNote problem={asProblem(problem)} />}
      {!inputs && !proposal.error && <Skeleton kind="rows" rows={6} />}
      {inputs && range && (
        <>
          <p className="value-answer">
            <b>{span(range.low, range.high)}</b>{" "}
            <Button size="small" loading={attempt.isPending} onClick={() => attempt.mutate(inputs)}>
              {t("reckon")}
            </Button>
          </p>
          <Weights inputs={inputs} onChange={setInputs} />
          <Spans inputs={inputs} defined={proposal.data?.defined ?? []} onChange={setInputs} />
          <Deals inputs={inputs} onChange={setInputs} />
        </>
      )}
    </Modal>
  );
}

interface PartProps {
  inputs: ValuationInputs;
  onChange: (inputs: ValuationInputs) => void;
}

function Weights({ inputs, onChange }: PartProps) {
  const { t } = useTranslation("assetValue");
  const weights = inputs.weights ?? {};
  return (
    <fieldset className="value-weights">
      <legend>{t("weights")}</legend>
      {METHODS.map((method) => (
        <label key={method}>
          {t(`methods.${method}`)}
          <InputNumber
            min={0}
            max={100}
            precision={1}
            suffix="%"
            value={(weights[method] ?? 0) / 10}
            onChange={(share) =>
              onChange({
                ...inputs,
                weights: { ...weights, [method]: Math.round((share ?? 0) * 10) },
              })
            }
          />
        </label>
      ))}
    </fieldset>
  );
}

function scaleOf(unit: InputDefined["unit"]): number {
  return unit === "fen" ? 100 : unit === "thousandths" ? 10 : 1;
}

function Spans({ inputs, defined, onChange }: PartProps & { defined: readonly InputDefined[] }) {
  const { t } = useTranslation("assetValue");
  const weights: Record<string, number | undefined> = { ...inputs.weights };
  const change = (code: string, changes: Partial<InputSpan>) =>
    onChange({
      ...inputs,
      spans: inputs.spans.map((one) =>
        one.code === code ? { ...one, ...changes, told: "person" } : one,
      ),
    });
  return (
    <div className="value-spans">
      {defined
        .filter((one) => (weights[one.method] ?? 0) > 0)
        .map((one) => {
          const held = inputs.spans.find((each) => each.code === one.code);
          const scale = scaleOf(one.unit);
          if (!held) return null;
          return (
            <div key={one.code} className="value-span">
              <span>
                {t(`inputs.${one.code}`)}
                <span className="note"> {t(`units.${one.unit}`)}</span>
                <span className="note"> · {t(`told.${held.told ?? "person"}`)}</span>
              </span>
              {ENDS.map((end) => (
                <InputNumber
                  key={end}
                  aria-label={`${t(`inputs.${one.code}`)} ${t(end)}`}
                  min={one.least / scale}
                  max={one.most / scale}
                  precision={one.unit === "fen" ? 2 : one.unit === "thousandths" ? 1 : 0}
                  value={held[end] / scale}
                  onChange={(value) =>
                    change(one.code, { [end]: Math.round((value ?? 0) * scale) })
                  }
                />
              ))}
            </div>
          );
        })}
    </div>
  );
}

function Deals({ inputs, onChange }: PartProps) {
  const { t } = useTranslation("assetValue");
  const deals = inputs.comparables ?? [];
  if ((inputs.weights?.market ?? 0) === 0) return null;
  const put = (next: readonly ComparableDeal[]) => onChange({ ...inputs, comparables: [...next] });
  const change = (at: number, changes: Partial<ComparableDeal>) =>
    put(deals.map((one, no) => (no === at ? { ...one, ...changes } : one)));
  return (
    <fieldset className="value-deals">
      <legend>{t("comparables")}</legend>
      {deals.map((one, at) => (
        // A deal has no name until it is typed.
        <div key={at} className="value-deal">
          <Input
            aria-label={t("comparable")}
            placeholder={t("comparable")}
            value={one.name}
            maxLength={200}
            onChange={(event) => change(at, { name: event.target.value })}
          />
          <InputNumber
            aria-label={t("price")}
            min={0.01}
            precision={2}
            value={one.price_fen / 100}
            onChange={(yuan) => change(at, { price_fen: Math.round((yuan ?? 0) * 100) })}
          />
          {(["quality", "scale", "time", "scenario", "terms"] as const).map((factor) => (
            <InputNumber
              key={factor}
              aria-label={t(`factors.${factor}`)}
              prefix={t(`factors.${factor}`)}
              min={10}
              max={500}
              suffix="%"
              value={(one[factor] ?? 1_000) / 10}
              onChange={(share) => change(at, { [factor]: Math.round((share ?? 100) * 10) })}
            />
          ))}
          <Input
            aria-label={t("origin")}
            placeholder={t("origin")}
            value={one.source ?? ""}
            maxLength={500}
            onChange={(event) => change(at, { source: event.target.value })}
          />
          <Button size="small" onClick={() => put(deals.filter((_, no) => no !== at))}>
            {t("removeDeal")}
          </Button>
        </div>
      ))}
      <Button size="small" onClick={() => put([...deals, { name: "", price_fen: 10_000_00 }])}>
        {t("addDeal")}
      </Button>
    </fieldset>
  );
}
