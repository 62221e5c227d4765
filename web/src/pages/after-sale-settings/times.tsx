import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { TimeShown, TimesPage } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

const PATH = "/v1/after-sale-times";
const KEY = ["after-sale-times"] as const;
const HOURS_MAX = 2160;
const CHANNELS = [
  "taobao",
  "jd",
  "pdd",
  "douyin",
  "wechat-miniprogram",
  "shopify",
  "woocommerce",
  "amazon",
  "api",
  "table",
] as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const keyOf = (one: TimeShown) =>
  `${String(one.own)} ${one.channel} ${one.kind} ${one.step} ${one.begins}`;

interface Given {
  channel?: string;
  what: string;
  hours: number;
  begins: string;
  source: string;
}

/** 处理时限: how long each step may take, by channel; the merchant's own rows go before others. */
export function TimesCard() {
  const { t } = useTranslation(["after-sale-settings", "after-sales", "common"]);
  const mayWrite = useMay("merchant.write");
  const notice = useNotice();
  const proven = useProven();
  const cache = useQueryClient();
  const [form] = Form.useForm<Given>();
  const read = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<TimesPage>(PATH, { signal }),
  });
  const put = useMutation({
    mutationFn: (json: Record<string, unknown>) =>
      proven(() => ask<TimesPage>(PATH, { method: "PUT", json })),
    onSuccess: (kept) => {
      if (!kept) return;
      cache.setQueryData(KEY, kept);
      form.resetFields();
      notice.done(t("timeKept"));
    },
    onError: notice.failed,
  });
  const items = read.data?.items ?? [];
  const channelOf = (code: string) =>
    code ? t(`common:channels.${code}`, { defaultValue: code }) : t("anyChannel");
  const stepOf = (kind: string, step: string) =>
    `${t(`after-sales:kinds.${kind}`)} · ${t(
      kind === "claim" ? `after-sales:claimStates.${step}` : `after-sales:states.${step}`,
    )}`;
  const steps = [...new Set(items.map((one) => `${one.kind}/${one.step}`))];
  const columns: SmallColumn<TimeShown>[] = [
    { key: "channel", title: t("channel"), render: (one) => channelOf(one.channel) },
    { key: "step", title: t("step"), render: (one) => stepOf(one.kind, one.step) },
    { key: "hours", title: t("hours"), isNumber: true, render: (one) => String(one.hours) },
    { key: "begins", title: t("begins"), render: (one) => one.begins },
    {
      key: "source",
      title: t("source"),
      render: (one) =>
        one.source === "merchant"
          ? `${byLocale(one.zh, one.en)}（${t("after-sales:ownRule")}）`
          : [byLocale(one.zh, one.en), one.source].filter(Boolean).join(" · "),
    },
    {
      key: "own",
      title: t("rowOf"),
      render: (one) =>
        one.own ? (
          mayWrite ? (
            <Button
              size="small"
              loading={put.isPending}
              onClick={() =>
                put.mutate({
                  channel: one.channel,
                  kind: one.kind,
                  step: one.step,
                  begins: one.begins,
                  source: one.source,
                  hours: 0,
                })
              }
            >
              {t("remove")}
            </Button>
          ) : (
            t("rows.own")
          )
        ) : (
          t(one.binds ? "rows.law" : "rows.usual")
        ),
    },
  ];
  return (
    <Card title={t("times")} note={t("timesNote")} isFlush>
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="rows" rows={4} />}
      {read.data && (
        <SmallTable caption={t("times")} columns={columns} rows={items} keyOf={keyOf} empty="" />
      )}
      {mayWrite && read.data && (
        <Form<Given>
          form={form}
          name="times"
          layout="vertical"
          requiredMark={false}
          className="row-form"
          initialValues={{ channel: "" }}
          onFinish={({ what, ...given }) => {
            const [kind, step] = what.split("/");
            put.mutate({ ...given, channel: given.channel ?? "", kind, step });
          }}
        >
          <Form.Item name="channel" label={t("channel")}>
            <Select
              options={["", ...CHANNELS].map((value) => ({ value, label: channelOf(value) }))}
            />
          </Form.Item>
          <Form.Item name="what" label={t("step")} rules={[{ required: true, message: t("stepMissing") }]}>
            <Select
              showSearch={{ optionFilterProp: "label" }}
              options={steps.map((value) => {
                const [kind = "", step = ""] = value.split("/");
                return { value, label: stepOf(kind, step) };
              })}
            />
          </Form.Item>
          <Form.Item
            name="hours"
            label={t("hours")}
            rules={[
              { required: true, type: "integer", min: 1, max: HOURS_MAX, message: t("hoursWrong", { most: HOURS_MAX }) },
            ]}
          >
            <InputNumber />
          </Form.Item>
          <Form.Item
            name="begins"
            label={t("begins")}
            rules={[{ required: true, pattern: DAY, message: t("beginsWrong") }]}
          >
            <Input type="date" />
          </Form.Item>
          <Form.Item
            name="source"
            label={t("source")}
            rules={[{ required: true, whitespace: true, message: t("sourceMissing") }]}
          >
            <Input maxLength={200} autoComplete="off" />
          </Form.Item>
          <Form.Item>
            <Button htmlType="submit" loading={put.isPending}>
              {t("addTime")}
            </Button>
          </Form.Item>
        </Form>
      )}
    </Card>
  );
}
