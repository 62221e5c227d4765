import { useMutation } from "@tanstack/react-query";
import { Checkbox, Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { RightEntry, RightItem } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { BASES, KEY, RIGHTS, SOURCES } from "./model";

interface Props {
  asset: string;
  right: RightItem | undefined;
  onClose: () => void;
}

interface Fields extends Pick<RightEntry, "source" | "basis" | "holder" | "rights" | "limits"> {
  contracts: string;
  evidence: string;
  until: string;
}

const words = (text: string) => text.split(/[\s,，、]+/).filter(Boolean);

/** 登记权属: the next version of an asset's entry in the register. */
export function RightForm({ asset, right, onClose }: Props) {
  const { t } = useTranslation(["assetValue", "common"]);
  const notice = useNotice();
  const [form] = Form.useForm<Fields>();
  const entry = right?.entry;
  const save = useMutation({
    mutationFn: (told: Fields) =>
      ask<RightItem>(`/v1/rights-register/${asset}`, {
        method: "PUT",
        json: {
          entry: {
            source: told.source,
            basis: told.basis,
            holder: told.holder.trim(),
            rights: told.rights ?? [],
            limits: told.limits ?? "",
            contracts: words(told.contracts ?? ""),
            evidence: words(told.evidence ?? ""),
            until: told.until || null,
          },
          seen: right?.version ?? 0,
        },
      }),
    onSuccess: async () => {
      notice.done(t("registered"));
      await queries.invalidateQueries({ queryKey: KEY });
      onClose();
    },
  });
  const needed = [{ required: true, message: t("needed") }];
  return (
    <Modal
      open
      title={t("registerRight")}
      okText={t("registerRight")}
      cancelText={t("common:acts.back")}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="note">{t("registerNote")}</p>
      {save.error && <ProblemNote problem={asProblem(save.error)} />}
      <Form<Fields>
        form={form}
        name="right"
        layout="vertical"
        requiredMark={false}
        initialValues={{
          source: entry?.source ?? "own",
          basis: entry?.basis ?? "operation",
          holder: entry?.holder ?? "",
          rights: entry?.rights ?? [],
          limits: entry?.limits ?? "",
          contracts: (entry?.contracts ?? []).join("、"),
          evidence: (entry?.evidence ?? []).join("\n"),
          until: entry?.until ?? "",
        }}
        onFinish={(told) => save.mutate(told)}
      >
        <Form.Item name="source" label={t("right.source")} rules={needed}>
          <Select options={SOURCES.map((one) => ({ value: one, label: t(`sources.${one}`) }))} />
        </Form.Item>
        <Form.Item name="basis" label={t("right.basis")} rules={needed}>
          <Select options={BASES.map((one) => ({ value: one, label: t(`bases.${one}`) }))} />
        </Form.Item>
        <Form.Item name="holder" label={t("right.holder")} rules={needed}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="rights" label={t("right.rights")}>
          <Checkbox.Group options={RIGHTS.map((one) => ({ value: one, label: t(`rights.${one}`) }))} />
        </Form.Item>
        <Form.Item name="limits" label={t("right.limits")}>
          <Input.TextArea rows={2} maxLength={2_000} />
        </Form.Item>
        <Form.Item name="contracts" label={t("right.contracts")}>
          <Input />
        </Form.Item>
        <Form.Item name="evidence" label={t("right.evidence")}>
          <Input.TextArea rows={2} placeholder={t("digestHint")} />
        </Form.Item>
        <Form.Item name="until" label={t("right.until")}>
          <Input type="date" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
