import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { renewSession, useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import type { Session } from "@/session";
import { ACCOUNT_KEY, useAccount } from "./account";

interface Offer {
  secret: string;
  uri: string;
  qr_svg: string;
}

/** Codes of an authenticator app beside the password. */
export function Codes() {
  const { t } = useTranslation("me");
  const account = useAccount();
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const words = useProblemWords();
  const [offer, setOffer] = useState<Offer>();
  const [recovery, setRecovery] = useState<readonly string[]>([]);
  const begin = useMutation({
    mutationFn: () => proven(() => ask<Offer>("/v1/people/me/totp/options", { method: "POST" })),
    onSuccess: (made) => setOffer(made),
    onError: (error) => notice.failed(error),
  });
  const enrol = useMutation({
    mutationFn: (code: string) =>
      ask<{ codes: string[]; session: Session }>("/v1/people/me/totp", {
        method: "POST",
        json: { code },
      }),
    onSuccess: async ({ codes, session }) => {
      renewSession(session);
      setRecovery(codes);
      setOffer(undefined);
      await queries.invalidateQueries({ queryKey: ACCOUNT_KEY });
    },
  });
  const remove = useMutation({
    mutationFn: async () => {
      const isMeant = await confirm({
        title: t("stopCodesAsk"),
        act: t("stopCodes"),
        isDanger: true,
      });
      if (isMeant) await proven(() => ask<undefined>("/v1/people/me/totp", { method: "DELETE" }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ACCOUNT_KEY }),
    onError: (error) => notice.failed(error),
  });

  const has = account.data?.totp ?? false;
  return (
    <Card title={t("codes")} note={t(has ? "codesOn" : "codesOff")}>
      {recovery.length > 0 && (
        <>
          <Alert type="warning" showIcon title={t("recoveryNote")} />
          <ul className="me-codes">
            {recovery.map((code) => (
              <li key={code}>{code}</li>
            ))}
          </ul>
        </>
      )}
      {offer && (
        <div className="me-offer">
          <img
            alt={t("qr")}
            src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(offer.qr_svg)}`}
          />
          <Form<{ code: string }>
            layout="vertical"
            requiredMark={false}
            onFinish={({ code }) => enrol.mutate(code)}
          >
            <p className="note">{t("offerNote")}</p>
            <p className="mono">{offer.secret}</p>
            {enrol.error && (
              <Alert type="error" showIcon role="alert" title={words(asProblem(enrol.error))} />
            )}
            <Form.Item
              name="code"
              label={t("code")}
              rules={[{ required: true, message: t("codeMissing") }]}
            >
              <Input autoComplete="one-time-code" inputMode="numeric" maxLength={6} />
            </Form.Item>
            <Button type="primary" htmlType="submit" loading={enrol.isPending}>
              {t("enrol")}
            </Button>
          </Form>
        </div>
      )}
      {!offer && (
        <div className="me-acts">
          <Button loading={begin.isPending} onClick={() => begin.mutate()}>
            {t(has ? "newApp" : "beginCodes")}
          </Button>
          {has && account.data?.required !== "required" && (
            <Button danger loading={remove.isPending} onClick={() => remove.mutate()}>
              {t("stopCodes")}
            </Button>
          )}
        </div>
      )}
    </Card>
  );
}
