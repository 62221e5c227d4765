import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Collapse, Form, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PerceiverAdapter, PerceiverAdapters, PerceiverMapping, PerceiverView } from "@/api/types.gen";
import { ask } from "@/client";
import { byLocale } from "@/i18n";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { MappingEditor } from "./mapping";
import { KEY, KINDS, MILLI, PATH } from "./model";
import { useKind } from "./words";

interface Given {
  adapter: string;
  kind?: string;
  title: string;
  url?: string;
  label?: string;
  options?: Record<string, string>;
  secrets?: Record<string, string>;
  timeout_ms: number;
  quota_minute: number;
  quota_day: number;
  price_call: number;
  price_second: number;
  price_page: number;
}

const PRICES = ["price_call", "price_second", "price_page"] as const;
const START: PerceiverMapping = { sends: "raw", field: "file", text: "text", auth: { kind: "none" } };

/** Registers a service, or changes how it is asked; what it needs is what its adapter says. */
export function RegisterForm({ one, onClose }: { one: PerceiverView | null; onClose: () => void }) {
  const { t } = useTranslation("modalities");
  const words = useProblemWords();
  const notice = useNotice();
  const [form] = Form.useForm<Given>();
  const [mapping, map] = useState<PerceiverMapping>(one?.mapping ?? START);
  const adapters = useQuery({
    queryKey: [...KEY, "adapters"],
    queryFn: ({ signal }) => ask<PerceiverAdapters>("/v1/perceiver-adapters", { signal }),
    staleTime: Infinity,
  });
  const items = adapters.data?.items ?? [];
  const name = Form.useWatch("adapter", form) ?? one?.adapter ?? "";
  const adapter = items.find((each) => each.name === name);
  const kind = Form.useWatch("kind", form) ?? one?.kind ?? "document";
  const needsKey = adapter?.mapped ? mapping.auth?.kind !== "none" : false;
  const secrets = [...(adapter?.secrets ?? []), ...(needsKey ? ["api_key"] : [])];
  const kept = useMutation({
    mutationFn: (given: Given) => {
      const json = wishOf(given, adapter, mapping);
      return ask<PerceiverView>(one ? `${PATH}/${one.id}` : PATH, { method: one ? "PUT" : "POST", json });
    },
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(one ? "kept" : "registered", { name: made.title }), { to: `/modalities?id=${made.id}` });
      onClose();
    },
  });
  return (
    <Modal
      open
      width={adapter?.mapped ? 920 : 560}
      title={one ? t("editTitle", { name: one.title }) : t("register")}
      okText={t(one ? "keep" : "register")}
      cancelText={t("common:acts.back")}
      confirmLoading={kept.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {kept.error && <Alert type="error" showIcon role="alert" title={words(asProblem(kept.error))} />}
      {!one && <p className="note">{t("registerNote")}</p>}
      <Form<Given>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={initial(one)}
        onFinish={(given) => kept.mutate(given)}
      >
        <Who one={one} adapter={adapter} items={items} isLoading={adapters.isLoading} />
        {adapter && !adapter.local && (
          <Form.Item name="url" label={t("url")} rules={[{ required: true, message: t("urlMissing") }]}>
            <Input maxLength={500} placeholder="https://" inputMode="url" />
          </Form.Item>
        )}
        {adapter?.needs.map((need) => (
          <Form.Item key={need} name={["options", need]} label={need} rules={[{ required: true, message: t("needed") }]}>
            <Input maxLength={2000} />
          </Form.Item>
        ))}
        {secrets.map((need) => (
          <Form.Item
            key={need}
            name={["secrets", need]}
            label={need === "api_key" ? t("apiKey") : need}
            extra={one?.secrets.includes(need) ? t("secretKept") : t("secretNote")}
            rules={one?.secrets.includes(need) ? [] : [{ required: true, message: t("needed") }]}
          >
            <Input.Password autoComplete="new-password" maxLength={8192} />
          </Form.Item>
        ))}
        {adapter?.mapped && <MappingEditor kind={kind} mapping={mapping} onChange={map} />}
        <Limits />
      </Form>
    </Modal>
  );
}

