import { KeyOutlined, LockOutlined, TeamOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Divider, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { answerPasskey, hasPasskeys, isGivenUp, type PasskeyOptions } from "@/passkey";
import { useProblemWords } from "@/parts/problem-note";
import { asProblem, Problem } from "@/problem";
import type { Session } from "@/session";

function readKept(name: string): string {
  return window.localStorage.getItem(name) ?? "";
}

/** What was wrong when the browser came back from the merchant's own sign-in; it stands after #. */
function readRefused(): Problem | null {
  const code = new URLSearchParams(window.location.hash.slice(1)).get("problem");
  return code ? new Problem({ status: 401, code }) : null;
}

interface Door {
  tenant: { code: string; name: string };
  origin: string;
  provider: boolean;
  totp: string;
}

interface Given {
  merchant: string;
  account: string;
  password: string;
  code: string;
}

const KEPT = "danshu.account";
const KEPT_MERCHANT = "danshu.merchant";

/**
 * Logins may look like mail addresses, so what follows the last @ is the merchant's code only when
 * it has no dot; else the merchant is the one that the page is for.
 */
export function splitAccount(account: string, merchant: string): { login: string; tenant: string } {
  const at = account.lastIndexOf("@");
  const last = account.slice(at + 1).trim();
  if (at < 0 || last === "" || last.includes(".")) {
    return { login: account.trim(), tenant: merchant };
  }
  return { login: account.slice(0, at).trim(), tenant: last };
}

/** Passkey first; password and code, and the merchant's own sign-in, below. */
export function WaysIn({ onEntered }: { onEntered: (session: Session) => void }) {
  const { t } = useTranslation("sign-in");
  const words = useProblemWords();
  const [form] = Form.useForm<Given>();
  const [account, setAccount] = useState(() => readKept(KEPT));
  const [way, setWay] = useState<"passkey" | "password">("passkey");
  const [needsCode, setNeedsCode] = useState(false);
  const [merchant, setMerchant] = useState(
    () => new URLSearchParams(window.location.search).get("m") ?? readKept(KEPT_MERCHANT),
  );
  const named = splitAccount(account, merchant).tenant;
  const door = useQuery({
    queryKey: ["door", named],
    queryFn: () => ask<Door>(`/v1/door?tenant=${encodeURIComponent(named)}`),
    retry: false,
    staleTime: 60_000,
  });
  const [fromProvider] = useState(readRefused);
  const next = new URLSearchParams(window.location.search).get("next") ?? "/";
  const tenant = named || (door.data?.tenant.code ?? "");
  const isUnnamed = door.isError || merchant !== "";

  function entered(session: Session) {
    window.localStorage.setItem(KEPT, session.person.login);
    window.localStorage.setItem(KEPT_MERCHANT, isUnnamed ? session.tenant.code : "");
    onEntered(session);
  }

  const byPasskey = useMutation({
    mutationFn: async () => {
      const { options } = await ask<{ options: PasskeyOptions }>("/v1/session/passkey/options", {
        method: "POST",
        json: { tenant },
      });
      const credential = await answerPasskey(options);
      return ask<Session>("/v1/session/passkey", { method: "POST", json: { tenant, credential } });
    },
    onSuccess: entered,
  });
  const byPassword = useMutation({
    mutationFn: ({ account: whole, password, code }: Given) => {
      const who = splitAccount(whole, tenant);
      return ask<Session>("/v1/session/password", {
        method: "POST",
        json: { tenant: who.tenant, login: who.login, password, ...(code ? { code } : {}) },
      });
    },
    onSuccess: entered,
    onError: (error) => {
      if (asProblem(error).code === "code_needed") setNeedsCode(true);
    },
  });

  const error = way === "passkey" ? byPasskey.error : byPassword.error;
  const refused = error && !isGivenUp(error) ? asProblem(error) : null;
  const shown = refused ?? (byPasskey.isIdle && byPassword.isIdle ? fromProvider : null);
  const onlyCode = shown?.code === "code_needed";
  const atOther = door.data && door.data.origin !== window.location.origin;
  return (
    <>
      <h1>{door.data ? t("title", { name: door.data.tenant.name }) : t("titleAlone")}</h1>
      <p>{t("lead")}</p>
      {shown && !onlyCode && (
        <Alert className="sign-in-alert" type="error" showIcon role="alert" title={words(shown)} />
      )}
      <Form<Given>
        form={form}
        layout="vertical"
        size="large"
        requiredMark={false}
        initialValues={{ merchant, account, password: "", code: "" }}
        onFinish={(given) => (way === "passkey" ? byPasskey.mutate() : byPassword.mutate(given))}
      >
        {isUnnamed && (
          <Form.Item name="merchant" label={t("merchant")} extra={t("merchantHint")}>
            <Input
              autoComplete="organization"
              spellCheck={false}
              onBlur={(event) => setMerchant(event.target.value.trim())}
            />
          </Form.Item>
        )}
        <Form.Item
          name="account"
          label={t("account")}
          rules={[{ required: way === "password", message: t("accountMissing") }]}
        >
          <Input
            autoComplete="username webauthn"
            autoFocus
            spellCheck={false}
            placeholder={t("accountHint")}
            onBlur={(event) => setAccount(event.target.value)}
          />
        </Form.Item>
        {way === "passkey" ? (
          <Button
            type="primary"
            htmlType="submit"
            block
            icon={<KeyOutlined />}
            loading={byPasskey.isPending}
            disabled={!hasPasskeys() || !tenant}
          >
            {t("byPasskey")}
          </Button>
        ) : (
          <>
            <Form.Item
              name="password"
              label={t("password")}
              rules={[{ required: true, message: t("passwordMissing") }]}
            >
              <Input.Password autoComplete="current-password" />
            </Form.Item>
            {(needsCode || door.data?.totp === "required") && (
              <Form.Item name="code" label={t("code")} extra={t("codeHint")}>
                <Input autoComplete="one-time-code" inputMode="numeric" maxLength={40} />
              </Form.Item>
            )}
            <Button type="primary" htmlType="submit" block loading={byPassword.isPending}>
              {t("enter")}
            </Button>
          </>
        )}
      </Form>
      <Divider plain>{t("or")}</Divider>
      <div className="sign-in-ways">
        {way === "passkey" ? (
          <Button size="large" icon={<LockOutlined />} onClick={() => setWay("password")}>
            {t("byPassword")}
          </Button>
        ) : (
          <Button size="large" icon={<KeyOutlined />} onClick={() => setWay("passkey")}>
            {t("byPasskey")}
          </Button>
        )}
        {door.data?.provider && (
          <Button
            size="large"
            icon={<TeamOutlined />}
            href={`/v1/session/provider?${new URLSearchParams({ tenant, to: next })}`}
          >
            {t("byProvider")}
          </Button>
        )}
      </div>
      <Alert
        className="sign-in-note"
        type="info"
        showIcon
        title={atOther ? t("otherOrigin", { origin: door.data?.origin }) : t("gradeA")}
      />
    </>
  );
}
