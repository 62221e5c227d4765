import { useQuery } from "@tanstack/react-query";
import { DatePicker, Form, Input, Select } from "antd";
import dayjs from "dayjs";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  approveMetricDraft,
  checkMetric,
  discardMetricDraft,
  rejectMetricDraft,
  saveMetric,
  submitMetricDraft,
  tryMetricDraft,
  withdrawMetricDraft,
} from "@/api/sdk.gen";
import type { Metric, MetricDraftShown, MetricPlan, MetricShown, MetricTried } from "@/api/types.gen";
import { useKeys } from "@/keys/use-keys";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { DraftActs } from "@/parts/draft-acts";
import { DraftApproval, DraftStepLine } from "@/parts/draft-approval";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { ToneTag } from "@/parts/status-tag";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { FormulaSentence, FormulaText } from "./formula";
import { dayBefore, figure, titleOf, useCodes } from "./model";
import { Differences } from "./versions";

const WAIT_MS = 700;
const UNITS = ["fen", "thousandths", "orders", "units", "minutes", "days", "customers"] as const;
const OWNERS = ["finance", "operator", "service", "policy", "legal", "steward"] as const;

/** What the hub says of the formula, a moment after the last key. */
function useTried(metric: Metric, draft: MetricDraftShown, isOpen: boolean) {
  const now = JSON.stringify(metric);
  const [asked, setAsked] = useState(now);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(now), WAIT_MS);
    return () => clearTimeout(timer);
  }, [now]);
  const read = useQuery({
    queryKey: ["metricTried", isOpen ? asked : draft.digest],
    queryFn: async ({ signal }) => {
      // Who approves it sees what was submitted tried; who writes it, what is being written.
      if (!isOpen) return (await tryMetricDraft({ path: { draft_id: draft.id }, signal })).data;
      const told = JSON.parse(asked) as Metric;
      const by = told.dimensions?.[0]?.name;
      return (await checkMetric({ body: { metric: told, by: by ? [by] : [] }, signal })).data;
    },
    placeholderData: (before) => before,
    staleTime: 60_000,
    retry: false,
  });
  return {
    tried: read.data,
    error: read.error,
    isBehind: asked !== now || read.isPlaceholderData || read.isLoading,
  };
}

interface Props {
  draft: MetricDraftShown;
  /** What holds now, where something does. */
  shown: MetricShown | undefined;
  onDraft: (draft: MetricDraftShown) => void;
}

/** A draft: the formula and what it is to be, what it comes to beside the one in force; its road. */
export function DraftPage({ draft, shown, onDraft }: Props) {
  const { t } = useTranslation(["metrics", "common"]);
  const notice = useNotice();
  const ask = useConfirm();
  const mayWrite = useMay("metric.write");
  const [plan, setPlan] = useState<MetricPlan>(draft.plan);
  const [base, setBase] = useState(draft);
  const isOpen = draft.state === "draft" && mayWrite;
  const isDirty = useMemo(() => JSON.stringify(plan) !== JSON.stringify(base.plan), [plan, base]);
  useUnsaved(isDirty && isOpen);
  const { tried, error, isBehind } = useTried(plan.metric, draft, isOpen);
  const findings = tried?.findings ?? [];
  const path = { draft_id: draft.id };
  const keep = (saved: MetricDraftShown) => {
    setBase(saved);
    setPlan(saved.plan);
    onDraft(saved);
    void queries.invalidateQueries();
  };
  const put = async () =>
    isDirty ? (await saveMetric({ path, body: { revision: base.revision, plan } })).data : base;
  const save = async () => {
    const saved = await put();
    keep(saved);
    notice.done(t("saved", { revision: saved.revision }));
  };
  const submit = async () => {
    const { revision } = await put();
    keep((await submitMetricDraft({ path, body: { revision } })).data);
    notice.done(t("sent"));
  };
  const withdraw = async () => keep((await withdrawMetricDraft({ path })).data);
  async function discard() {
    if (!(await ask({ title: t("discardAsk"), act: t("discardIt"), isDanger: true }))) return;
    await discardMetricDraft({ path });
    setBase({ ...base, plan });
    await queries.invalidateQueries();
  }
  useKeys([
    { keys: "ctrl+s", label: t("save"), run: () => void (isOpen && isDirty && save().catch(notice.failed)) },
  ]);
  const why = isBehind ? t("checking") : findings.length > 0 ? t("unsound", { count: findings.length }) : "";
  return (
    <Card
      title={t("draftOf", { metric: titleOf(plan.metric.title, plan.metric.code) })}
      extra={<ToneTag tone="pend">{t(`states.${draft.state as "draft"}`)}</ToneTag>}
    >
      <DraftActs
        note={isDirty ? t("unsaved") : t("edited", { who: base.edited_by, revision: base.revision })}
        state={draft.state}
        mayWrite={mayWrite}
        isDirty={isDirty}
        why={why}
        words={{ discard: t("discard"), save: t("save"), submit: t("submit"), withdraw: t("withdraw") }}
        acts={{ discard, save, submit, withdraw }}
        onFailed={notice.failed}
      />
      {draft.state === "submitted" && <Approval draft={draft} onDone={keep} />}
      {draft.steps.length > 0 && (
        <ol className="metric-road" aria-label={t("road")}>
          {draft.steps.map((step, at) => (
            <DraftStepLine key={at} step={step} word={t(`steps.${step.act as "submitted"}`)} />
          ))}
        </ol>
      )}
      <div className="metric-draft">
        <PlanForm plan={plan} isOpen={isOpen} onPlan={setPlan} />
        <div>
          {error && <ProblemNote problem={asProblem(error)} />}
          <Tried tried={tried} metric={plan.metric} shown={shown} isBehind={isBehind} />
        </div>
      </div>
    </Card>
  );
}

