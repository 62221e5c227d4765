import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, Button, Checkbox, Form, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import type { LinkSettings } from "@/api/types.gen";
import { ask } from "@/client";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote, useProblemWords } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import "@/parts/settings.css";

const PATH = "/v1/link-settings";
const KEY = ["link-settings"] as const;
const DAYS_MAX = 365;

/** 客户链接: how long customers' links open, and whether packing slips carry one. */
export default function CustomerLinks() {
  const { t } = useTranslation("customerLinks");
  const read = useQuery({ queryKey: KEY, queryFn: ({ signal }) => ask<LinkSettings>(PATH, { signal }) });
  const found = read.data;
  return (
    <>
      <PageHead
        fact={found && t(found.slip ? "factSlip" : "factNoSlip", { count: found.days })}
      />
      {read.error && (
        <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
      )}
      {read.isPending && <Skeleton kind="card" />}
      {found && (
        <div className="settings-columns">
          <Settings key={`${found.days} ${String(found.slip)}`} found={found} />
          <Card title={t("meaning")}>
            <ul className="settings-notes">
              {(["shows", "counts", "ends", "revokes"] as const).map((name) => (
                <li key={name}>{t(`notes.${name}`)}</li>
              ))}
            </ul>
          </Card>
        </div>
      )}
    </>
  );
}

function Settings({ found }: { found: LinkSettings }) {
  const { t } = useTranslation(["customerLinks", "rights"]);
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const mayWrite = useMay("merchant.write");
  const keep = useMutation({
    mutationFn: (json: LinkSettings) =>
      proven(() => ask<LinkSettings>(PATH, { method: "PUT", json })),
    onSuccess: (kept) => {
      if (!kept) return;
      queries.setQueryData(KEY, kept);
      notice.done(t("kept", { count: kept.days }));
    },
  });
  return (
    <Card title={t("settings")}>
      {keep.error && <Alert type="error" showIcon role="alert" title={words(asProblem(keep.error))} />}
      {!mayWrite && (
        <Alert type="info" showIcon title={t("mayNot", { right: t("rights:merchant.write") })} />
      )}
      <Form<LinkSettings>
        layout="vertical"
        requiredMark={false}
        disabled={!mayWrite}
        initialValues={found}
        onFinish={(given) => keep.mutate(given)}
      >
        <Form.Item
          name="days"
          label={t("days")}
          extra={t("daysHint")}
          rules={[
            { required: true, type: "integer", min: 1, max: DAYS_MAX, message: t("daysWrong") },
          ]}
        >
          <InputNumber suffix={t("daysUnit")} className="settings-number" />
        </Form.Item>
        <Form.Item name="slip" valuePropName="checked" extra={t("slipHint")}>
          <Checkbox>{t("slip")}</Checkbox>
        </Form.Item>
        <Button
          type="primary"
          htmlType="submit"
          loading={keep.isPending}
          title={mayWrite ? undefined : t("mayNot", { right: t("rights:merchant.write") })}
        >
          {t("keep")}
        </Button>
      </Form>
    </Card>
  );
}
