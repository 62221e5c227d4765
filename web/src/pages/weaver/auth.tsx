import { KeyOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Input, InputNumber, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { putWovenSecret } from "@/api/sdk.gen";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { Labelled, SaidAt } from "./said";
import { type Auth, plain, type Whole } from "./woven";

const KINDS = ["none", "header", "query", "basic", "bearer", "oauth2", "hmac"] as const;

interface Props {
  woven: Whole;
  isOpen: boolean;
  hasSecret: boolean;
  origin: string;
  onChange: (changes: Partial<Whole>) => void;
}

/** Right: how the far side knows us; the secret is written, never read. */
export function AuthPart({ woven, isOpen, hasSecret, origin, onChange }: Props) {
  const { t } = useTranslation("weaver");
  const { auth } = woven;
  const set = (changes: Partial<Auth>) => onChange({ auth: { ...auth, ...changes } });
  const text = (name: keyof Auth, label: string, hint = "") => (
    <Labelled key={name} label={label} at={`/auth/${name}`}>
      <Input
        className="mono"
        placeholder={hint}
        disabled={!isOpen}
        value={String(auth[name])}
        onChange={(event) => set({ [name]: event.target.value })}
      />
    </Labelled>
  );
  return (
    <Card title={t("auth")}>
      <div className="weaver-stack">
        <Labelled label={t("authKind")}>
          <Select
            aria-label={t("authKind")}
            disabled={!isOpen}
            value={auth.kind}
            options={KINDS.map((value) => ({ value, label: t(`auths.${value}`) }))}
            onChange={(kind) => set({ kind })}
          />
        </Labelled>
        {auth.kind === "header" && [
          text("name", t("headerName"), "X-Api-Key"),
          text("prefix", t("prefix")),
        ]}
        {auth.kind === "query" && text("name", t("queryName"), "key")}
        {auth.kind === "basic" && text("user", t("user"))}
        {auth.kind === "oauth2" && [
          text("token_url", t("tokenUrl"), "https://…/oauth/token"),
          text("user", t("clientId")),
          text("scope", t("scope")),
        ]}
        {auth.kind === "hmac" && [
          text("name", t("signatureHeader"), "X-Sign"),
          text("user", t("keyName")),
          <Labelled key="algorithm" label={t("algorithm")}>
            <Select
              aria-label={t("algorithm")}
              disabled={!isOpen}
              value={`${auth.algorithm} ${auth.encoding}`}
              options={["sha256 hex", "sha256 base64", "sha1 hex", "sha1 base64", "sha512 hex"].map(
                (value) => ({ value, label: `HMAC-${value.toUpperCase()}` }),
              )}
              onChange={(value: string) => {
                const [algorithm, encoding] = value.split(" ");
                set({ algorithm, encoding } as Partial<Auth>);
              }}
            />
          </Labelled>,
          text("canonical", t("canonical"), 'method & "\\n" & path & "\\n" & body'),
          text("time_name", t("timeHeader"), "X-Timestamp"),
        ]}
        {auth.kind !== "none" && (
          <Secret woven={woven} isOpen={isOpen} hasSecret={hasSecret} origin={origin} />
        )}
      </div>
    </Card>
  );
}

type SecretProps = Omit<Props, "onChange">;

function Secret({ woven, isOpen, hasSecret, origin }: SecretProps) {
  const { t } = useTranslation("weaver");
  const notice = useNotice();
  const [secret, setSecret] = useState("");
  const keep = useMutation({
    mutationFn: () =>
      putWovenSecret({ body: { woven: plain(woven), secret } }),
    onSuccess: async () => {
      setSecret("");
      notice.done(t("secretKept"));
      await queries.invalidateQueries({ queryKey: ["wovenPreview"] });
    },
    onError: notice.failed,
  });
  return (
    <>
      <Labelled label={t("secret")}>
        <Input.Password
          autoComplete="off"
          visibilityToggle={false}
          disabled={!isOpen}
          placeholder={hasSecret ? t("secretThere") : t("secretMissing")}
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
      </Labelled>
      {!hasSecret && <SaidAt at="/auth" />}
      {isOpen && (
        <Button
          icon={<KeyOutlined />}
          disabled={!secret}
          loading={keep.isPending}
          onClick={() => keep.mutate()}
        >
          {hasSecret ? t("replaceSecret") : t("keepSecret")}
        </Button>
      )}
      <p className="note">{t("secretNote", { origin })}</p>
    </>
  );
}

/** How long it may take, and what a repeat means. */
export function CallPart({ woven, isOpen, onChange }: Omit<Props, "hasSecret" | "origin">) {
  const { t } = useTranslation("weaver");
  return (
    <Card title={t("calling")}>
      <div className="weaver-stack">
        <Labelled label={t("timeout")} at="/timeout_ms">
          <InputNumber
            min={0.1}
            max={30}
            step={0.5}
            disabled={!isOpen}
            value={woven.timeout_ms / 1000}
            onChange={(value) => onChange({ timeout_ms: Math.round((value ?? 10) * 1000) })}
          />
        </Labelled>
        <Labelled label={t("idempotency")} at="/idempotency">
          <Input
            className="mono"
            placeholder="Idempotency-Key"
            disabled={!isOpen}
            value={woven.idempotency}
            onChange={(event) => onChange({ idempotency: event.target.value.trim() })}
          />
        </Labelled>
        {(["capability", "operation"] as const).map((name) => (
          <Labelled key={name} label={t(`as_${name}`)} at={`/${name}`}>
            <Input
              className="mono"
              placeholder={name === "capability" ? woven.code : "ask"}
              disabled={!isOpen}
              value={woven[name]}
              onChange={(event) => onChange({ [name]: event.target.value.trim() })}
            />
          </Labelled>
        ))}
        <label className="weaver-switch">
          <Switch
            aria-label={t("repeatable")}
            disabled={!isOpen}
            checked={woven.repeatable}
            onChange={(repeatable) => onChange({ repeatable })}
          />
          <span>{t("repeatable")}</span>
        </label>
      </div>
    </Card>
  );
}
