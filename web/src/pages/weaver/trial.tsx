import { CheckCircleOutlined, SendOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { tryWoven } from "@/api/sdk.gen";
import type { RequestShown, WovenPreview } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { ProblemNote } from "@/parts/problem-note";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { plain, type Preview, type Whole } from "./woven";

const TONES = {
  done: "kept",
  refused: "risk",
  again: "pend",
  pending: "pend",
  broken: "broken",
} as const;

/** What an answer means, as a tag. */
export function Verdict({ verdict }: { verdict: string }) {
  const { t } = useTranslation("weaver");
  const known = verdict as keyof typeof TONES;
  return <ToneTag tone={TONES[known] ?? "broken"}>{t(`verdicts.${known}`)}</ToneTag>;
}

/** How a request leaves, with its secrets masked. */
function Request({ request }: { request: RequestShown }) {
  const { t } = useTranslation("weaver");
  const headers = Object.entries(request.headers ?? {});
  return (
    <pre className="weaver-wire" tabIndex={0} aria-label={t("asSent")}>
      {`${request.method} ${request.url}\n`}
      {headers.map(([name, value]) => `${name}: ${String(value)}\n`)}
      {request.body ? `\n${request.body}` : ""}
    </pre>
  );
}

/** A value as JSON under its name. */
export function Json({ label, value }: { label: string; value: unknown }) {
  return (
    <>
      <h3>{label}</h3>
      <pre className="weaver-wire" tabIndex={0} aria-label={label}>
        {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
      </pre>
    </>
  );
}

/** What the samples give, live. */
export function SamplePart({ preview }: { preview: Preview }) {
  const { t } = useTranslation("weaver");
  const { shown } = preview;
  return (
    <Card
      title={t("onSample")}
      extra={shown && <Verdict verdict={shown.verdict} />}
      note={preview.isBehind ? t("computing") : ""}
    >
      {preview.error && <ProblemNote problem={asProblem(preview.error)} />}
      {shown && (
        <>
          <Request request={shown.request} />
          {shown.reason && <p className="note">{shown.reason}</p>}
          <Json label={t("answer")} value={shown.answer} />
          {shown.readings.length > 0 && <Json label={t("readings")} value={shown.readings.join("\n")} />}
        </>
      )}
    </Card>
  );
}

/** What stands in the way, in words. */
export function ChecksPart({ shown }: { shown: WovenPreview | undefined }) {
  const { t } = useTranslation("weaver");
  if (!shown) return null;
  return (
    <Card title={t("checks")}>
      {shown.findings.length === 0 ? (
        <p className="weaver-fine">
          <CheckCircleOutlined aria-hidden /> {t("fine")}
        </p>
      ) : (
        <ul className="weaver-checks" aria-live="polite">
          {shown.findings.map((one) => (
            <li key={`${one.code}${one.pointer}`} data-severity={one.severity}>
              {t(`findings.${one.code}`, { detail: one.detail })} <code>{one.pointer}</code>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** The far side itself is asked, with the question's sample. */
export function LivePart({ woven, mayTry }: { woven: Whole; mayTry: boolean }) {
  const { t } = useTranslation("weaver");
  const ask = useConfirm();
  const run = useMutation({
    mutationFn: async () => (await tryWoven({ body: { woven: plain(woven) } })).data,
  });
  const send = async () => {
    if (woven.method === "GET" || (await ask({ title: t("tryAsk"), text: t("tryEffect"), act: t("try") })))
      run.mutate();
  };
  return (
    <Card title={t("live")} note={t("liveNote")} extra={run.data && <Verdict verdict={run.data.verdict} />}>
      <Button
        icon={<SendOutlined />}
        disabled={!mayTry}
        loading={run.isPending}
        onClick={() => void send()}
      >
        {t("try")}
      </Button>
      {run.error && <ProblemNote problem={asProblem(run.error)} />}
      {run.data && (
        <div aria-live="polite">
          <Request request={run.data.request} />
          <Json
            label={t("responseOf", {
              status: run.data.response.status,
              ms: run.data.spent_ms,
            })}
            value={run.data.response.body}
          />
          {run.data.reason && <p className="note">{`${run.data.code} ${run.data.reason}`}</p>}
          <Json label={t("answer")} value={run.data.answer} />
        </div>
      )}
    </Card>
  );
}
