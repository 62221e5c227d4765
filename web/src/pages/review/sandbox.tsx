import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Agreement, CounterShown, Sandbox, SandboxLimits } from "@/api/types.gen";
import { ask } from "@/client";
import { count, dated, decimal } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { useCounterName } from "./counters";
import { REVIEW_KEY, useSandbox } from "./use-review";
import "./review.css";

const USUAL: SandboxLimits = {
  modality: "",
  version: 0,
  in_a_row: 500,
  error_ppm: 6_000,
  confidence: 900,
  amount_fen: 500_000,
  sample: 20,
  second: 50,
};

/** 沙箱进度: who runs by itself, who is on the way, and what is demanded. */
export default function SandboxPage() {
  const { t } = useTranslation("review");
  const { data, error, isLoading, refetch } = useSandbox();
  const mayWrite = useMay("sandbox.write");
  const mayExport = useMay("training.read");
  const auto = data?.counters.filter((one) => one.stage === "auto").length ?? 0;
  return (
    <>
      <PageHead
        back="/review"
        fact={data && t("sandboxFact", { n: count(data.counters.length), auto: count(auto) })}
        actions={
          mayExport && (
            <a href="/v1/training-rows" download>
              <Button>{t("export")}</Button>
            </a>
          )
        }
      />
      {error ? (
        <ProblemNote problem={asProblem(error)} onRetry={() => void refetch()} />
      ) : isLoading || !data ? (
        <Skeleton kind="page" />
      ) : (
        <div className="review-sandbox">
          <CountersCard data={data} mayWrite={mayWrite} />
          {mayWrite && <LimitsCard data={data} />}
          <AgreementCard agreement={data.agreement} />
        </div>
      )}
    </>
  );
}