interface FormProps {
  plan: MetricPlan;
  isOpen: boolean;
  onPlan: (plan: MetricPlan) => void;
}

/** What a draft says, to be written. */
function PlanForm({ plan, isOpen, onPlan }: FormProps) {
  const { t } = useTranslation("metrics");
  const codes = useCodes();
  const { metric } = plan;
  const set = (changes: Partial<Metric>) => onPlan({ ...plan, metric: { ...metric, ...changes } });
  return (
    <Form layout="vertical" disabled={!isOpen} className="metric-form">
      <Form.Item label={t("titleZh")} htmlFor="metric-zh">
        <Input id="metric-zh" maxLength={60} value={metric.title.zh} onChange={(event) => set({ title: { ...metric.title, zh: event.target.value } })} />
      </Form.Item>
      <Form.Item label={t("titleEn")} htmlFor="metric-en">
        <Input id="metric-en" maxLength={60} value={metric.title.en} onChange={(event) => set({ title: { ...metric.title, en: event.target.value } })} />
      </Form.Item>
      <Form.Item label={t("formula")} htmlFor="metric-expression" className="metric-wide">
        <Input.TextArea id="metric-expression" className="mono" rows={4} maxLength={2000} value={metric.expression} onChange={(event) => set({ expression: event.target.value })} />
      </Form.Item>
      <Form.Item label={t("onlyRows")} htmlFor="metric-filter" className="metric-wide">
        <Input.TextArea id="metric-filter" className="mono" rows={2} maxLength={2000} value={metric.filter} onChange={(event) => set({ filter: event.target.value })} />
      </Form.Item>
      <Form.Item label={t("unit")} htmlFor="metric-unit">
        <Select id="metric-unit" value={metric.unit} options={UNITS.map((one) => ({ value: one, label: codes.unit(one) }))} onChange={(unit) => set({ unit })} />
      </Form.Item>
      <Form.Item label={t("owner")} htmlFor="metric-owner">
        <Select id="metric-owner" value={metric.owner} options={OWNERS.map((one) => ({ value: one, label: codes.owner(one) }))} onChange={(owner) => set({ owner })} />
      </Form.Item>
      <Form.Item label={t("rule")} htmlFor="metric-rule">
        <Input id="metric-rule" maxLength={60} value={metric.rule?.source} onChange={(event) => set({ rule: { ...metric.rule, source: event.target.value } })} />
      </Form.Item>
      <Form.Item label={t("clause")} htmlFor="metric-clause">
        <Input id="metric-clause" maxLength={60} value={metric.rule?.clause} onChange={(event) => set({ rule: { ...metric.rule, clause: event.target.value } })} />
      </Form.Item>
      <Form.Item label={t("effective")} htmlFor="metric-effective" help={t("effectiveNote")} className="metric-wide">
        <DatePicker id="metric-effective" placeholder={t("effective")} minDate={dayjs(dayBefore(0))} value={plan.effective ? dayjs(plan.effective) : null} onChange={(value) => onPlan({ ...plan, effective: value ? value.format("YYYY-MM-DD") : "" })} />
      </Form.Item>
    </Form>
  );
}

interface TriedProps {
  tried: MetricTried | undefined;
  metric: Metric;
  shown: MetricShown | undefined;
  isBehind: boolean;
}

/** What stands in the way of a formula, or what it comes to beside the one in force. */
function Tried({ tried, metric, shown, isBehind }: TriedProps) {
  const { t } = useTranslation("metrics");
  if (!tried) return <p className="note">{t("checking")}</p>;
  return (
    <section className="metric-tried" aria-label={t("tried")} aria-busy={isBehind}>
      <FormulaText text={metric.expression} columns={shown?.columns ?? {}} findings={tried.findings.filter((one) => (one.field ?? "expression") === "expression")} />
      {tried.findings.map((one, at) => (
        <p key={at} role="alert" className="metric-finding">
          <ToneTag tone="broken">{t(`fields.${(one.field ?? "expression").split("/")[0] ?? ""}`, { defaultValue: one.field })}</ToneTag>{" "}
          {t(`findings.${one.code}`, { value: one.value, defaultValue: one.detail || one.code })}
        </p>
      ))}
      {tried.findings.length === 0 && (
        <>
          <FormulaSentence said={tried.said} filter={tried.said_filter} />
          <p className="metric-total">
            <b>{figure(metric.code, metric.unit ?? "", tried.total)}</b>
            <span className="note">{t("lastDays", { count: 30 })}</span>
          </p>
          {tried.difference && <Differences differing={tried.difference} metric={metric} />}
        </>
      )}
    </section>
  );
}

/** What waits for a second person. */
function Approval({ draft, onDone }: { draft: MetricDraftShown; onDone: Props["onDraft"] }) {
  const { t } = useTranslation("metrics");
  const notice = useNotice();
  const mayApprove = useMay("metric.approve");
  const path = { draft_id: draft.id };
  return (
    <DraftApproval
      draft={draft}
      mayApprove={mayApprove}
      words={{
        waits: draft.approvers.length > 0 ? t("waits", { people: draft.approvers.join(t("comma")) }) : t("nobody"),
        mine: t("mine"),
        approve: t("approve"),
        reject: t("reject"),
        ask: { title: t("approveAsk"), text: t("approveEffect"), act: t("approveIt") },
        back: { title: t("rejectAsk"), act: t("reject"), reason: t("reason") },
      }}
      onApprove={async () => {
        onDone((await approveMetricDraft({ path, body: { digest: draft.digest } })).data);
        notice.done(t("publishedIt"));
      }}
      onReject={async (reason) => onDone((await rejectMetricDraft({ path, body: { reason } })).data)}
    />
  );
}