interface WhoProps {
  one: PerceiverView | null;
  adapter: PerceiverAdapter | undefined;
  items: readonly PerceiverAdapter[];
  isLoading: boolean;
}

/** Which adapter, for which kind of originals, and what people call it. */
function Who({ one, adapter, items, isLoading }: WhoProps) {
  const { t } = useTranslation("modalities");
  const kindOf = useKind();
  const groups = [true, false].map((local) => ({
    label: t(local ? "onThisMachine" : "farSides"),
    options: items
      .filter((each) => each.local === local)
      .map((each) => ({
        value: each.name,
        label: [byLocale(each.title, each.title_en), each.kind && kindOf(each.kind)].filter(Boolean).join(" · "),
      })),
  }));
  const kinds = [...new Set([...KINDS, ...items.map((each) => each.kind).filter(Boolean)])];
  return (
    <>
      <Form.Item name="adapter" label={t("adapter")} rules={[{ required: true, message: t("adapterMissing") }]}>
        <Select disabled={one !== null} loading={isLoading} options={groups} />
      </Form.Item>
      {adapter && !adapter.ready && (
        <Alert type="warning" showIcon title={t("extraMissing")} description={<code>{adapter.install}</code>} />
      )}
      {adapter?.mapped && (
        <Form.Item name="kind" label={t("columns.kind")}>
          <Select disabled={one !== null} options={kinds.map((value) => ({ value, label: kindOf(value) }))} />
        </Form.Item>
      )}
      <div className="modalities-two">
        <Form.Item name="title" label={t("name")} rules={[{ required: true, whitespace: true, message: t("nameMissing") }]}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="label" label={t("label")}>
          <Input maxLength={64} />
        </Form.Item>
      </div>
    </>
  );
}

/** Time, quotas and prices: a page within the form, for most are right as they stand. */
function Limits() {
  const { t } = useTranslation("modalities");
  return (
    <Collapse
      ghost
      items={[
        {
          key: "limits",
          label: t("limits"),
          forceRender: true,
          children: (
            <div className="modalities-three">
              <Form.Item name="timeout_ms" label={t("timeout")}>
                <InputNumber min={100} max={120_000} suffix="ms" />
              </Form.Item>
              <Form.Item name="quota_minute" label={t("perMinute")} extra={t("zeroNone")}>
                <InputNumber min={0} max={10_000_000} precision={0} />
              </Form.Item>
              <Form.Item name="quota_day" label={t("perDay")} extra={t("zeroNone")}>
                <InputNumber min={0} max={10_000_000} precision={0} />
              </Form.Item>
              {PRICES.map((each) => (
                <Form.Item key={each} name={each} label={t(`priceOf.${each}`)}>
                  <InputNumber min={0} max={1_000_000} step={0.001} suffix={t("fen")} />
                </Form.Item>
              ))}
            </div>
          ),
        },
      ]}
    />
  );
}

function initial(one: PerceiverView | null): Partial<Given> {
  if (!one) {
    return { kind: "document", timeout_ms: 10_000, quota_minute: 0, quota_day: 0, price_call: 0, price_second: 0, price_page: 0 };
  }
  return {
    ...one,
    price_call: one.price_call / MILLI,
    price_second: one.price_second / MILLI,
    price_page: one.price_page / MILLI,
    secrets: {},
  };
}

function wishOf(given: Given, adapter: PerceiverAdapter | undefined, mapping: PerceiverMapping) {
  const secrets = Object.fromEntries(Object.entries(given.secrets ?? {}).filter(([, value]) => value));
  return {
    adapter: given.adapter,
    kind: adapter?.kind || given.kind || "document",
    title: given.title,
    url: adapter?.local ? "" : (given.url ?? ""),
    label: given.label ?? "",
    options: given.options ?? {},
    secrets,
    timeout_ms: given.timeout_ms,
    quota_minute: given.quota_minute,
    quota_day: given.quota_day,
    price_call: Math.round(given.price_call * MILLI),
    price_second: Math.round(given.price_second * MILLI),
    price_page: Math.round(given.price_page * MILLI),
    mapping: adapter?.mapped ? mapping : null,
  };
}