function CountersCard({ data, mayWrite }: { data: Sandbox; mayWrite: boolean }) {
  const { t } = useTranslation("review");
  const nameOf = useCounterName();
  const [resetting, open] = useState<CounterShown | null>(null);
  const columns: SmallColumn<CounterShown>[] = [
    { key: "name", title: t("columns.counter"), render: (one) => <b>{nameOf(one)}</b> },
    {
      key: "stage",
      title: t("columns.stage"),
      render: (one) =>
        one.stage === "auto" ? (
          <ToneTag tone="kept">{t("isAuto", { share: one.sample / 10 })}</ToneTag>
        ) : (
          <ToneTag tone="pend">{t("inReview")}</ToneTag>
        ),
    },
    {
      key: "accepted",
      title: t("columns.accepted"),
      isNumber: true,
      render: (one) => t("progress", { n: count(one.accepted), of: count(one.needed) }),
    },
    {
      key: "bound",
      title: t("columns.bound"),
      isNumber: true,
      render: (one) =>
        t("bound", { bound: decimal(one.bound_ppm / 10_000, 2), limit: decimal(one.error_ppm / 10_000, 2) }),
    },
    {
      key: "reviewed",
      title: t("columns.reviewed"),
      isNumber: true,
      render: (one) => t("reviewed", { n: count(one.reviewed), wrong: count(one.corrected) }),
    },
    {
      key: "why",
      title: t("columns.reset"),
      render: (one) =>
        one.why
          ? `${t(`resets.${one.why}`, { defaultValue: one.why })} · ${dated(one.since)}`
          : t("never"),
    },
    {
      key: "model",
      title: t("columns.model"),
      render: (one) => <code>{one.models.map((each) => each.slice(0, 8)).join(" ") || "—"}</code>,
    },
    ...(mayWrite
      ? [
          {
            key: "act",
            title: t("columns.act"),
            render: (one: CounterShown) => (
              <Button size="small" disabled={one.accepted === 0} onClick={() => open(one)}>
                {t("reset")}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <Card title={t("counters")} note={t("countersNote")} isFlush>
      <SmallTable
        caption={t("counters")}
        columns={columns}
        rows={data.counters}
        keyOf={(one) => one.key}
        empty={t("noCounters")}
      />
      {resetting && (
        <Reset counter={resetting} name={nameOf(resetting)} onClose={() => open(null)} />
      )}
    </Card>
  );
}

function Reset({ counter, name, onClose }: { counter: CounterShown; name: string; onClose: () => void }) {
  const { t } = useTranslation("review");
  const queries = useQueryClient();
  const { done, failed } = useNotice();
  const [note, say] = useState("");
  const reset = useMutation({
    mutationFn: () =>
      ask<Sandbox>(`/v1/sandbox/${counter.key}/reset`, { method: "POST", json: { note: note.trim() } }),
    onSuccess: async () => {
      done(t("resetDone", { name }));
      onClose();
      await queries.invalidateQueries({ queryKey: REVIEW_KEY });
    },
    onError: failed,
  });
  return (
    <Modal
      open
      width={416}
      title={t("resetTitle", { name })}
      okText={t("reset")}
      cancelText={t("back")}
      okButtonProps={{ danger: true, disabled: note.trim() === "", loading: reset.isPending }}
      onOk={() => reset.mutate()}
      onCancel={onClose}
    >
      <p>{t("resetNote", { n: count(counter.accepted) })}</p>
      <Input
        autoFocus
        aria-label={t("reason")}
        placeholder={t("reason")}
        maxLength={500}
        value={note}
        onChange={(event) => say(event.target.value)}
        onPressEnter={() => note.trim() && reset.mutate()}
      />
    </Modal>
  );
}

interface Filled {
  in_a_row: number;
  error_percent: number;
  confidence_percent: number;
  amount_yuan: number;
  sample_percent: number;
  second_percent: number;
}

const FIELDS = [
  ["in_a_row", 500, 100_000, 0],
  ["error_percent", 0.01, 5, 2],
  ["confidence_percent", 0, 100, 1],
  ["amount_yuan", 0, 10_000_000, 2],
  ["sample_percent", 0.1, 100, 1],
  ["second_percent", 0, 100, 1],
] as const;

/** What is demanded of all, or of one modality apart. */
function LimitsCard({ data }: { data: Sandbox }) {
  const { t } = useTranslation("review");
  const [modality, choose] = useState("");
  const known = [...new Set(["", ...data.counters.map((one) => one.modality), ...data.settings.map((one) => one.modality ?? "")])];
  const all = data.settings.find((one) => !one.modality) ?? USUAL;
  const own = data.settings.find((one) => one.modality === modality);
  const held: SandboxLimits = own ?? { ...all, modality, version: 0 };
  return (
    <Card
      title={t("limits")}
      note={t(own || modality === "" ? "limitsNote" : "limitsInherit")}
      extra={
        <Select
          aria-label={t("modality")}
          value={modality}
          popupMatchSelectWidth={false}
          options={known.map((one) => ({
            value: one,
            label: one ? t(`modalities.${one}`, { defaultValue: one }) : t("allModalities"),
          }))}
          onChange={choose}
        />
      }
    >
      <LimitsForm key={`${modality} ${held.version}`} held={held} />
    </Card>
  );
}

function LimitsForm({ held }: { held: SandboxLimits }) {
  const { t } = useTranslation("review");
  const queries = useQueryClient();
  const { done, failed } = useNotice();
  const save = useMutation({
    mutationFn: (filled: Filled) =>
      ask<Sandbox>("/v1/sandbox/settings", {
        method: "PUT",
        json: {
          modality: held.modality,
          version: held.version,
          in_a_row: filled.in_a_row,
          error_ppm: Math.round(filled.error_percent * 10_000),
          confidence: Math.round(filled.confidence_percent * 10),
          amount_fen: Math.round(filled.amount_yuan * 100),
          sample: Math.round(filled.sample_percent * 10),
          second: Math.round(filled.second_percent * 10),
        },
      }),
    onSuccess: async () => {
      done(t("limitsSaved"));
      await queries.invalidateQueries({ queryKey: REVIEW_KEY });
    },
    onError: failed,
  });
  const filled: Filled = {
    in_a_row: held.in_a_row ?? 500,
    error_percent: (held.error_ppm ?? 6_000) / 10_000,
    confidence_percent: (held.confidence ?? 900) / 10,
    amount_yuan: (held.amount_fen ?? 500_000) / 100,
    sample_percent: (held.sample ?? 20) / 10,
    second_percent: (held.second ?? 50) / 10,
  };
  return (
    <Form<Filled> layout="vertical" initialValues={filled} onFinish={(told) => save.mutate(told)}>
      <div className="review-limits">
        {FIELDS.map(([name, min, max, precision]) => (
          <Form.Item
            key={name}
            name={name}
            label={t(`limit.${name}`)}
            extra={t(`limitNotes.${name}`)}
            rules={[{ required: true, message: t("needed") }]}
          >
            <InputNumber<number> min={min} max={max} precision={precision} className="settings-number" />
          </Form.Item>
        ))}
      </div>
      <Button type="primary" htmlType="submit" loading={save.isPending}>
        {t("saveLimits")}
      </Button>
    </Form>
  );
}

/** 复核一致性: what a reviewer's word is worth. */
function AgreementCard({ agreement }: { agreement: readonly Agreement[] }) {
  const { t } = useTranslation("review");
  const columns: SmallColumn<Agreement>[] = [
    {
      key: "field",
      title: t("columns.field"),
      render: (one) => {
        const last = one.field.split("/").at(-1) ?? one.field;
        return t(`names.${last}`, { defaultValue: one.field });
      },
    },
    { key: "both", title: t("columns.both"), isNumber: true, render: (one) => count(one.both) },
    { key: "share", title: t("columns.share"), isNumber: true, render: (one) => `${decimal(one.share / 10, 1)}%` },
    {
      key: "kappa",
      title: t("columns.kappa"),
      isNumber: true,
      render: (one) => (one.kappa === null ? t("noKappa") : decimal(one.kappa / 1000, 2)),
    },
  ];
  return (
    <Card title={t("agreement")} note={t("agreementNote")} isFlush>
      <SmallTable
        caption={t("agreement")}
        columns={columns}
        rows={agreement}
        keyOf={(one) => one.field}
        empty={t("noAgreement")}
      />
      <p className="note review-note">
        <Link to="/review">{t("toQueue")}</Link>
      </p>
    </Card>
  );
}
