import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Dictionary, DictionaryField } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { HERE, KEY, PATH, type Rule, rulesOf } from "./model";

/** Every field of master data: whose word holds, and by which rule. */
export function Fields({ read }: { read: Dictionary }) {
  const { t } = useTranslation("dictionary");
  const mayWrite = useMay("master.write");
  const [edited, edit] = useState<DictionaryField | null>(null);
  const titleOf = useTitle(read);
  const kinds = [...new Set(read.fields.map((one) => one.kind))];
  const columns: SmallColumn<DictionaryField>[] = [
    { key: "field", title: t("columns.field"), render: (one) => byLocale(one.zh, one.en) },
    {
      key: "source",
      title: t("columns.authority"),
      render: (one) => (one.source ? titleOf(one.source) : t("nobody")),
    },
    { key: "rule", title: t("columns.rule"), render: (one) => (one.rule ? t(`rules.${one.rule}`) : "—") },
    {
      key: "act",
      title: t("columns.act"),
      render: (one) =>
        mayWrite && (
          <Button size="small" onClick={() => edit(one)}>
            {t("set")}
            <span className="visually-hidden">{byLocale(one.zh, one.en)}</span>
          </Button>
        ),
    },
  ];
  return (
    <div className="dictionary-kinds">
      {kinds.map((kind) => {
        const fields = read.fields.filter((one) => one.kind === kind);
        const name = byLocale(fields[0]?.kind_zh ?? kind, fields[0]?.kind_en ?? kind);
        return (
          <Card key={kind} title={name}>
            <SmallTable
              caption={name}
              columns={columns}
              rows={fields}
              keyOf={(one) => one.field}
              empty=""
            />
          </Card>
        );
      })}
      {edited && <Authority field={edited} read={read} onClose={() => edit(null)} />}
    </div>
  );
}

function useTitle(read: Dictionary): (source: string) => string {
  const { t } = useTranslation("dictionary");
  const titles = new Map(read.sources.map((one) => [one.source, one.title]));
  return (source) => (source === HERE ? t("here") : titles.get(source) || source.toUpperCase());
}

function Authority(props: { field: DictionaryField; read: Dictionary; onClose: () => void }) {
  const { field, read, onClose } = props;
  const { t } = useTranslation(["dictionary", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const titleOf = useTitle(read);
  const name = `${byLocale(field.kind_zh, field.kind_en)} · ${byLocale(field.zh, field.en)}`;
  const [form] = Form.useForm<{ source: string; rule: Rule }>();
  const keep = useMutation({
    mutationFn: (given: { source: string; rule: Rule } | null) =>
      ask(`${PATH}/${field.kind}/${field.field}`, given ? { method: "PUT", json: given } : { method: "DELETE" }),
    onSuccess: (_, given) => {
      void queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(given ? "authoritySet" : "authorityGone", { name }));
      onClose();
    },
  });
  return (
    <Modal
      open
      width={416}
      title={t("setOf", { name })}
      onCancel={onClose}
      footer={[
        field.source && (
          <Button key="drop" danger loading={keep.isPending} onClick={() => keep.mutate(null)}>
            {t("drop")}
          </Button>
        ),
        <Button key="back" onClick={onClose}>
          {t("common:acts.back")}
        </Button>,
        <Button key="keep" type="primary" loading={keep.isPending} onClick={() => form.submit()}>
          {t("keep")}
        </Button>,
      ]}
    >
      {keep.error && <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />}
      <p className="note">{t("setNote")}</p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ source: field.source || HERE, rule: field.rule || "authority" }}
        onFinish={(given) => keep.mutate(given)}
      >
        <Form.Item name="source" label={t("columns.authority")}>
          <Select options={read.sources.map((one) => ({ value: one.source, label: titleOf(one.source) }))} />
        </Form.Item>
        <Form.Item name="rule" label={t("columns.rule")}>
          <Select options={rulesOf(field).map((rule) => ({ value: rule, label: t(`rules.${rule}`) }))} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
