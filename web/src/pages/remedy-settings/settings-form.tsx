import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { NewRemedySettings, RemedySettings } from "@/api/types.gen";
import { ask } from "@/client";
import { money } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";

export const PATH = "/v1/remedy-settings";
export const KEY = ["remedy-settings"] as const;

interface Given {
  yuan: number;
  adapter: string;
  url?: string;
  secret?: string;
}

const FEN = 100;
const AUTO_YUAN_MAX = 500;
const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether the hub would send money's instructions there: https, or this machine. */
export function isSendable(text: string): boolean {
  try {
    const { protocol, hostname, username } = new URL(text);
    return !username && (protocol === "https:" || (protocol === "http:" && HERE.has(hostname)));
  } catch {
    return false;
  }
}

/** The limit of what policy pays, and the service that pays; its secret never comes back. */
export function SettingsForm({ found }: { found: RemedySettings }) {
  const { t } = useTranslation(["remedies", "rights"]);
  const words = useProblemWords();
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const mayWrite = useMay("merchant.write");
  const [form] = Form.useForm<Given>();
  const adapter = Form.useWatch("adapter", form) ?? found.adapter;
  const hasSecret = found.adapter !== "" && found.adapter === adapter;
  const keep = useMutation({
    mutationFn: async (given: Given) => {
      const json: NewRemedySettings = {
        auto_fen: given.adapter ? Math.round(given.yuan * FEN) : 0,
        adapter: given.adapter,
        url: given.url?.trim() ?? "",
        secret: given.secret ?? "",
      };
      if (!(await isMeant(json))) return undefined;
      return proven(() => ask<RemedySettings>(PATH, { method: "PUT", json }));
    },
    onSuccess: (kept) => {
      if (!kept) return;
      queries.setQueryData(KEY, kept);
      notice.done(t(kept.adapter ? "kept" : "stopped", { amount: money(kept.auto_fen) }));
    },
  });

  /** More that goes out without a person, or nothing that pays any more: both are asked. */
  function isMeant(next: NewRemedySettings): Promise<boolean> {
    const amount = money(next.auto_fen ?? 0);
    if (!next.adapter && found.adapter) {
      return confirm({
        title: t("stopAsk"),
        text: t("stopNote"),
        act: t("stopIt"),
        isDanger: true,
      });
    }
    if ((next.auto_fen ?? 0) > found.auto_fen) {
      return confirm({
        title: t("autoAsk", { amount }),
        text: t("autoNote"),
        act: t("autoIt", { amount }),
      });
    }
    return Promise.resolve(true);
  }

  const reason = t("mayNot", { right: t("rights:merchant.write") });
  return (
    <Card title={t("settings")}>
      {keep.error && <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />}
      {!mayWrite && <Alert type="info" showIcon title={reason} />}
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        disabled={!mayWrite}
        initialValues={{ yuan: found.auto_fen / FEN, adapter: found.adapter, url: found.url, secret: "" }}
        onFinish={(given) => keep.mutate(given)}
      >
        <Form.Item name="adapter" label={t("service")} extra={t(adapter ? "serviceHint" : "serviceNone")}>
          <Select
            options={[
              { value: "", label: t("none") },
              ...found.adapters.map((name) => ({
                value: name,
                label: t(`adapters.${name}`, { defaultValue: name }),
              })),
            ]}
          />
        </Form.Item>
        {adapter && (
          <>
            <Form.Item
              name="url"
              label={t("url")}
              extra={t("urlHint")}
              rules={[
                { required: true, whitespace: true, message: t("urlMissing") },
                {
                  validator: (_, value?: string) =>
                    !value?.trim() || isSendable(value.trim())
                      ? Promise.resolve()
                      : Promise.reject(new Error(t("urlWrong"))),
                },
              ]}
            >
              <Input spellCheck={false} autoComplete="off" maxLength={500} placeholder="https://pay.example.com" />
            </Form.Item>
            <Form.Item
              name="secret"
              label={t("secret")}
              extra={hasSecret ? t("secretKept") : t("secretHint")}
              rules={hasSecret ? [] : [{ required: true, message: t("secretMissing") }]}
            >
              <Input.Password autoComplete="new-password" maxLength={500} />
            </Form.Item>
            <Form.Item
              name="yuan"
              label={t("limit")}
              extra={t("limitHint")}
              rules={[
                { required: true, type: "number", min: 0, max: AUTO_YUAN_MAX, message: t("limitWrong") },
              ]}
            >
              <InputNumber prefix="¥" precision={2} className="settings-number" />
            </Form.Item>
          </>
        )}
        <Button
          type="primary"
          htmlType="submit"
          loading={keep.isPending}
          title={mayWrite ? undefined : reason}
        >
          {t("keep")}
        </Button>
      </Form>
    </Card>
  );
}
