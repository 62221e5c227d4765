import { useMutation } from "@tanstack/react-query";
import { Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { DataGrantGiven, DataGrantShown } from "@/api/types.gen";
import { ask } from "@/client";
import { useColleagues } from "@/parts/delegations/delegations";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { GRANTS_KEY, PURPOSES, useAssetTitles } from "@/parts/protection/protection";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useSession } from "@/session";

type Given = Omit<DataGrantGiven, "until"> & { days: number };

const DAY_MS = 86_400_000;
const DAYS = [1, 7, 30, 90, 365] as const;
const ACTS = ["view", "aggregate", "export", "share"] as const;
const CONDITIONS = ["", "masked", "second_person"] as const;
const ROLES = [
  "service",
  "warehouse",
  "reviewer",
  "policy",
  "legal",
  "finance",
  "steward",
  "planner",
  "sre",
] as const;
const REASON_MAX = 200;

/** 授权: one act on an asset, to a colleague or a role, for a purpose, until a time. */
export default function GiveGrant({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["assetShares", "common"]);
  const { person } = useSession();
  const people = useColleagues();
  const { titles } = useAssetTitles();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const give = useMutation({
    mutationFn: ({ days, ...given }: Given) =>
      ask<DataGrantShown>("/v1/data-grants", {
        method: "POST",
        json: {
          ...given,
          reason: given.reason.trim(),
          until: new Date(Date.now() + days * DAY_MS).toISOString(),
        },
      }),
    onSuccess: async () => {
      notice.done(t("give.done"));
      await queries.invalidateQueries({ queryKey: GRANTS_KEY });
      onClose();
    },
  });
  const holders = [
    {
      label: t("give.roles"),
      options: ROLES.filter((role) => !person.roles.includes(role)).map((role) => ({
        value: `role:${role}`,
        label: t(`common:roles.${role}`),
      })),
    },
    {
      label: t("give.people"),
      options: (people.data ?? [])
        .filter((one) => one.number !== person.number)
        .map((one) => ({ value: `person:${one.id}`, label: one.called })),
    },
  ];
  const needed = [{ required: true, message: t("give.missing") }];
  return (
    <Modal
      open
      title={t("give.act")}
      okText={t("give.act")}
      cancelText={t("common:acts.back")}
      confirmLoading={give.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note">{t("give.note")}</p>
      {give.error && <ProblemNote problem={asProblem(give.error)} />}
      <Form<Given>
        form={form}
        name="data-grant"
        layout="vertical"
        requiredMark={false}
        initialValues={{ act: "view", days: 30, condition: "", reason: "" }}
        onFinish={(given) => give.mutate(given)}
      >
        <Form.Item name="holder" label={t("columns.holder")} rules={needed}>
          <Select showSearch={{ optionFilterProp: "label" }} options={holders} />
        </Form.Item>
        <Form.Item name="asset" label={t("columns.asset")} rules={needed}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            options={[...titles].map(([value, label]) => ({ value, label }))}
          />
        </Form.Item>
        <div className="asset-export-share">
          <Form.Item name="act" label={t("columns.right")}>
            <Select options={ACTS.map((one) => ({ value: one, label: t(`rightsOf.${one}`) }))} />
          </Form.Item>
          <Form.Item name="purpose" label={t("columns.purpose")} rules={needed}>
            <Select options={PURPOSES.map((one) => ({ value: one, label: t(`purposes.${one}`) }))} />
          </Form.Item>
          <Form.Item name="days" label={t("give.howLong")}>
            <Select options={DAYS.map((n) => ({ value: n, label: t("give.days", { count: n }) }))} />
          </Form.Item>
          <Form.Item name="condition" label={t("columns.condition")}>
            <Select
              options={CONDITIONS.map((one) => ({
                value: one,
                label: t(`conditions.${one || "none"}`),
              }))}
            />
          </Form.Item>
        </div>
        <Form.Item
          name="reason"
          label={t("columns.why")}
          rules={[{ required: true, whitespace: true, message: t("ask.noWhy") }]}
        >
          <Input maxLength={REASON_MAX} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
