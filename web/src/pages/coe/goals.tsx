import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type {
  CoeGoalStanding,
  Goal,
  GoalPage,
  MetricBook,
  NewGoal,
  WeeklyReviewWhole,
} from "@/api/types.gen";
import { ask } from "@/client";
import { count, money, share } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay, useSession } from "@/session";
import { Mine } from "./mine";
import { KEY, OWNERS, PATH, ratio, useOwner } from "./words";

type Unit = string | undefined;

/** 目标: what metrics should come to, who answers for it, and how they stood in the newest review. */
export function Goals() {
  const { t, i18n } = useTranslation("coe");
  const { person } = useSession();
  const mayWrite = useMay("coe.write");
  const [isNew, setNew] = useState(false);
  const [isMine, setMine] = useState(false);
  const owner = useOwner(person.id);
  const list = useKeyset<Goal, GoalPage>({
    queryKey: [...KEY, "goals", isMine],
    fetch: (cursor, signal) =>
      ask(`${PATH}/goals?${query({ cursor, limit: 50, state: "active", mine: String(isMine) })}`, {
        signal,
      }),
  });
  const newest = useQuery({
    queryKey: [...KEY, "review", "newest"],
    queryFn: ({ signal }) => ask<WeeklyReviewWhole>(`${PATH}/reviews/newest`, { signal }),
    retry: false,
  });
  const book = useMetrics();
  const standing = (goal: Goal): CoeGoalStanding | undefined =>
    newest.data?.body.goals.find((one) => one.goal === goal.id);
  const unit = (code: string): Unit => book.data?.metrics.find((one) => one.code === code)?.unit;
  const title = (code: string) => {
    const found = book.data?.metrics.find((one) => one.code === code)?.title;
    return found ? (i18n.language.startsWith("en") ? found.en : found.zh) : code;
  };
  const columns: SmallColumn<Goal>[] = [
    {
      key: "metric",
      title: t("columns.metric"),
      render: ({ plan }) => title(plan.metric) + (plan.value ? ` · ${plan.value}` : ""),
    },
    {
      key: "target",
      title: t("columns.target"),
      render: ({ plan }) => figure(plan.target, unit(plan.metric)),
      isNumber: true,
    },
    {
      key: "now",
      title: t("columns.now"),
      render: (one) => figure(standing(one)?.now, unit(one.plan.metric)),
      isNumber: true,
    },
    {
      key: "before",
      title: t("columns.before"),
      render: (one) => figure(standing(one)?.before, unit(one.plan.metric)),
      isNumber: true,
    },
    { key: "met", title: t("columns.met"), render: (one) => <Met told={standing(one)} /> },
    { key: "owner", title: t("columns.owner"), render: ({ plan }) => owner(plan.owner) },
  ];
  if (mayWrite)
    columns.push({ key: "end", title: t("columns.act"), render: (one) => <End goal={one} /> });
  return (
    <Card
      title={t("tabs.goals")}
      note={newest.data ? t("asOfReview", { week: newest.data.review.week }) : t("noReviewYet")}
      extra={
        <>
          <Mine isMine={isMine} onChange={setMine} />
          {mayWrite && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setNew(true)}>
              {t("setGoal")}
            </Button>
          )}
        </>
      }
      isFlush
    >
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading ? (
        <Skeleton kind="rows" rows={4} />
      ) : (
        <SmallTable
          caption={t("goalList")}
          columns={columns}
          rows={list.rows}
          keyOf={(one) => one.id}
          empty={t("noGoals")}
        />
      )}
      {list.hasMore && (
        <Button type="link" loading={list.isWaiting} onClick={list.onMore}>
          {t("moreRows")}
        </Button>
      )}
      {isNew && <SetGoal book={book.data} onClose={() => setNew(false)} />}
    </Card>
  );
}

function useMetrics() {
  return useQuery({
    queryKey: [...KEY, "metrics"],
    queryFn: ({ signal }) => ask<MetricBook>("/v1/metrics", { signal }),
  });
}

function figure(value: number | null | undefined, unit: Unit): string {
  if (unit === "thousandths") return share(ratio(value), 1);
  return unit === "fen" ? money(value) : count(value);
}

