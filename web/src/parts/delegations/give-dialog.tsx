import { useMutation } from "@tanstack/react-query";
import { Alert, Form, Input, Modal, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DelegationShown } from "@/api/types.gen";
import { ask } from "@/client";
import { dated } from "@/format";
import { useNotice } from "@/parts/notice";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useSession } from "@/session";
import "./delegations.css";
import { actionName, DELEGATIONS_KEY, useActions, useColleagues } from "./delegations";

interface Given {
  action: string;
  to: string;
  days: number | "until";
  until?: string;
  reason: string;
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 30;
const DAYS = [1, 3, 7, 30] as const;
const REASON_CHARS = 200;

/** When a delegation ends, in epoch ms; days count from now, a minute short of the longest. */
function endOf({ days, until }: Pick<Given, "days" | "until">, now: number): number {
  if (days === "until") return new Date(until ?? "").getTime();
  return now + days * DAY_MS - (days === DAYS_MAX ? 60_000 : 0);
}

/** 授权代办: an action that I may do, to a colleague, until a time, with the reason. */
export default function GiveDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["delegations", "common"]);
  const { person } = useSession();
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const actions = useActions();
  const people = useColleagues();
  const [form] = Form.useForm<Given>();
  const [opened] = useState(() => Date.now());
  const days = Form.useWatch("days", form) ?? 1;
  const until = Form.useWatch("until", form);
  const code = Form.useWatch("action", form);
  const chosen = actions.data?.find((one) => one.code === code);
  const give = useMutation({
    mutationFn: ({ action, to, reason, ...when }: Given) =>
      proven(() =>
        ask<DelegationShown>("/v1/delegations", {
          method: "POST",
          json: { action, to, reason, ends: new Date(endOf(when, Date.now())).toISOString() },
        }),
      ),
    onSuccess: async (made) => {
      if (!made) return;
      notice.done(t("given"), { to: "/settings/delegations" });
      await queries.invalidateQueries({ queryKey: DELEGATIONS_KEY });
      onClose();
    },
  });
  const own = actions.data?.filter(
    (one) => one.active && one.roles.some((role) => person.roles.includes(role)),
  );
  const failed = actions.error ?? people.error;
  const end = endOf({ days, ...(until ? { until } : {}) }, opened);
  return (
    <Modal
      open
      title={t("give")}
      okText={chosen ? t("giveThis", { action: actionName(chosen) }) : t("give")}
      okButtonProps={{ disabled: own?.length === 0 }}
      cancelText={t("common:acts.back")}
      confirmLoading={give.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note delegation-legal">{t("legal")}</p>
      {failed && <ProblemNote problem={asProblem(failed)} />}
      {give.error && <Alert type="error" showIcon role="alert" title={words(asProblem(give.error))} />}
      {own?.length === 0 && <Alert type="warning" showIcon title={t("nothingToLend")} />}
      <Form<Given>
        form={form}
        name="delegation"
        layout="vertical"
        requiredMark={false}
        initialValues={{ days: 1, reason: "" }}
        onFinish={(given) => give.mutate({ ...given, reason: given.reason.trim() })}
      >
        <Form.Item
          name="action"
          label={t("columns.action")}
          extra={chosen ? t(`grades.${chosen.grade}`, { defaultValue: "" }) : t("actionHint")}
          rules={[{ required: true, message: t("missing.action") }]}
        >
          <Select
            loading={actions.isLoading}
            options={own?.map((one) => ({ value: one.code, label: actionName(one) })) ?? []}
          />
        </Form.Item>
        <Form.Item
          name="to"
          label={t("columns.to")}
          rules={[{ required: true, message: t("missing.to") }]}
        >
          <Select
            showSearch={{ optionFilterProp: "label" }}
            loading={people.isLoading}
            options={
              people.data
                ?.filter((one) => one.number !== person.number)
                .map((one) => ({ value: one.id, label: one.called })) ?? []
            }
          />
        </Form.Item>
        <Form.Item
          name="days"
          label={t("howLong")}
          extra={Number.isFinite(end) ? t("until", { at: dated(end) }) : undefined}
        >
          <Segmented<Given["days"]>
            block
            options={[
              ...DAYS.map((value) => ({ value, label: t("days", { count: value }) })),
              { value: "until", label: t("pickUntil") },
            ]}
          />
        </Form.Item>
        {days === "until" && (
          <Form.Item
            name="until"
            label={t("columns.ends")}
            rules={[
              { required: true, message: t("missing.ends") },
              {
                validator: (_, value?: string) => {
                  const at = new Date(value ?? "").getTime();
                  const isGood = !value || (at > Date.now() && at <= Date.now() + DAYS_MAX * DAY_MS);
                  return isGood ? Promise.resolve() : Promise.reject(new Error(t("wrongEnds")));
                },
              },
            ]}
          >
            <Input type="datetime-local" />
          </Form.Item>
        )}
        <Form.Item
          name="reason"
          label={t("columns.reason")}
          extra={t("reasonHint")}
          rules={[{ required: true, whitespace: true, message: t("missing.reason") }]}
        >
          <Input maxLength={REASON_CHARS} autoComplete="off" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
