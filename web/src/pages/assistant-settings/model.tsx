import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Space, Switch } from "antd";
import { useTranslation } from "react-i18next";
import type { AssistantState } from "@/api/types.gen";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { SETTING, SETTING_KEY } from "./paths";

interface Given {
  url: string;
  model: string;
  key: string;
  day_tokens: number;
  keys_act: boolean;
}

const FIRST_TOKENS = 200_000;
/** As ASSISTANT_DAY_TOKENS of the hub. */
const MOST_TOKENS = 2_000_000;

/** 语言模型: it chooses tools and words; without one, rules answer. */
export function Model({ state }: { state: AssistantState }) {
  const { t } = useTranslation("assistantSettings");
  const [form] = Form.useForm<Given>();
  const words = useProblemWords();
  const notice = useNotice();
  const confirm = useConfirm();
  const put = useMutation({
    mutationFn: (given: Omit<Given, "key"> & { key?: string }) =>
      ask<AssistantState>(SETTING, { method: "PUT", json: given }),
    onSuccess: (kept) => {
      queries.setQueryData(SETTING_KEY, kept);
      form.setFieldsValue({ ...kept, key: "", day_tokens: kept.day_tokens || FIRST_TOKENS });
      notice.done(t(kept.url ? "kept" : "rulesKept"));
    },
  });
  const keep = ({ key, ...given }: Given) =>
    put.mutate({ ...given, url: given.url.trim(), ...(key ? { key } : {}) });
  const drop = async () => {
    const isMeant = await confirm({
      title: t("dropAsk"),
      text: t("dropNote"),
      act: t("drop"),
      isDanger: true,
    });
    if (isMeant) put.mutate({ url: "", model: "", day_tokens: 0, keys_act: state.keys_act });
  };
  return (
    <Card title={t("model")} note={t(state.url ? "modelOn" : "modelOff")}>
      {put.error && <Alert type="error" showIcon role="alert" title={words(asProblem(put.error))} />}
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ ...state, key: "", day_tokens: state.day_tokens || FIRST_TOKENS }}
        onFinish={keep}
      >
        <Form.Item name="url" label={t("url")} extra={t("urlHint")}>
          <Input maxLength={500} spellCheck={false} placeholder="https://models.example.com/v1" />
        </Form.Item>
        <Form.Item name="model" label={t("name")}>
          <Input maxLength={100} spellCheck={false} autoComplete="off" placeholder="qwen3-32b" />
        </Form.Item>
        <Form.Item name="key" label={t("key")} extra={t(state.has_key ? "keyKept" : "keyHint")}>
          <Input.Password maxLength={500} autoComplete="new-password" />
        </Form.Item>
        <Form.Item name="day_tokens" label={t("tokens")} extra={t("tokensHint")}>
          <InputNumber className="settings-number" min={0} max={MOST_TOKENS} step={10_000} precision={0} />
        </Form.Item>
        <Form.Item name="keys_act" label={t("keysAct")} extra={t("keysActHint")} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Space>
          <Button type="primary" htmlType="submit" loading={put.isPending}>
            {t("keep")}
          </Button>
          {state.url && (
            <Button danger onClick={() => void drop()}>
              {t("drop")}
            </Button>
          )}
        </Space>
      </Form>
    </Card>
  );
}