function Met({ told }: { told: CoeGoalStanding | undefined }) {
  const { t } = useTranslation("coe");
  if (told?.now === undefined || told.now === null) return <ToneTag tone="plain">{t("met.none")}</ToneTag>;
  const isMet = told.better === "less" ? told.now <= told.target : told.now >= told.target;
  return <ToneTag tone={isMet ? "kept" : "broken"}>{t(isMet ? "met.yes" : "met.no")}</ToneTag>;
}

function End({ goal }: { goal: Goal }) {
  const { t } = useTranslation("coe");
  const { done } = useNotice();
  const confirm = useConfirm();
  const end = useMutation({
    mutationFn: () => ask<Goal>(`${PATH}/goals/${goal.id}/end`, { method: "POST", json: {} }),
    onSuccess: async () => {
      done(t("goalEnded"));
      await queries.invalidateQueries({ queryKey: [...KEY, "goals"] });
    },
  });
  const onEnd = async () => {
    if (await confirm({ title: t("endGoalTitle"), act: t("endGoal"), isDanger: true })) end.mutate();
  };
  return (
    <Button size="small" type="text" loading={end.isPending} onClick={() => void onEnd()}>
      {t("endGoal")}
    </Button>
  );
}

interface Wish {
  metric: string;
  target: number;
  owner: string;
  dimension?: string;
  value?: string;
  note?: string;
}

function SetGoal({ book, onClose }: { book: MetricBook | undefined; onClose: () => void }) {
  const { t, i18n } = useTranslation("coe");
  const { person } = useSession();
  const { done } = useNotice();
  const [form] = Form.useForm<Wish>();
  const code = Form.useWatch("metric", form);
  const metric = book?.metrics.find((one) => one.code === code);
  const scale = metric?.unit === "thousandths" ? 10 : metric?.unit === "fen" ? 100 : 1;
  const set = useMutation({
    mutationFn: (wish: Wish) => {
      const json: NewGoal = {
        metric: wish.metric,
        target: Math.round(wish.target * scale),
        owner: wish.owner,
        dimension: wish.dimension ?? "",
        value: wish.value?.trim() ?? "",
        note: wish.note?.trim() ?? "",
      };
      return ask<Goal>(`${PATH}/goals`, { method: "POST", json });
    },
    onSuccess: async () => {
      done(t("goalSet"));
      await queries.invalidateQueries({ queryKey: [...KEY, "goals"] });
      onClose();
    },
  });
  const isEnglish = i18n.language.startsWith("en");
  const need = [{ required: true, message: t("needed") }];
  return (
    <Modal
      open
      title={t("setGoal")}
      okText={t("setGoal")}
      cancelText={t("back")}
      confirmLoading={set.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {set.error && <ProblemNote problem={asProblem(set.error)} />}
      <Form<Wish>
        form={form}
        layout="vertical"
        initialValues={{ metric: "on_time_rate", owner: "role:policy" }}
        onFinish={(wish) => set.mutate(wish)}
      >
        <Form.Item name="metric" label={t("columns.metric")} rules={need}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            options={(book?.metrics ?? []).map((one) => ({
              value: one.code,
              label: isEnglish ? one.title.en : one.title.zh,
            }))}
          />
        </Form.Item>
        <Form.Item name="target" label={t("targetIn", { unit: t(`units.${scale}`) })} rules={need}>
          <InputNumber className="coe-number" />
        </Form.Item>
        <Form.Item name="owner" label={t("columns.owner")} rules={need}>
          <Select
            options={[
              ...OWNERS.map((role) => ({ value: `role:${role}`, label: t(`common:roles.${role}`) })),
              { value: `person:${person.id}`, label: t("me") },
            ]}
          />
        </Form.Item>
        <Form.Item name="dimension" label={t("dimension")} extra={t("dimensionNote")}>
          <Select
            allowClear
            options={(metric?.dimensions ?? []).map((one) => ({
              value: one,
              label: t(`by.${one}`, { defaultValue: one }),
            }))}
          />
        </Form.Item>
        <Form.Item name="value" label={t("value")}>
          <Input maxLength={64} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
