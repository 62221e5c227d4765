import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import type { CarrierTerms, TermsPage } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

const PATH = "/v1/carrier-terms";
const KEY = ["carrier-terms"] as const;
const FEN = 100;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MULTIPLE_MAX = 1000;
const DAYS_MAX = 730;
const keyOf = (one: CarrierTerms) => `${one.carrier} ${one.begins}`;

interface Given {
  carrier: string;
  begins: string;
  multiple: number;
  cap: number;
  days: number;
  source: string;
}

/** 承运商赔付标准: what a carrier pays for a parcel from a day on, by which contract. */
export function CarrierTermsCard() {
  const { t } = useTranslation(["after-sale-settings", "common"]);
  const mayWrite = useMay("claim.write");
  const notice = useNotice();
  const cache = useQueryClient();
  const [form] = Form.useForm<Given>();
  const read = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => ask<TermsPage>(PATH, { signal }),
  });
  const put = useMutation({
    mutationFn: ({ cap, ...given }: Given) =>
      ask<TermsPage>(PATH, {
        method: "PUT",
        json: { ...given, carrier: given.carrier.trim(), cap_fen: Math.round(cap * FEN) },
      }),
    onSuccess: (kept) => {
      cache.setQueryData(KEY, kept);
      form.resetFields();
      notice.done(t("termsKept"));
    },
    onError: notice.failed,
  });
  const columns: SmallColumn<CarrierTerms>[] = [
    { key: "carrier", title: t("carrier"), render: (one) => one.carrier },
    { key: "begins", title: t("begins"), render: (one) => one.begins },
    {
      key: "pays",
      title: t("pays"),
      render: (one) =>
        one.multiple ? t("paysFreight", { multiple: one.multiple }) : t("paysValue"),
    },
    {
      key: "cap",
      title: t("cap"),
      isNumber: true,
      render: (one) => (one.cap_fen ? money(one.cap_fen) : t("noCap")),
    },
    { key: "days", title: t("claimDays"), isNumber: true, render: (one) => String(one.days) },
    { key: "source", title: t("contract"), render: (one) => one.source },
  ];
  const number = (max: number) => ({
    required: true,
    type: "integer" as const,
    min: 0,
    max,
    message: t("numberWrong", { most: max }),
  });
  return (
    <Card title={t("terms")} note={t("termsNote")} isFlush>
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="rows" rows={2} />}
      {read.data && (
        <SmallTable
          caption={t("terms")}
          columns={columns}
          rows={read.data.items}
          keyOf={keyOf}
          empty={t("termsNone")}
        />
      )}
      {mayWrite && read.data && (
        <Form<Given>
          form={form}
          name="terms"
          layout="vertical"
          requiredMark={false}
          className="row-form"
          initialValues={{ multiple: 0, cap: 0, days: 30 }}
          onFinish={(given) => put.mutate(given)}
        >
          <Form.Item
            name="carrier"
            label={t("carrier")}
            rules={[{ required: true, whitespace: true, message: t("carrierMissing") }]}
          >
            <Input maxLength={64} autoComplete="off" />
          </Form.Item>
          <Form.Item
            name="begins"
            label={t("begins")}
            rules={[{ required: true, pattern: DAY, message: t("beginsWrong") }]}
          >
            <Input type="date" />
          </Form.Item>
          <Form.Item name="multiple" label={t("multiple")} rules={[number(MULTIPLE_MAX)]}>
            <InputNumber />
          </Form.Item>
          <Form.Item
            name="cap"
            label={t("capYuan")}
            rules={[{ required: true, type: "number", min: 0, message: t("secondWrong") }]}
          >
            <InputNumber precision={2} />
          </Form.Item>
          <Form.Item
            name="days"
            label={t("claimDays")}
            rules={[{ ...number(DAYS_MAX), min: 1 }]}
          >
            <InputNumber />
          </Form.Item>
          <Form.Item
            name="source"
            label={t("contract")}
            rules={[{ required: true, whitespace: true, message: t("contractMissing") }]}
          >
            <Input maxLength={200} autoComplete="off" />
          </Form.Item>
          <Form.Item>
            <Button htmlType="submit" loading={put.isPending}>
              {t("addTerms")}
            </Button>
          </Form.Item>
        </Form>
      )}
    </Card>
  );
}
