import { MinusCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Drawer, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { describeAsset } from "@/api/sdk.gen";
import type { CatalogueEntry, CatalogueNote } from "@/api/types.gen";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, nameOf } from "./model";

const WIDTH_PX = 480;
const PURPOSES = ["operations", "service", "supply", "finance", "marketing", "legal"] as const;
const LEVELS = [1, 2, 3, 4, 5] as const;
const DAY_S = 86_400;
const NAME = /^[a-z][a-z0-9-]{1,59}$/;

interface Filled {
  name: string;
  note: Omit<CatalogueNote, "registered"> & { registered?: Record<string, unknown> };
  days?: number;
}

interface Props {
  /** The asset that something is said of; null registers one that is kept elsewhere. */
  entry: CatalogueEntry | null;
  onClose: (name: string) => void;
}

/** 定责与说明, or 登记资产: who answers for it, what it is good for, whether it can be relied on. */
export function Describe({ entry, onClose }: Props) {
  const { t } = useTranslation("assets");
  const notice = useNotice();
  const [form] = Form.useForm<Filled>();
  const isRegistered = entry === null || entry.kind === "registered";
  const save = useMutation({
    mutationFn: async ({ name, note, days }: Filled) => {
      const registered = isRegistered ? { ...note.registered, refresh_s: (days ?? 0) * DAY_S } : undefined;
      const body = { ...note, ...(registered ? { registered } : {}) } as CatalogueNote;
      await describeAsset({ path: { name: entry?.name ?? name }, body });
      return entry?.name ?? name;
    },
    onSuccess: async (name) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(entry ? "saved" : "madeKnown"));
      onClose(name);
    },
  });
  const purposes = PURPOSES.map((value) => ({ value, label: t(`purposes.${value}`) }));
  const levels = LEVELS.map((value) => ({ value, label: t(`levels.${value}`) }));
  const kept = entry?.note.registered;
  const initial = {
    name: entry?.name ?? "",
    note: { ...entry?.note, registered: kept ?? { level: 1, purpose: "operations" } },
    days: kept?.refresh_s ? Math.round(kept.refresh_s / DAY_S) : undefined,
  };
  return (
    <Drawer
      open
      onClose={() => onClose("")}
      size={WIDTH_PX}
      title={entry ? t("describeOf", { name: nameOf(entry.title) }) : t("register")}
      footer={
        <Button type="primary" loading={save.isPending} onClick={() => form.submit()}>
          {t(entry ? "save" : "register")}
        </Button>
      }
    >
      {save.error && <ProblemNote problem={asProblem(save.error)} />}
      <Form form={form} layout="vertical" initialValues={initial} onFinish={(filled: Filled) => save.mutate(filled)}>
        {isRegistered && (
          <>
            {!entry && (
              <Form.Item
                name="name"
                label={t("form.name")}
                help={t("form.nameHelp")}
                rules={[{ required: true, pattern: NAME, message: t("form.nameHelp") }]}
              >
                <Input maxLength={60} />
              </Form.Item>
            )}
            <Form.Item
              name={["note", "registered", "title"]}
              label={t("form.title")}
              rules={[{ required: true, message: t("form.titleMissing") }]}
            >
              <Input maxLength={64} />
            </Form.Item>
            <Form.Item name={["note", "registered", "title_en"]} label={t("form.titleEn")}>
              <Input maxLength={64} />
            </Form.Item>
            <Form.Item name={["note", "registered", "place"]} label={t("form.place")} help={t("form.placeHelp")}>
              <Input maxLength={500} />
            </Form.Item>
            <Form.Item name={["note", "registered", "level"]} label={t("columns.level")}>
              <Select options={levels} />
            </Form.Item>
            <Form.Item name={["note", "registered", "purpose"]} label={t("facts.purpose")}>
              <Select options={purposes} />
            </Form.Item>
            <Form.Item name="days" label={t("form.days")}>
              <InputNumber min={1} max={366} />
            </Form.Item>
            <Form.List name={["note", "registered", "columns"]}>
              {(fields, { add, remove }) => (
                <Form.Item label={t("form.columns")}>
                  {fields.map((field) => (
                    <div key={field.key} className="assets-column">
                      <Form.Item name={[field.name, "name"]} noStyle>
                        <Input aria-label={t("form.column")} placeholder={t("form.column")} maxLength={64} />
                      </Form.Item>
                      <Form.Item name={[field.name, "level"]} noStyle initialValue={1}>
                        <Select aria-label={t("columns.level")} options={levels} />
                      </Form.Item>
                      <Button
                        type="text"
                        icon={<MinusCircleOutlined />}
                        aria-label={t("form.dropColumn")}
                        onClick={() => remove(field.name)}
                      />
                    </div>
                  ))}
                  <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({ name: "", level: 1 })}>
                    {t("form.addColumn")}
                  </Button>
                </Form.Item>
              )}
            </Form.List>
          </>
        )}
        <Form.Item name={["note", "owner"]} label={t("form.owner")} help={t("form.ownerHelp")}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name={["note", "contact"]} label={t("form.contact")}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name={["note", "standing"]} label={t("form.standing")} initialValue="">
          <Select
            options={(["", "certified", "deprecated"] as const).map((value) => ({
              value,
              label: t(`standing.${value || "none"}`),
            }))}
          />
        </Form.Item>
        <Form.Item name={["note", "description"]} label={t("form.description")}>
          <Input.TextArea rows={3} maxLength={2000} />
        </Form.Item>
        <Form.Item name={["note", "tags"]} label={t("form.tags")}>
          <Select mode="tags" tokenSeparators={[",", "，", "、"]} open={false} suffixIcon={null} maxCount={20} />
        </Form.Item>
        <Form.Item name={["note", "questions"]} label={t("form.questions")} help={t("form.questionsHelp")}>
          <Select mode="tags" tokenSeparators={["？", "?"]} open={false} suffixIcon={null} maxCount={20} />
        </Form.Item>
      </Form>
    </Drawer>
  );
}
