import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ParcelRulesShown } from "@/api/types.gen";
import { ask } from "@/client";
import { BehindNote } from "@/parts/behind-note";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useDraft } from "@/parts/use-draft";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem, type Problem } from "@/problem";
import { useMay } from "@/session";

const KINDS = ["max_weight_g", "max_units", "apart"] as const;
const LINES = ["never", "when_short"] as const;
const STORAGES = [1, 2, 4, 8, 16] as const;

interface Rule {
  name: string;
  kind: (typeof KINDS)[number];
  limit?: number;
  storages?: number[];
  carriers?: string[];
  channels?: string[];
}

interface Told {
  merge: {
    on?: boolean;
    auto?: boolean;
    wait_min?: number;
    hold_min?: number;
    max_units?: number;
    max_weight_g?: number;
  };
  split?: Rule[];
  split_lines?: (typeof LINES)[number];
  line_parcels?: number;
  whole_channels?: string[];
}

/** Read the merchant's rules for parcels. */
export function useRules() {
  return useQuery({
    queryKey: ["merging", "rules"],
    queryFn: ({ signal }) => ask<ParcelRulesShown>("/v1/parcel-rules", { signal }),
  });
}

/** 包裹规则: what is merged, what is split when it is released. */
export function RulesCard({
  rules,
  onDone,
}: {
  rules: UseQueryResult<ParcelRulesShown, unknown>;
  onDone: () => Promise<void>;
}) {
  if (rules.error) {
    return <ProblemNote problem={asProblem(rules.error)} onRetry={() => void rules.refetch()} />;
  }
  if (!rules.data) return <Skeleton kind="card" />;
  return <RulesForm shown={rules.data} onDone={onDone} />;
}

/** What the form begins from. */
const begin = ({ rules }: ParcelRulesShown): Told => ({
  merge: {
    on: false,
    auto: false,
    wait_min: 30,
    hold_min: 0,
    max_units: 200,
    max_weight_g: 30_000,
    ...rules.merge,
  },
  split: (rules.split ?? []) as Rule[],
  split_lines: rules.split_lines ?? "never",
  line_parcels: rules.line_parcels ?? 2,
  whole_channels: rules.whole_channels ?? [],
});

