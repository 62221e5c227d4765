import { InboxOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, Upload } from "antd";
import { useTranslation } from "react-i18next";
import type { BundleReport } from "@/api/types.gen";
import { ask } from "@/client";
import { count, exact } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";

const TONES = ["success", "error", "warning"] as const;

/** Verify a bundle that somebody brings against the merchant's own keys; nothing is kept. */
export function VerifyCard() {
  const { t } = useTranslation("bundles");
  const work = useMutation({
    mutationFn: (file: File) =>
      ask<BundleReport>("/v1/evidence/verification", {
        method: "POST",
        headers: { "Content-Type": "application/zip" },
        body: file,
      }),
  });
  return (
    <Card title={t("verify.title")} note={t("verify.note")}>
      <Upload.Dragger
        accept=".zip"
        maxCount={1}
        showUploadList={false}
        disabled={work.isPending}
        beforeUpload={(file) => {
          work.mutate(file);
          return false;
        }}
      >
        <p>
          <InboxOutlined /> {t(work.isPending ? "verify.working" : "verify.drop")}
        </p>
      </Upload.Dragger>
      {work.error && <ProblemNote problem={asProblem(work.error)} />}
      {work.data && <Report report={work.data} />}
    </Card>
  );
}

function Report({ report }: { report: BundleReport }) {
  const { t } = useTranslation("bundles");
  return (
    <div className="bundles-report" aria-live="polite">
      <Alert
        type={TONES[report.code] ?? "error"}
        showIcon
        title={t(`verify.codes.${report.code}`)}
        description={t("verify.counts", {
          checks: count(report.checks),
          passed: count(report.passed),
          facts: count(report.facts.length),
          order: report.order || "—",
        })}
      />
      {report.failures.length > 0 && (
        <ul className="bundles-failures">
          {report.failures.map((one) => (
            <li key={`${one.check} ${one.file}`}>
              {t(one.passed === false ? "verify.failed" : "verify.unchecked")}{" "}
              <code>{one.file || "zip"}</code> {t(`checks.${one.check}`)}
            </li>
          ))}
        </ul>
      )}
      {report.facts.length > 0 && (
        <ol className="bundles-facts">
          {report.facts.map((fact) => (
            <li key={fact.index}>
              <code>{fact.type}</code> {exact(fact.occurred)}{" "}
              <span className="note">{fact.subject}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
