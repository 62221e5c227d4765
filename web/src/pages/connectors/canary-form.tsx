import { MinusCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Modal, Select, Slider } from "antd";
import { useTranslation } from "react-i18next";
import type { ConnectorRoute, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY, PERCENT, ROUTES } from "./model";
import { titleOf } from "./words";

interface Rule {
  warehouses?: string[];
  channels?: string[];
  percent: number;
}

interface Given {
  candidate: string;
  replaces: string;
  percent: number;
  shares: Rule[];
  reason: string;
}

interface Props {
  route: ConnectorRoute;
  desks: readonly ConnectorView[];
  others: readonly ConnectorView[];
  onClose: () => void;
}

/** Begins a canary, or changes how much of the calls its candidate gets. */
export function CanaryForm({ route, desks, others, onClose }: Props) {
  const { t } = useTranslation("connectors");
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const canary = route.canary;
  const set = useMutation({
    mutationFn: ({ candidate, replaces, percent, shares, reason }: Given) =>
      ask(`${ROUTES}/${encodeURIComponent(route.capability)}/canary`, {
        method: "PUT",
        json: {
          candidate,
          replaces,
          reason: reason ?? "",
          share: Math.round(percent * PERCENT),
          shares: (shares ?? []).map((rule) => ({
            warehouses: rule.warehouses ?? [],
            channels: rule.channels ?? [],
            share: Math.round(rule.percent * PERCENT),
          })),
        },
      }),
    onSuccess: async (_, given) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t("canarySet", { name: titleOf(desks, given.candidate), n: given.percent }));
      onClose();
    },
  });
  const ways = [...new Set(route.ways.map((way) => way.connector))];
  const candidates = canary ? desks.filter((one) => one.id === canary.candidate) : others;
  return (
    <Modal
      open
      title={t(canary ? "changeShare" : "beginCanary")}
      okText={t("setShare")}
      cancelText={t("common:acts.back")}
      confirmLoading={set.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {set.error && <Alert type="error" showIcon role="alert" title={words(asProblem(set.error))} />}
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          candidate: candidates[0]?.id,
          replaces: canary?.replaces ?? ways[0],
          percent: (canary?.share ?? PERCENT) / PERCENT,
          shares: (canary?.shares ?? []).map((rule) => ({ ...rule, percent: rule.share / PERCENT })),
          reason: "",
        }}
        onFinish={(given) => set.mutate(given)}
      >
        <Form.Item name="candidate" label={t("candidate")} rules={[{ required: true, message: t("candidateMissing") }]}>
          <Select disabled={canary !== null} options={candidates.map((one) => ({ value: one.id, label: one.title }))} />
        </Form.Item>
        <Form.Item name="replaces" label={t("replaces")}>
          <Select disabled={canary !== null} options={ways.map((id) => ({ value: id, label: titleOf(desks, id) }))} />
        </Form.Item>
        <Form.Item label={t("share")} className="connectors-share">
          <Form.Item name="percent" noStyle>
            <Slider min={0} max={100} step={1} aria-label={t("share")} marks={{ 0: "0%", 25: "25%", 50: "50%", 100: "100%" }} />
          </Form.Item>
          <Form.Item name="percent" noStyle>
            <InputNumber min={0} max={100} step={0.01} suffix="%" aria-label={t("sharePrecise")} />
          </Form.Item>
        </Form.Item>
        <Form.List name="shares">
          {(fields, { add, remove }) => (
            <>
              {fields.map((field) => (
                <div className="connectors-rule" key={field.key}>
                  <Form.Item name={[field.name, "warehouses"]} label={t("warehouses")}>
                    <Select mode="tags" placeholder={t("any")} open={false} suffixIcon={null} />
                  </Form.Item>
                  <Form.Item name={[field.name, "channels"]} label={t("channels")}>
                    <Select mode="tags" placeholder={t("any")} open={false} suffixIcon={null} />
                  </Form.Item>
                  <Form.Item name={[field.name, "percent"]} label={t("share")}>
                    <InputNumber min={0} max={100} step={0.01} suffix="%" />
                  </Form.Item>
                  <Button type="text" icon={<MinusCircleOutlined />} aria-label={t("dropRule")} onClick={() => remove(field.name)} />
                </div>
              ))}
              <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({ percent: 0 })}>
                {t("addShare")}
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
