import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Radio } from "antd";
import { useTranslation } from "react-i18next";
import { changeMerchant } from "@/api/sdk.gen";
import type { Merchant } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";

interface Given {
  name: string;
  totp: "required" | "optional";
}

/** The merchant's name, and whether a code is asked beside a password. */
export function Settings({ merchant }: { merchant: Merchant }) {
  const { t } = useTranslation("merchant");
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const mayWrite = useMay("merchant.write");
  const keep = useMutation({
    mutationFn: (given: Given) =>
      proven(async () => {
        await changeMerchant({ body: given });
        return true;
      }),
    onSuccess: async (isDone) => {
      if (!isDone) return;
      notice.done(t("kept"));
      await queries.invalidateQueries();
    },
  });
  return (
    <Card title={t("settings")}>
      {keep.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />
      )}
      <Form<Given>
        layout="vertical"
        requiredMark={false}
        disabled={!mayWrite}
        initialValues={merchant}
        onFinish={(given) => keep.mutate(given)}
      >
        <Form.Item
          name="name"
          label={t("name")}
          extra={t("nameHint")}
          rules={[{ required: true, whitespace: true, message: t("nameMissing") }]}
        >
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item name="totp" label={t("totpLabel")} extra={t("totpHint")}>
          <Radio.Group
            options={(["required", "optional"] as const).map((value) => ({
              value,
              label: t(`totp.${value}`),
            }))}
          />
        </Form.Item>
        {mayWrite && (
          <Button type="primary" htmlType="submit" loading={keep.isPending}>
            {t("keep")}
          </Button>
        )}
      </Form>
      <p className="note merchant-origin">{t("origin", { origin: merchant.origin })}</p>
    </Card>
  );
}
