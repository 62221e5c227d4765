import { KeyOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, App, Button, Divider, Form, Input } from "antd";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { ask, setCsrf } from "@/client";
import { answerPasskey, hasPasskeys, isGivenUp, type PasskeyOptions } from "@/passkey";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { SESSION_KEY, type Session } from "@/session";
import { useProblemWords } from "./problem-note";

interface Ways {
  options: PasskeyOptions | null;
  password: boolean;
  totp: boolean;
}

/** Put a session that goes on under another cookie and token in force. */
export function renewSession(session: Session): void {
  setCsrf(session.csrf);
  queries.setQueryData([...SESSION_KEY], session);
}

/**
 * Do what may ask for a fresh proof: when the hub answers `step_up`, the person proves who he is
 * and the act is tried once more. Undefined when he gave up.
 */
export function useProven(): <T>(act: () => Promise<T>) => Promise<T | undefined> {
  const { modal } = App.useApp();
  const { t } = useTranslation("me");
  return useCallback(
    async <T,>(act: () => Promise<T>) => {
      try {
        return await act();
      } catch (error) {
        if (asProblem(error).code !== "step_up") throw error;
      }
      const ways = await ask<Ways>("/v1/session/step-up/options", { method: "POST" });
      const isProven = await new Promise<boolean>((answer) => {
        const box = modal.info({
          title: t("prove"),
          icon: null,
          width: 416,
          footer: null,
          closable: true,
          mask: { closable: true },
          afterClose: () => answer(false),
          content: (
            <Proof
              ways={ways}
              onProven={(session) => {
                renewSession(session);
                answer(true);
                box.destroy();
              }}
            />
          ),
        });
      });
      return isProven ? act() : undefined;
    },
    [modal, t],
  );
}

function Proof({ ways, onProven }: { ways: Ways; onProven: (session: Session) => void }) {
  const { t } = useTranslation("me");
  const words = useProblemWords();
  const prove = useMutation({
    mutationFn: async (given: { password: string; code: string } | null) => {
      const json = given ?? { credential: await answerPasskey(ways.options ?? {}) };
      return ask<Session>("/v1/session/step-up", { method: "POST", json });
    },
    onSuccess: onProven,
  });
  const isOffered = ways.options !== null && hasPasskeys();
  return (
    <>
      <p className="note">{t("proveNote")}</p>
      {prove.error && !isGivenUp(prove.error) && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(prove.error))} />
      )}
      {isOffered && (
        <Button type="primary" block icon={<KeyOutlined />} onClick={() => prove.mutate(null)}>
          {t("byPasskey")}
        </Button>
      )}
      {isOffered && ways.password && <Divider plain>{t("or")}</Divider>}
      {ways.password && (
        <Form<{ password: string; code: string }>
          layout="vertical"
          requiredMark={false}
          initialValues={{ password: "", code: "" }}
          onFinish={(given) => prove.mutate(given)}
        >
          <Form.Item
            name="password"
            label={t("password")}
            rules={[{ required: true, message: t("passwordMissing") }]}
          >
            <Input.Password autoComplete="current-password" autoFocus={!isOffered} />
          </Form.Item>
          {ways.totp && (
            <Form.Item name="code" label={t("code")}>
              <Input autoComplete="one-time-code" inputMode="numeric" />
            </Form.Item>
          )}
          <Button
            type={isOffered ? "default" : "primary"}
            block
            htmlType="submit"
            loading={prove.isPending}
          >
            {t("proveByPassword")}
          </Button>
        </Form>
      )}
    </>
  );
}
