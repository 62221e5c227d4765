import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useSession } from "@/session";
import { ACCOUNT_KEY, useAccount } from "./account";

/** Another password; every other session of the person ends with it. */
export function Password() {
  const { t } = useTranslation("me");
  const { person } = useSession();
  const account = useAccount();
  const notice = useNotice();
  const proven = useProven();
  const words = useProblemWords();
  const [form] = Form.useForm<{ password: string }>();
  const change = useMutation({
    mutationFn: async (password: string) => {
      let isDone = false;
      await proven(async () => {
        await ask<undefined>("/v1/people/me/password", { method: "POST", json: { password } });
        isDone = true;
      });
      return isDone;
    },
    onSuccess: async (isDone) => {
      if (!isDone) return;
      form.resetFields();
      notice.done(t("passwordChanged"));
      await queries.invalidateQueries({ queryKey: ["me"] });
      await queries.invalidateQueries({ queryKey: ACCOUNT_KEY });
    },
  });
  return (
    <Card
      title={t("password")}
      note={account.data && t(account.data.password ? "passwordOn" : "passwordOff")}
    >
      {change.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(change.error))} />
      )}
      <Form<{ password: string }>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={({ password }) => change.mutate(password)}
      >
        <input type="text" autoComplete="username" value={person.login} readOnly hidden />
        <Form.Item
          name="password"
          label={t("newPassword")}
          extra={t("newPasswordNote")}
          rules={[{ required: true, message: t("passwordMissing") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button htmlType="submit" loading={change.isPending}>
          {t("changePassword")}
        </Button>
      </Form>
    </Card>
  );
}
