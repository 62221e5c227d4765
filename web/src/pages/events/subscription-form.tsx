import { MinusCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Modal, Select, Switch } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { MadeSubscription, SubscriptionView } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { type Line, readFilters, SUBSCRIPTIONS, useEventTypes, writeFilters } from "./model";

interface Props {
  /** The subscription to change, null for a new one. */
  found: SubscriptionView | null;
  onClose: () => void;
  onMade: (secret: string, url: string) => void;
}

interface Fields {
  name: string;
  url: string;
  types: string[];
  lines: Line[];
  mode: "structured" | "binary" | "batch";
  batch: number;
  width: number;
  timeout_s: number;
  secret: string;
  verify: boolean;
}

const NEW_LINE: Line = { dialect: "exact", path: "data.channel", text: "", not: false };
const DIALECTS = ["exact", "prefix", "suffix"] as const;
const MODES = ["structured", "binary", "batch"] as const;

/** Adds a subscription, or changes one; a secret left empty is made, or stays as it is. */
export function SubscriptionForm({ found, onClose, onMade }: Props) {
  const { t } = useTranslation(["events", "common"]);
  const [form] = Form.useForm<Fields>();
  const words = useProblemWords();
  const mode = Form.useWatch("mode", form) ?? found?.mode ?? "structured";
  const known = useMemo(() => (found ? readFilters(found.filters) : []), [found]);
  const options = useTypeOptions();
  const keep = useKeep(found, known === null, onClose, onMade);
  return (
    <Modal
      open
      width={600}
      title={found ? t("form.editOf", { name: found.name }) : t("add")}
      okText={t(found ? "form.keep" : "add")}
      cancelText={t("common:acts.back")}
      confirmLoading={keep.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          name: found?.name ?? "",
          url: found?.url ?? "",
          types: found ? [...found.types] : [],
          lines: known ?? [],
          mode: found?.mode ?? "structured",
          batch: found?.batch ?? 100,
          width: found?.width ?? 4,
          timeout_s: found?.timeout_s ?? 10,
          secret: "",
          verify: false,
        }}
        onFinish={(given) => keep.mutate(given)}
      >
        {keep.error && (
          <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />
        )}
        <Form.Item
          name="name"
          label={t("form.name")}
          rules={[{ required: true, whitespace: true, message: t("form.nameMissing") }]}
        >
          <Input maxLength={64} autoFocus />
        </Form.Item>
        <Form.Item
          name="url"
          label={t("form.url")}
          extra={t("form.urlNote")}
          rules={[{ required: true, message: t("form.urlMissing") }]}
        >
          <Input spellCheck={false} autoComplete="off" maxLength={1000} placeholder="https://" />
        </Form.Item>
        <Form.Item
          name="types"
          label={t("form.types")}
          rules={[{ required: true, message: t("form.typesMissing") }]}
        >
          <Select
            mode="multiple"
            options={options}
            maxTagCount="responsive"
            placeholder={t("form.typesHint")}
            showSearch={{ optionFilterProp: "label" }}
          />
        </Form.Item>
        {known === null ? (
          <p className="note">{t("form.filtersKept")}</p>
        ) : (
          <FilterLines />
        )}
        <Form.Item name="mode" label={t("form.mode")} extra={t(`form.modeNotes.${mode}`)}>
          <Select options={MODES.map((value) => ({ value, label: t(`modes.${value}`) }))} />
        </Form.Item>
        <div className="events-numbers">
          <Form.Item name="batch" label={t("form.batch")} hidden={mode !== "batch"}>
            <InputNumber min={1} max={1000} precision={0} />
          </Form.Item>
          <Form.Item name="width" label={t("form.width")} hidden={mode === "batch"}>
            <InputNumber min={1} max={16} precision={0} />
          </Form.Item>
          <Form.Item name="timeout_s" label={t("form.timeout")}>
            <InputNumber min={1} max={30} precision={0} />
          </Form.Item>
        </div>
        <Form.Item
          name="secret"
          label={t("form.secret")}
          extra={t(found ? "form.secretKept" : "form.secretMade")}
        >
          <Input.Password autoComplete="new-password" maxLength={500} />
        </Form.Item>
        <Form.Item
          name="verify"
          label={t("form.verify")}
          extra={t("form.verifyNote")}
          valuePropName="checked"
        >
          <Switch />
        </Form.Item>
      </Form>
    </Modal>
  );
}

