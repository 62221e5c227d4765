import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { dropProvider, putProvider } from "@/api/sdk.gen";
import type { ClaimRoles, Merchant } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";

interface Given {
  issuer: string;
  client: string;
  secret: string;
  domains: string[];
  claim: string;
  mapping: ClaimRoles[];
}

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

/** 企业统一登录: the provider whose word is taken, and which claim gives which roles. */
export function Provider({ merchant }: { merchant: Merchant }) {
  const { t } = useTranslation(["merchant", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const mayWrite = useMay("merchant.write");
  const held = merchant.provider;
  const keep = useMutation({
    mutationFn: (given: Given) =>
      proven(async () => {
        await putProvider({ body: given });
        return "providerKept";
      }),
    onSuccess: (said) => done(said),
  });
  const drop = useMutation({
    mutationFn: async () => {
      const isMeant = await confirm({
        title: t("dropAsk"),
        text: t("dropNote"),
        act: t("dropIt"),
        isDanger: true,
      });
      if (!isMeant) return undefined;
      return proven(async () => {
        await dropProvider();
        return "providerDropped";
      });
    },
    onSuccess: (said) => done(said),
  });

  async function done(said: string | undefined) {
    if (!said) return;
    notice.done(t(said));
    await queries.invalidateQueries();
  }

  const error = keep.error ?? drop.error;
  return (
    <Card title={t("provider")} note={t("providerNote")}>
      {error && <Alert type="error" showIcon role="alert" title={words(asProblem(error))} />}
      <Form<Given>
        layout="vertical"
        requiredMark={false}
        disabled={!mayWrite}
        initialValues={{
          issuer: held?.issuer ?? "",
          client: held?.client ?? "",
          secret: "",
          domains: held?.domains ?? [],
          claim: held?.claim ?? "",
          mapping: held?.mapping ?? [],
        }}
        onFinish={(given) => keep.mutate(given)}
      >
        <Form.Item
          name="issuer"
          label={t("issuer")}
          extra={t("issuerHint")}
          rules={[{ required: true, message: t("issuerMissing") }]}
        >
          <Input spellCheck={false} placeholder="https://login.example.com" />
        </Form.Item>
        <div className="merchant-pair">
          <Form.Item
            name="client"
            label={t("client")}
            rules={[{ required: true, message: t("clientMissing") }]}
          >
            <Input autoComplete="off" spellCheck={false} />
          </Form.Item>
          <Form.Item
            name="secret"
            label={t("secret")}
            extra={held ? t("secretKept") : undefined}
            rules={held ? [] : [{ required: true, message: t("secretMissing") }]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
        </div>
        <Form.Item name="domains" label={t("domains")} extra={t("domainsHint")}>
          <Select mode="tags" tokenSeparators={[",", " ", "，"]} open={false} suffixIcon={null} />
        </Form.Item>
        <Form.Item name="claim" label={t("claim")} extra={t("claimHint")}>
          <Input spellCheck={false} placeholder="groups" />
        </Form.Item>
        <Form.List name="mapping">
          {(rows, { add, remove }) => (
            <fieldset className="merchant-mapping">
              <legend>{t("mapping")}</legend>
              {rows.map((row) => (
                <div className="merchant-row" key={row.key}>
                  <Form.Item
                    name={[row.name, "value"]}
                    rules={[{ required: true, message: t("valueMissing") }]}
                  >
                    <Input aria-label={t("value")} placeholder={t("value")} />
                  </Form.Item>
                  <Form.Item
                    name={[row.name, "roles"]}
                    rules={[{ required: true, message: t("rolesMissing") }]}
                  >
                    <Select
                      mode="multiple"
                      aria-label={t("roles")}
                      placeholder={t("roles")}
                      options={ROLES.map((role) => ({
                        value: role,
                        label: t(`common:roles.${role}`),
                      }))}
                    />
                  </Form.Item>
                  <Button
                    icon={<DeleteOutlined />}
                    aria-label={t("removeRow")}
                    onClick={() => remove(row.name)}
                  />
                </div>
              ))}
              {mayWrite && (
                <Button
                  size="small"
                  icon={<PlusOutlined />}
                  onClick={() => add({ value: "", roles: [] })}
                >
                  {t("addRow")}
                </Button>
              )}
            </fieldset>
          )}
        </Form.List>
        <p className="note">
          {t("callback")}
          <br />
          <span className="mono">
            {held?.callback ?? `${merchant.origin}/v1/session/provider/callback`}
          </span>
        </p>
        {mayWrite && (
          <div className="merchant-acts">
            <Button htmlType="submit" loading={keep.isPending}>
              {t("keepProvider")}
            </Button>
            {held && (
              <Button danger loading={drop.isPending} onClick={() => drop.mutate()}>
                {t("dropIt")}
              </Button>
            )}
          </div>
        )}
      </Form>
    </Card>
  );
}
