import { useMutation } from "@tanstack/react-query";
import { Checkbox, Form, Input, Modal, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { AssetExportAsked } from "@/api/types.gen";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { GateAnswer } from "./gate-answer";
import { askExport, EXPORTS_KEY, gateOf, PURPOSES, useGates } from "./protection";
import { ShareFields } from "./share-fields";

interface Props {
  asset: string;
  title: string;
  where?: Readonly<Record<string, string | number>>;
  onClose: () => void;
}

const FILES = ["csv", "xlsx", "parquet"] as const;
const WHY_MAX = 200;

/** What is wanted, what for, for whom: the checkpoint answers while it is being filled in. */
export default function ExportDialog({ asset, title, where, onClose }: Props) {
  const { t, i18n } = useTranslation(["assetShares", "common"]);
  const notice = useNotice();
  const [form] = Form.useForm<AssetExportAsked>();
  const first = useGates(asset, "");
  const purpose = Form.useWatch("purpose", form) ?? first.data?.purpose ?? "";
  const gates = useGates(asset, purpose);
  const act = Form.useWatch("act", form) ?? "export";
  const shape = Form.useWatch("form", form) ?? "cells";
  const known = gates.data ?? (purpose === first.data?.purpose ? first.data : undefined);
  const answer = gateOf(known, act, shape);
  const send = useMutation({
    mutationFn: (wish: AssetExportAsked) =>
      askExport({
        ...wish,
        asset,
        why: wish.why.trim(),
        lang: i18n.language === "en" ? "en" : "zh-CN",
        ...(where ? { where: { ...where } } : {}),
      }),
    onSuccess: async (made) => {
      notice.done(t(made.needs.length ? "ask.waits" : "ask.begun", { title }), {
        to: "/assets/shares",
      });
      await queries.invalidateQueries({ queryKey: EXPORTS_KEY });
      onClose();
    },
  });
  if (!first.data && !first.error) return null;
  return (
    <Modal
      open
      title={t("ask.title", { title })}
      okText={t("ask.act")}
      okButtonProps={{ disabled: answer?.state === "refused" }}
      cancelText={t("common:acts.back")}
      confirmLoading={send.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {first.error && <ProblemNote problem={asProblem(first.error)} />}
      {send.error && <ProblemNote problem={asProblem(send.error)} />}
      <Form<AssetExportAsked>
        form={form}
        name="asset-export"
        layout="vertical"
        requiredMark={false}
        initialValues={{
          act: "export",
          form: "cells",
          file: "csv",
          purpose: first.data?.purpose,
          why: "",
          recipient: "",
          country: "CN",
          basis: "",
          mechanism: "",
          mechanism_no: "",
          generalise: false,
        }}
        onFinish={(wish) => send.mutate(wish)}
      >
        <Form.Item name="act" label={t("columns.act")}>
          <Segmented
            options={(["export", "share"] as const).map((one) => ({
              value: one,
              label: t(`acts.${one}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="form" label={t("ask.form")} extra={t(`forms.${shape}Hint`)}>
          <Segmented
            options={(["cells", "rows"] as const).map((one) => ({
              value: one,
              label: t(`forms.${one}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="purpose" label={t("columns.purpose")}>
          <Select options={PURPOSES.map((one) => ({ value: one, label: t(`purposes.${one}`) }))} />
        </Form.Item>
        <GateAnswer answer={answer} />
        <Form.Item
          name="why"
          label={t("columns.why")}
          rules={[{ required: true, whitespace: true, message: t("ask.noWhy") }]}
        >
          <Input maxLength={WHY_MAX} placeholder={t("ask.whyHint")} />
        </Form.Item>
        {act === "share" && <ShareFields />}
        {act === "export" && shape === "rows" && (
          <Form.Item name="generalise" valuePropName="checked">
            <Checkbox>{t("ask.generalise")}</Checkbox>
          </Form.Item>
        )}
        <Form.Item name="file" label={t("ask.file")}>
          <Segmented options={FILES.map((one) => ({ value: one, label: one.toUpperCase() }))} />
        </Form.Item>
        <p className="note">{t("ask.marked")}</p>
      </Form>
    </Modal>
  );
}
