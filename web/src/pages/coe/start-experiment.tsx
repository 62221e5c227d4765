import { useMutation, useQuery } from "@tanstack/react-query";
import { DatePicker, Form, Input, InputNumber, Modal, Select } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import type { Experiment, NewExperiment, RoutingHistory } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PATH } from "./words";

const METRICS = ["kept", "late", "split", "cost", "refunded"] as const;
type Metric = (typeof METRICS)[number];
const RAIL_METRICS = ["late", "refunded", "cost"] as const;
const DAYS = 14;

interface Wish {
  name: string;
  digest: string;
  percent: number;
  channels?: string;
  regions?: string;
  primary: Metric;
  least: number;
  until: dayjs.Dayjs;
  late?: number | null;
  refunded?: number | null;
  cost?: number | null;
}

/** Start an experiment: which set, on which orders, judged by what, stopped by what. */
export function StartExperiment({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("coe");
  const { done } = useNotice();
  const [form] = Form.useForm<Wish>();
  const primary = Form.useWatch("primary", form) ?? "kept";
  const sets = useQuery({
    queryKey: [...KEY, "sets"],
    queryFn: ({ signal }) => ask<RoutingHistory>("/v1/routing/policies/sets", { signal }),
  });
  const start = useMutation({
    mutationFn: (wish: Wish) => {
      const rails = RAIL_METRICS.filter((one) => one !== wish.primary && wish[one] !== undefined && wish[one] !== null);
      const json: NewExperiment = {
        name: wish.name.trim(),
        digest: wish.digest,
        percent: wish.percent,
        channels: words(wish.channels),
        regions: words(wish.regions),
        primary: wish.primary,
        least: scaled(wish.primary, wish.least),
        guardrails: rails.map((metric) => ({ metric, bound: scaled(metric, wish[metric] ?? 0) })),
        until: wish.until.endOf("day").toISOString(),
      };
      return ask<Experiment>(`${PATH}/experiments`, { method: "POST", json });
    },
    onSuccess: async () => {
      done(t("started"));
      await queries.invalidateQueries({ queryKey: [...KEY, "experiments"] });
      onClose();
    },
  });
  const need = [{ required: true, message: t("needed") }];
  const unit = (metric: Metric) => t(metric === "cost" ? "units.100" : "units.10");
  return (
    <Modal
      open
      title={t("start")}
      okText={t("start")}
      cancelText={t("back")}
      confirmLoading={start.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note">{t("caveat")}</p>
      {start.error && <ProblemNote problem={asProblem(start.error)} />}
      <Form<Wish>
        form={form}
        layout="vertical"
        initialValues={{ percent: 20, primary: "kept", least: 2, late: 3, until: dayjs().add(DAYS, "day") }}
        onFinish={(wish) => start.mutate(wish)}
      >
        <Form.Item name="name" label={t("columns.name")} rules={need}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="digest" label={t("columns.policy")} rules={need}>
          <Select
            options={(sets.data?.items ?? []).map((one) => ({
              value: one.digest,
              label: `${one.no} · ${one.name}`,
            }))}
          />
        </Form.Item>
        <div className="coe-pair">
          <Form.Item name="percent" label={t("percent")} rules={need}>
            <InputNumber min={1} max={100} suffix="%" />
          </Form.Item>
          <Form.Item name="until" label={t("until")} rules={need}>
            <DatePicker minDate={dayjs()} allowClear={false} />
          </Form.Item>
          <Form.Item name="channels" label={t("channels")} extra={t("listed")}>
            <Input />
          </Form.Item>
          <Form.Item name="regions" label={t("regions")} extra={t("listed")}>
            <Input />
          </Form.Item>
          <Form.Item name="primary" label={t("primary")}>
            <Select options={METRICS.map((one) => ({ value: one, label: t(`trial.${one}`) }))} />
          </Form.Item>
          <Form.Item name="least" label={t("least")} rules={need}>
            <InputNumber min={0.1} suffix={unit(primary)} />
          </Form.Item>
          {RAIL_METRICS.filter((one) => one !== primary).map((one) => (
            <Form.Item key={one} name={one} label={t("rail", { metric: t(`trial.${one}`) })}>
              <InputNumber min={0} suffix={unit(one)} />
            </Form.Item>
          ))}
        </div>
      </Form>
    </Modal>
  );
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/[\s,，、]+/).filter(Boolean);
}

/** Percentage points as thousandths, yuan as 分. */
function scaled(metric: Metric, value: number): number {
  return Math.round(value * (metric === "cost" ? 100 : 10));
}