function useKeep(
  found: SubscriptionView | null,
  keepsFilters: boolean,
  onClose: () => void,
  onMade: (secret: string, url: string) => void,
) {
  const { t } = useTranslation("events");
  const notice = useNotice();
  const proven = useProven();
  return useMutation({
    mutationFn: async ({ lines, ...given }: Fields) => {
      const filters = keepsFilters && found ? found.filters : writeFilters(lines ?? []);
      const json = { ...given, filters };
      const path = found ? `${SUBSCRIPTIONS}/${found.id}` : SUBSCRIPTIONS;
      return proven(() =>
        ask<MadeSubscription | SubscriptionView>(path, { method: found ? "PUT" : "POST", json }),
      );
    },
    onSuccess: async (kept, given) => {
      if (!kept) return;
      await queries.invalidateQueries({ queryKey: [SUBSCRIPTIONS] });
      if ("secret" in kept && !given.secret) onMade(kept.secret, given.url);
      else {
        notice.done(t("form.kept", { name: given.name }));
        onClose();
      }
    },
  });
}

/** Rows of filters, all of which must fit. */
function FilterLines() {
  const { t } = useTranslation("events");
  return (
    <Form.List name="lines">
      {(rows, { add, remove }) => (
        <fieldset className="events-lines">
          <legend>{t("form.filters")}</legend>
          {rows.map(({ key, name }) => (
            <div key={key} className="events-line">
              <Form.Item name={[name, "path"]} noStyle rules={[{ required: true }]}>
                <Input aria-label={t("form.path")} spellCheck={false} />
              </Form.Item>
              <Form.Item name={[name, "not"]} noStyle>
                <Select
                  aria-label={t("form.not")}
                  options={[
                    { value: false, label: t("form.is") },
                    { value: true, label: t("form.isNot") },
                  ]}
                />
              </Form.Item>
              <Form.Item name={[name, "dialect"]} noStyle>
                <Select
                  aria-label={t("form.dialect")}
                  options={DIALECTS.map((value) => ({ value, label: t(`form.dialects.${value}`) }))}
                />
              </Form.Item>
              <Form.Item name={[name, "text"]} noStyle rules={[{ required: true }]}>
                <Input aria-label={t("form.text")} maxLength={256} />
              </Form.Item>
              <Button
                type="text"
                icon={<MinusCircleOutlined />}
                aria-label={t("form.dropLine")}
                onClick={() => remove(name)}
              />
            </div>
          ))}
          <Button size="small" icon={<PlusOutlined />} onClick={() => add(NEW_LINE)}>
            {t("form.addLine")}
          </Button>
        </fieldset>
      )}
    </Form.List>
  );
}

/** The published types by topic, in the person's words; each family can be taken whole. */
function useTypeOptions() {
  const { t } = useTranslation("events");
  const { items, title } = useEventTypes();
  return useMemo(() => {
    const topics = new Map<string, { value: string; label: string }[]>();
    for (const one of items) {
      const rows = topics.get(one.topic) ?? [];
      if (!rows.length) topics.set(one.topic, rows);
      const family = `danshu.${one.name.split(".")[1] ?? ""}.*`;
      if (!rows.some((row) => row.value === family)) {
        rows.push({ value: family, label: t("form.family", { name: family }) });
      }
      rows.push({ value: one.name, label: `${title(one)} · ${one.name}` });
    }
    return [...topics].map(([topic, rows]) => ({
      label: t(`topics.${topic}`, { defaultValue: topic }),
      title: topic,
      options: rows.sort((a, b) => Number(b.value.endsWith("*")) - Number(a.value.endsWith("*"))),
    }));
  }, [items, title, t]);
}