function RulesForm({ shown, onDone }: { shown: ParcelRulesShown; onDone: () => Promise<void> }) {
  const { t } = useTranslation("merging");
  const { done } = useNotice();
  const mayWrite = useMay("merchant.write");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const draft = useDraft(shown.version, begin(shown));
  const [form] = Form.useForm<Told>();
  const { base, value, isDirty } = draft;
  useUnsaved(isDirty);
  useEffect(() => {
    // What is followed or dropped for is shown; what is being written is the form's own.
    if (!isDirty) form.setFieldsValue(value);
  }, [form, base, value, isDirty]);
  const save = async () => {
    const told = draft.value;
    setBusy(true);
    setProblem(null);
    const split = (told.split ?? []).map((rule) => ({
      name: rule.name,
      kind: rule.kind,
      carriers: rule.carriers ?? [],
      channels: rule.channels ?? [],
      ...(rule.kind === "apart" ? { storages: rule.storages ?? [] } : { limit: rule.limit ?? 0 }),
    }));
    try {
      const kept = await ask<ParcelRulesShown>("/v1/parcel-rules", {
        method: "PUT",
        json: {
          version: draft.isBehind ? shown.version : draft.base, // whoever was told saves over it
          rules: {
            merge: told.merge,
            split,
            split_lines: told.split_lines ?? "never",
            line_parcels: told.line_parcels ?? 2,
            whole_channels: told.whole_channels ?? [],
          },
        },
      });
      draft.publish(kept.version, told);
      done(t("rules.saved"));
      await onDone();
    } catch (error) {
      setProblem(asProblem(error));
      await onDone(); // somebody else may have been faster: what they saved is shown beside
    } finally {
      setBusy(false);
    }
  };
  return (
    <Form<Told>
      layout="vertical"
      requiredMark={false}
      disabled={!mayWrite}
      form={form}
      initialValues={draft.value}
      onValuesChange={(_, told) => draft.set(told)}
      onFinish={() => void save()}
      className="merging-rules"
    >
      <Card title={t("rules.merge")} note={t("rules.mergeNote")}>
        <div className="merging-fields">
          <Form.Item name={["merge", "on"]} label={t("rules.on")} valuePropName="checked">
            <Switch />
          </Form.Item>
          <Form.Item name={["merge", "auto"]} label={t("rules.auto")} valuePropName="checked">
            <Switch />
          </Form.Item>
          <Form.Item name={["merge", "wait_min"]} label={t("rules.wait")}>
            <InputNumber min={0} max={1440} precision={0} />
          </Form.Item>
          <Form.Item name={["merge", "hold_min"]} label={t("rules.hold")} tooltip={t("rules.holdNote")}>
            <InputNumber min={0} max={1440} precision={0} />
          </Form.Item>
          <Form.Item name={["merge", "max_units"]} label={t("rules.units")}>
            <InputNumber min={2} max={200} precision={0} />
          </Form.Item>
          <Form.Item name={["merge", "max_weight_g"]} label={t("rules.weight")}>
            <InputNumber min={1} max={30_000} precision={0} />
          </Form.Item>
        </div>
      </Card>
      <Card title={t("rules.split")} note={t("rules.splitNote")}>
        <Form.List name="split">
          {(fields, { add, remove }) => (
            <>
              {fields.length === 0 && <p className="note">{t("rules.none")}</p>}
              {fields.map((field) => (
                <div key={field.key} className="merging-fields" role="group" aria-label={t("rules.one", { no: field.name + 1 })}>
                  <Form.Item
                    name={[field.name, "name"]}
                    label={t("rules.name")}
                    rules={[{ required: true, whitespace: true, message: t("rules.nameMissing") }]}
                  >
                    <Input maxLength={60} />
                  </Form.Item>
                  <Form.Item name={[field.name, "kind"]} label={t("rules.kind")}>
                    <Select options={KINDS.map((value) => ({ value, label: t(`rules.kinds.${value}`) }))} />
                  </Form.Item>
                  <Limit no={field.name} />
                  <Form.Item name={[field.name, "carriers"]} label={t("rules.carriers")}>
                    <Select mode="tags" placeholder={t("rules.all")} open={false} suffixIcon={null} />
                  </Form.Item>
                  <Form.Item name={[field.name, "channels"]} label={t("rules.channels")}>
                    <Select mode="tags" placeholder={t("rules.all")} open={false} suffixIcon={null} />
                  </Form.Item>
                  <Button onClick={() => remove(field.name)}>{t("rules.remove")}</Button>
                </div>
              ))}
              <Button onClick={() => add({ name: "", kind: "max_weight_g", limit: 15_000 })}>
                {t("rules.add")}
              </Button>
            </>
          )}
        </Form.List>
        <div className="merging-fields">
          <Form.Item name="split_lines" label={t("rules.splitLines")} extra={t("rules.splitLinesHint")}>
            <Select options={LINES.map((value) => ({ value, label: t(`rules.splitLinesOptions.${value}`) }))} />
          </Form.Item>
          <Form.Item name="line_parcels" label={t("rules.lineParcels")}>
            <InputNumber min={2} max={4} precision={0} />
          </Form.Item>
        </div>
        <Form.Item name="whole_channels" label={t("rules.whole")} className="merging-whole">
          <Select mode="tags" placeholder={t("rules.noChannel")} open={false} suffixIcon={null} />
        </Form.Item>
      </Card>
      <BehindNote draft={draft} version={shown.version} isReplaced />
      {problem && <ProblemNote problem={problem} />}
      {mayWrite && (
        <Button type="primary" htmlType="submit" loading={isBusy}>
          {t("rules.save")}
        </Button>
      )}
    </Form>
  );
}

/** How much a parcel holds, or which storage classes travel apart. */
function Limit({ no }: { no: number }) {
  const { t } = useTranslation("merging");
  const kind = Form.useWatch<Rule["kind"]>(["split", no, "kind"]);
  if (kind === "apart") {
    return (
      <Form.Item name={[no, "storages"]} label={t("rules.storages")}>
        <Select
          mode="multiple"
          options={STORAGES.map((value) => ({ value, label: t(`rules.classes.${value}`) }))}
        />
      </Form.Item>
    );
  }
  return (
    <Form.Item name={[no, "limit"]} label={t(kind === "max_units" ? "rules.limitUnits" : "rules.limitWeight")}>
      <InputNumber min={1} precision={0} />
    </Form.Item>
  );
}
