import { ArrowUpOutlined, MinusCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Modal, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { ConnectorRoute, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, ROUTES } from "./model";
import { useCapability } from "./words";

interface Given {
  ways: { connector: string; warehouses?: string[]; channels?: string[] }[];
  reason: string;
}

interface Props {
  route: ConnectorRoute;
  desks: readonly ConnectorView[];
  onClose: () => void;
}

/** Edits the ways of a route in order: the first that fits a call names its connector. */
export function WaysForm({ route, desks, onClose }: Props) {
  const { t } = useTranslation("connectors");
  const capability = useCapability()(route.capability);
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const set = useMutation({
    mutationFn: ({ ways, reason }: Given) =>
      ask(`${ROUTES}/${encodeURIComponent(route.capability)}`, {
        method: "PUT",
        json: {
          reason: reason ?? "",
          ways: ways.map((way) => ({
            connector: way.connector,
            warehouses: way.warehouses ?? [],
            channels: way.channels ?? [],
          })),
        },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("waysSet", { capability }));
      onClose();
    },
  });
  const options = desks
    .filter((one) => one.capability === route.capability && one.state === "on")
    .map((one) => ({ value: one.id, label: one.title }));
  return (
    <Modal
      open
      width={720}
      title={t("routeOf", { capability })}
      okText={t("setWays")}
      cancelText={t("common:acts.back")}
      confirmLoading={set.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {set.error && <Alert type="error" showIcon role="alert" title={words(asProblem(set.error))} />}
      <p className="note">{t("waysNote")}</p>
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ ways: route.ways, reason: "" }}
        onFinish={(given) => set.mutate(given)}
      >
        <Form.List name="ways">
          {(fields, { add, remove, move }) => (
            <>
              {fields.map((field) => (
                <div className="connectors-rule" key={field.key}>
                  <Form.Item name={[field.name, "warehouses"]} label={t("warehouses")}>
                    <Select mode="tags" placeholder={t("any")} open={false} suffixIcon={null} />
                  </Form.Item>
                  <Form.Item name={[field.name, "channels"]} label={t("channels")}>
                    <Select mode="tags" placeholder={t("any")} open={false} suffixIcon={null} />
                  </Form.Item>
                  <Form.Item
                    name={[field.name, "connector"]}
                    label={t("goesTo")}
                    rules={[{ required: true, message: t("candidateMissing") }]}
                  >
                    <Select options={options} />
                  </Form.Item>
                  <span className="connectors-acts">
                    <Button type="text" icon={<ArrowUpOutlined />} aria-label={t("moveUp")} disabled={field.name === 0} onClick={() => move(field.name, field.name - 1)} />
                    <Button type="text" icon={<MinusCircleOutlined />} aria-label={t("dropRule")} disabled={fields.length === 1} onClick={() => remove(field.name)} />
                  </span>
                </div>
              ))}
              <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({}, 0)}>
                {t("addWay")}
              </Button>
            </>
          )}
        </Form.List>
        <Form.Item name="reason" label={t("reason")} className="connectors-reason">
          <Input maxLength={200} />
        </Form.Item>
      </Form>
    </Modal>
  );
}
