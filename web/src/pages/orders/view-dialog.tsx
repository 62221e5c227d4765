import { useMutation } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { NewView } from "@/api/types.gen";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

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
  "admin",
] as const;
const NAME_CHARS = 40;

interface Wanted {
  name: string;
  shared: boolean;
  roles: string[];
}

interface Props {
  title: string;
  start: Wanted;
  onClose: () => void;
  onSave: (wanted: Partial<NewView> & { name: string }) => Promise<void>;
}

/** A view's name, whom it is for, and which roles begin with it. */
export default function ViewDialog({ title, start, onClose, onSave }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const mayShare = useMay("view.share");
  const [form] = Form.useForm<Wanted>();
  const isShared = Form.useWatch("shared", form) ?? start.shared;
  const saving = useMutation({
    mutationFn: ({ name, shared, roles }: Wanted) =>
      onSave({
        name: name.trim(),
        shared,
        roles: (shared ? roles : []) as NonNullable<NewView["roles"]>,
      }),
  });
  return (
    <Modal open width={416} title={title} footer={null} onCancel={onClose} destroyOnHidden>
      <Form<Wanted>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={start}
        onFinish={(wanted) => saving.mutate({ ...start, ...wanted })}
      >
        <Form.Item
          name="name"
          label={t("viewName")}
          rules={[{ required: true, whitespace: true, message: t("viewNameMissing") }]}
        >
          <Input autoFocus maxLength={NAME_CHARS} autoComplete="off" />
        </Form.Item>
        {mayShare && (
          <Form.Item name="shared" valuePropName="checked">
            <Checkbox>{t("shareView")}</Checkbox>
          </Form.Item>
        )}
        {mayShare && isShared && (
          <Form.Item name="roles" label={t("firstFor")}>
            <Select
              mode="multiple"
              options={ROLES.map((role) => ({ value: role, label: t(`common:roles.${role}`) }))}
            />
          </Form.Item>
        )}
        {saving.error && <ProblemNote problem={asProblem(saving.error)} />}
        <div className="orders-buttons">
          <Button onClick={onClose}>{t("common:acts.back")}</Button>
          <Button type="primary" htmlType="submit" loading={saving.isPending}>
            {t("saveView")}
          </Button>
        </div>
      </Form>
    </Modal>
  );
}
