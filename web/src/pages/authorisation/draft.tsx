import { ExperimentOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, InputNumber, Modal, Tooltip } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { publishPolicies, tryPolicies } from "@/api/sdk.gen";
import type { DryRun, Policies } from "@/api/types.gen";
import { BehindNote } from "@/parts/behind-note";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { useProblemWords } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { useDraft } from "@/parts/use-draft";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Subject } from "./subject";

const EXAMPLE = `// 大额订单只由财务取消
@id("own.cancel-large")
forbid (
  principal is Person,
  action == Action::"order.cancel",
  resource
) when {
  context has amount_fen && context.amount_fen > 100000
} unless {
  principal in Role::"finance"
};
`;

/** 自有策略: write, try dry, publish. Only a text that was tried may be published. */
export function Draft({ policies }: { policies: Policies }) {
  const { t } = useTranslation("authorisation");
  const words = useProblemWords();
  const mayWrite = useMay("policy.write");
  const draft = useDraft(policies.version, policies.text);
  const { value: text, set: setText, isDirty } = draft;
  const [fen, setFen] = useState<number | null>(null);
  const [isPublishing, setPublishing] = useState(false);
  useUnsaved(isDirty);
  const dry = useMutation({
    mutationFn: async (given: { text: string; fen: number | null }) => {
      const contexts = given.fen === null ? [] : [{ amount_fen: given.fen }];
      const { data } = await tryPolicies({ body: { text: given.text, contexts } });
      return { text: given.text, run: data };
    },
  });
  const tried = dry.data?.text === text ? dry.data.run : undefined;
  const why = !isDirty
    ? t("own.same")
    : !tried
      ? t("own.untried")
      : tried.locks_out
        ? t("own.locksOut")
        : "";
  return (
    <div className="rights-own">
      <Card title={t("own.title")} note={t("own.note")}>
        <Input.TextArea
          className="rights-text"
          aria-label={t("own.title")}
          spellCheck={false}
          rows={18}
          value={text}
          readOnly={!mayWrite}
          onChange={(event) => setText(event.target.value)}
        />
        <div className="rights-acts">
          <Button
            icon={<ExperimentOutlined />}
            loading={dry.isPending}
            onClick={() => dry.mutate({ text, fen })}
          >
            {t("own.try")}
          </Button>
          <InputNumber<number>
            prefix="¥"
            min={0}
            precision={2}
            aria-label={t("own.sample")}
            placeholder={t("own.sample")}
            value={fen === null ? null : fen / 100}
            onChange={(value) => setFen(value === null ? null : Math.round(value * 100))}
          />
          {mayWrite && !text && (
            <Button type="link" onClick={() => setText(EXAMPLE)}>
              {t("own.example")}
            </Button>
          )}
          {mayWrite && (
            <Tooltip title={why}>
              <Button
                type="primary"
                className={why ? "refused" : ""}
                aria-disabled={why !== ""}
                onClick={() => !why && setPublishing(true)}
              >
                {t("own.publish")}
              </Button>
            </Tooltip>
          )}
        </div>
        <BehindNote draft={draft} version={policies.version} />
        {why && mayWrite && <p className="note">{why}</p>}
      </Card>
      <Card title={t("own.result")} note={tried ? t("own.fits") : undefined}>
        {dry.error && (
          <Alert
            type="error"
            showIcon
            role="alert"
            title={words(asProblem(dry.error))}
            description={<span className="mono">{asProblem(dry.error).detail}</span>}
          />
        )}
        {!tried && !dry.error && <p className="note">{t("own.nothingTried")}</p>}
        {tried && <Result run={tried} />}
      </Card>
      {isPublishing && (
        <Publish
          text={text}
          base={draft.base}
          changes={tried?.shifts.length ?? 0}
          onPublished={(version) => draft.publish(version, text)}
          onClose={() => setPublishing(false)}
        />
      )}
    </div>
  );
}

function Result({ run }: { run: DryRun }) {
  const { t } = useTranslation(["authorisation", "rights"]);
  const word = (action: string) => t(`rights:${action}`, { defaultValue: action });
  return (
    <>
      {run.locks_out && <Alert type="error" showIcon role="alert" title={t("own.locksOut")} />}
      <p role="status">
        {t(run.shifts.length ? "own.changes" : "own.noChanges", {
          count: run.shifts.length,
          unchanged: run.unchanged,
        })}
      </p>
      <ul className="rights-shifts">
        {run.shifts.map((shift) => (
          <li key={`${shift.who.kind}/${shift.who.id}`}>
            <Subject who={shift.who} />
            {shift.gains.length > 0 && (
              <p data-tone="kept">
                {t("own.gains")} {shift.gains.map(word).join(t("comma"))}
              </p>
            )}
            {shift.losses.length > 0 && (
              <p data-tone="risk">
                {t("own.losses")} {shift.losses.map(word).join(t("comma"))}
              </p>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

interface PublishProps {
  text: string;
  base: number;
  changes: number;
  onPublished: (version: number) => void;
  onClose: () => void;
}

function Publish(props: PublishProps) {
  const { t } = useTranslation(["authorisation", "common"]);
  const words = useProblemWords();
  const notice = useNotice();
  const proven = useProven();
  const [form] = Form.useForm<{ note: string }>();
  const publish = useMutation({
    mutationFn: (given: { note: string }) =>
      proven(async () => {
        const body = { text: props.text, note: given.note, base: props.base };
        const { data } = await publishPolicies({ body });
        return data.version;
      }),
    onSuccess: async (version) => {
      if (version === undefined) return;
      props.onPublished(version);
      notice.done(t("own.published", { version }));
      props.onClose();
      await queries.invalidateQueries();
    },
  });
  return (
    <Modal
      open
      width={416}
      title={t("own.ask", { version: props.base + 1 })}
      okText={t("own.publishIt", { version: props.base + 1 })}
      cancelText={t("common:acts.back")}
      confirmLoading={publish.isPending}
      onOk={() => form.submit()}
      onCancel={props.onClose}
    >
      <p>{t("own.effect", { count: props.changes })}</p>
      {publish.error && (
        <Alert type="error" showIcon role="alert" title={words(asProblem(publish.error))} />
      )}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ note: "" }}
        onFinish={(given: { note: string }) => publish.mutate(given)}
      >
        <Form.Item
          name="note"
          label={t("own.why")}
          rules={[{ required: true, whitespace: true, message: t("own.whyMissing") }]}
        >
          <Input maxLength={200} autoFocus />
        </Form.Item>
      </Form>
    </Modal>
  );
}
