import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, InputNumber, Modal, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ForecastPromotion, ForecastPromotions, NewForecastPromotion } from "@/api/types.gen";
import { ask as fetchJson } from "@/client";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, ratio } from "./words";

const PATH = "/v1/forecasts/promotions";
const MILLI = 1_000;
const MOST = 20;

/** 促销计划: what multiplies demand, and when. */
export function Promotions({ mayWrite }: { mayWrite: boolean }) {
  const { t } = useTranslation("forecasts");
  const confirm = useConfirm();
  const { done, failed } = useNotice();
  const [edited, setEdited] = useState<ForecastPromotion | "new" | null>(null);
  const found = useQuery({
    queryKey: [...KEY, "promotions"],
    queryFn: ({ signal }) => fetchJson<ForecastPromotions>(PATH, { signal }),
  });
  const drop = async (one: ForecastPromotion) => {
    const act = t("promotion.drop");
    if (!(await confirm({ title: t("promotion.dropTitle", { name: one.name }), text: t("promotion.dropText"), act, isDanger: true })))
      return;
    try {
      await fetchJson(`${PATH}/${one.id}`, { method: "DELETE" });
      done(t("promotion.dropped"));
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: [...KEY, "promotions"] });
  };
  const columns: SmallColumn<ForecastPromotion>[] = [
    { key: "name", title: t("promotion.name"), render: (one) => one.name },
    { key: "days", title: t("columns.days"), render: (one) => `${one.first_day} – ${one.last_day}` },
    { key: "skus", title: t("promotion.skus"), render: (one) => <span title={one.skus.join(" ")}>{count(one.skus.length)}</span>, isNumber: true },
    {
      key: "uplift",
      title: t("promotion.uplift"),
      render: (one) => (one.uplift ? `×${ratio(one.uplift)}` : t("promotion.learned")),
      isNumber: true,
    },
  ];
  if (mayWrite)
    columns.push({
      key: "acts",
      title: t("promotion.acts"),
      render: (one) => (
        <span className="forecasts-acts">
          <Button size="small" aria-label={`${t("promotion.edit")} ${one.name}`} onClick={() => setEdited(one)}>
            {t("promotion.edit")}
          </Button>
          <Button size="small" aria-label={`${t("promotion.drop")} ${one.name}`} onClick={() => void drop(one)}>
            {t("promotion.drop")}
          </Button>
        </span>
      ),
    });
  return (
    <Card
      title={t("promotions")}
      note={t("promotionsNote")}
      extra={
        mayWrite && (
          <Button size="small" onClick={() => setEdited("new")}>
            {t("promotion.add")}
          </Button>
        )
      }
      isFlush
    >
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="rows" rows={3} />}
      {found.data && (
        <SmallTable
          caption={t("promotions")}
          columns={columns}
          rows={found.data.items}
          keyOf={(one) => one.id}
          empty={t("noPromotions")}
        />
      )}
      {edited && <Editor of={edited === "new" ? null : edited} onClose={() => setEdited(null)} />}
    </Card>
  );
}

interface Wish {
  name: string;
  skus: string[];
  days: [dayjs.Dayjs, dayjs.Dayjs];
  uplift?: number | null;
}

function Editor({ of, onClose }: { of: ForecastPromotion | null; onClose: () => void }) {
  const { t } = useTranslation(["forecasts", "common"]);
  const { done } = useNotice();
  const [form] = Form.useForm<Wish>();
  const keep = useMutation({
    mutationFn: (wish: Wish) => {
      const json: NewForecastPromotion = {
        name: wish.name.trim(),
        skus: wish.skus,
        first_day: wish.days[0].format("YYYY-MM-DD"),
        last_day: wish.days[1].format("YYYY-MM-DD"),
        uplift: Math.round((wish.uplift ?? 0) * MILLI),
      };
      return fetchJson<ForecastPromotion>(of ? `${PATH}/${of.id}` : PATH, { method: of ? "PUT" : "POST", json });
    },
    onSuccess: async () => {
      done(t("promotion.kept"));
      await queries.invalidateQueries({ queryKey: [...KEY, "promotions"] });
      onClose();
    },
  });
  const need = [{ required: true, message: t("promotion.needed") }];
  return (
    <Modal
      open
      title={t(of ? "promotion.edit" : "promotion.add")}
      okText={t("promotion.keep")}
      cancelText={t("common:acts.back")}
      confirmLoading={keep.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {keep.error && <ProblemNote problem={asProblem(keep.error)} />}
      <Form<Wish>
        form={form}
        layout="vertical"
        initialValues={
          of
            ? {
                name: of.name,
                skus: of.skus,
                days: [dayjs(of.first_day), dayjs(of.last_day)],
                uplift: of.uplift ? of.uplift / MILLI : null,
              }
            : {}
        }
        onFinish={(wish) => keep.mutate(wish)}
      >
        <Form.Item name="name" label={t("promotion.name")} rules={need}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="skus" label={t("promotion.skus")} rules={need}>
          <Select mode="tags" tokenSeparators={[",", " ", "\n", "、"]} open={false} suffixIcon={null} />
        </Form.Item>
        <Form.Item name="days" label={t("columns.days")} rules={need}>
          <DatePicker.RangePicker />
        </Form.Item>
        <Form.Item name="uplift" label={t("promotion.uplift")} extra={t("promotion.upliftNote")}>
          <InputNumber min={0.2} max={MOST} step={0.1} precision={2} prefix="×" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
