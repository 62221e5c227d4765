import { KeyOutlined, LockOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Divider, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { near } from "@/format";
import { hasPasskeys, isGivenUp, makePasskey, type PasskeyOptions } from "@/passkey";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import type { Session } from "@/session";

const PASSWORD_CHARS_MIN = 10;

interface Invitation {
  tenant: { code: string; name: string };
  kind: string;
  login: string;
  name: string;
  number: string;
  roles: string[];
  ends: string;
  totp: string;
  origin: string;
}

interface Props {
  token: string;
  onEntered: (session: Session) => void;
  onGivenUp: () => void;
}

/** Come in by a link: make a passkey, or choose a password. The link works once. */
export function Join({ token, onEntered, onGivenUp }: Props) {
  const { t } = useTranslation(["sign-in", "common"]);
  const words = useProblemWords();
  const [byWord, setByWord] = useState(false);
  const invitation = useQuery({
    queryKey: ["invitation", token],
    queryFn: () => ask<Invitation>("/v1/invitations/look", { method: "POST", json: { token } }),
    retry: false,
    staleTime: Infinity,
  });
  const byPasskey = useMutation({
    mutationFn: async () => {
      const { options } = await ask<{ options: PasskeyOptions }>(
        "/v1/invitations/passkey/options",
        { method: "POST", json: { token } },
      );
      const credential = await makePasskey(options);
      const json = { token, name: t("firstPasskey"), credential };
      return ask<Session>("/v1/invitations/passkey", { method: "POST", json });
    },
    onSuccess: onEntered,
  });
  const byPassword = useMutation({
    mutationFn: (password: string) =>
      ask<Session>("/v1/invitations/password", { method: "POST", json: { token, password } }),
    onSuccess: onEntered,
  });

  if (invitation.error) {
    return (
      <>
        <h1>{t("linkSpent")}</h1>
        <ProblemNote problem={asProblem(invitation.error)} />
        <Button className="sign-in-note" onClick={onGivenUp}>
          {t("toSignIn")}
        </Button>
      </>
    );
  }
  const held = invitation.data;
  if (!held) return null;
  const error = byWord ? byPassword.error : byPasskey.error;
  const roles = held.roles.map((role) => t(`common:roles.${role}`)).join(t("comma"));
  return (
    <>
      <h1>{t(held.kind === "recover" ? "recoverTitle" : "joinTitle", { name: held.tenant.name })}</h1>
      <p>{t("joinLead", { name: held.name, number: held.number, roles, ends: near(held.ends) })}</p>
      {error && !isGivenUp(error) && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(error))} />
      )}
      {byWord ? (
        <Form<{ password: string }>
          layout="vertical"
          size="large"
          requiredMark={false}
          onFinish={({ password }) => byPassword.mutate(password)}
        >
          <input type="text" autoComplete="username" value={held.login} readOnly hidden />
          <Form.Item
            name="password"
            label={t("newPassword")}
            extra={t("newPasswordHint", { min: PASSWORD_CHARS_MIN })}
            rules={[
              {
                required: true,
                min: PASSWORD_CHARS_MIN,
                message: t("passwordShort", { min: PASSWORD_CHARS_MIN }),
              },
            ]}
          >
            <Input.Password autoComplete="new-password" autoFocus />
          </Form.Item>
          <Button type="primary" htmlType="submit" block loading={byPassword.isPending}>
            {t("joinByPassword")}
          </Button>
        </Form>
      ) : (
        <Button
          type="primary"
          size="large"
          block
          icon={<KeyOutlined />}
          disabled={!hasPasskeys()}
          loading={byPasskey.isPending}
          onClick={() => byPasskey.mutate()}
        >
          {t("joinByPasskey")}
        </Button>
      )}
      <Divider plain>{t("or")}</Divider>
      <div className="sign-in-ways">
        <Button
          size="large"
          icon={byWord ? <KeyOutlined /> : <LockOutlined />}
          onClick={() => setByWord(!byWord)}
        >
          {t(byWord ? "joinByPasskey" : "joinByPassword")}
        </Button>
      </div>
    </>
  );
}
