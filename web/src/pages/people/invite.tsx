import { useMutation } from "@tanstack/react-query";
import { Alert, Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { HandOver } from "./hand-over";
import { type Link, PEOPLE_KEY, type Person, ROLES } from "./person";

interface Given {
  login: string;
  name: string;
  number: string;
  roles: string[];
  warehouses: string[];
}

/** Invite somebody: the link is shown once, to be handed over by a way that is trusted. */
export function Invite({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["people", "common"]);
  const words = useProblemWords();
  const proven = useProven();
  const [form] = Form.useForm<Given>();
  const invite = useMutation({
    mutationFn: (given: Given) =>
      proven(() =>
        ask<{ person: Person; link: Link }>("/v1/people", { method: "POST", json: given }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: PEOPLE_KEY }),
  });
  const made = invite.data;
  return (
    <Modal
      open
      title={made ? t("invited", { name: made.person.name }) : t("invite")}
      okText={made ? t("common:acts.close") : t("makeLink")}
      cancelText={t("common:acts.back")}
      cancelButtonProps={made ? { hidden: true } : {}}
      confirmLoading={invite.isPending}
      onOk={() => (made ? onClose() : form.submit())}
      onCancel={onClose}
    >
      {made ? (
        <HandOver link={made.link} />
      ) : (
        <Form<Given>
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={{ roles: [], warehouses: [] }}
          onFinish={(given) => invite.mutate(given)}
        >
          {invite.error && (
            <Alert type="error" showIcon role="alert" title={words(asProblem(invite.error))} />
          )}
          <Form.Item
            name="name"
            label={t("columns.name")}
            rules={[{ required: true, message: t("missing.name") }]}
          >
            <Input maxLength={60} autoFocus />
          </Form.Item>
          <Form.Item
            name="login"
            label={t("columns.login")}
            rules={[{ required: true, message: t("missing.login") }]}
          >
            <Input autoComplete="off" spellCheck={false} />
          </Form.Item>
          <Form.Item
            name="number"
            label={t("columns.number")}
            extra={t("numberHint")}
            rules={[{ required: true, message: t("missing.number") }]}
          >
            <Input maxLength={16} />
          </Form.Item>
          <Form.Item
            name="roles"
            label={t("columns.roles")}
            rules={[{ required: true, message: t("missing.roles") }]}
          >
            <Select
              mode="multiple"
              options={ROLES.map((role) => ({ value: role, label: t(`common:roles.${role}`) }))}
            />
          </Form.Item>
          <Form.Item name="warehouses" label={t("columns.warehouses")} extra={t("warehousesHint")}>
            <Select mode="tags" tokenSeparators={[",", " ", "，"]} open={false} suffixIcon={null} />
          </Form.Item>
        </Form>
      )}
    </Modal>
  );
}
