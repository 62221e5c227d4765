import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { isSendable } from "./settings-form";

interface Asks {
  address: boolean;
  damage: boolean;
}

interface Service {
  adapter: string;
  url: string;
  adapters: readonly string[];
  events: readonly string[];
}

interface Given {
  adapter: string;
  url?: string;
  secret?: string;
}

const ASKS = "/v1/request-settings";
const SERVICE = "/v1/notice-settings";

/** What customers may ask for on the evidence page; kept as soon as it is switched. */
export function AsksCard() {
  const { t } = useTranslation("requests");
  const mayWrite = useMay("merchant.write");
  const mayRead = useMay("link.read");
  const notice = useNotice();
  const proven = useProven();
  const read = useQuery({
    queryKey: [ASKS],
    queryFn: ({ signal }) => ask<Asks>(ASKS, { signal }),
    enabled: mayRead,
  });
  const keep = useMutation({
    mutationFn: (json: Asks) => proven(() => ask<Asks>(ASKS, { method: "PUT", json })),
    onSuccess: (kept) => {
      if (!kept) return;
      queries.setQueryData([ASKS], kept);
      notice.done(t("settings.kept"));
    },
    onError: (error) => notice.failed(error),
  });
  if (!mayRead) return null;
  return (
    <Card title={t("settings.asks")}>
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" />}
      {read.data &&
        (["address", "damage"] as const).map((name) => (
          <p key={name}>
            <Switch
              id={`asks-${name}`}
              checked={read.data[name]}
              disabled={!mayWrite}
              loading={keep.isPending}
              onChange={(on) => keep.mutate({ ...read.data, [name]: on })}
            />{" "}
            <label htmlFor={`asks-${name}`}>{t(`settings.${name}`)}</label>
          </p>
        ))}
      <p className="note settings-foot">{t("settings.powers")}</p>
    </Card>
  );
}

/** The service that tells people of breaches; its secret never comes back. */
export function NoticeCard() {
  const { t } = useTranslation("requests");
  const read = useQuery({
    queryKey: [SERVICE],
    queryFn: ({ signal }) => ask<Service>(SERVICE, { signal }),
  });
  return (
    <Card title={t("settings.notices")}>
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" />}
      {read.data && <ServiceForm key={`${read.data.adapter} ${read.data.url}`} found={read.data} />}
    </Card>
  );
}

function ServiceForm({ found }: { found: Service }) {
  const { t } = useTranslation("requests");
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const mayWrite = useMay("merchant.write");
  const [form] = Form.useForm<Given>();
  const adapter = Form.useWatch("adapter", form) ?? found.adapter;
  const hasSecret = found.adapter !== "" && found.adapter === adapter;
  const keep = useMutation({
    mutationFn: ({ adapter: name, url = "", secret = "" }: Given) =>
      proven(() =>
        ask<Service>(SERVICE, {
          method: "PUT",
          json: { adapter: name, url: url.trim(), secret, events: name ? found.events : [] },
        }),
      ),
    onSuccess: (kept) => {
      if (!kept) return;
      queries.setQueryData([SERVICE], kept);
      notice.done(t(kept.adapter ? "settings.kept" : "settings.stopped"));
    },
  });
  return (
    <Form<Given>
      form={form}
      layout="vertical"
      requiredMark={false}
      disabled={!mayWrite}
      initialValues={{ adapter: found.adapter, url: found.url, secret: "" }}
      onFinish={(given) => keep.mutate(given)}
    >
      {keep.error && <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />}
      <Form.Item
        name="adapter"
        label={t("settings.service")}
        extra={t(adapter ? "settings.serviceHint" : "settings.serviceNone")}
      >
        <Select
          options={[
            { value: "", label: t("settings.none") },
            ...found.adapters.map((name) => ({
              value: name,
              label: t(`settings.adapters.${name}`, { defaultValue: name }),
            })),
          ]}
        />
      </Form.Item>
      {adapter && (
        <>
          <Form.Item
            name="url"
            label={t("settings.url")}
            rules={[
              {
                validator: (_, value?: string) =>
                  isSendable(value?.trim() ?? "")
                    ? Promise.resolve()
                    : Promise.reject(new Error(t("settings.urlWrong"))),
              },
            ]}
          >
            <Input spellCheck={false} autoComplete="off" maxLength={500} placeholder="https://" />
          </Form.Item>
          <Form.Item
            name="secret"
            label={t("settings.secret")}
            extra={hasSecret ? t("settings.secretKept") : t("settings.secretHint")}
            rules={hasSecret ? [] : [{ required: true, message: t("settings.secretMissing") }]}
          >
            <Input.Password autoComplete="new-password" maxLength={500} />
          </Form.Item>
        </>
      )}
      <Button htmlType="submit" loading={keep.isPending}>
        {t("settings.keep")}
      </Button>
    </Form>
  );
}
