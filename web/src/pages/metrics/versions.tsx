import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { compareMetricOptions } from "@/api/@tanstack/react-query.gen";
import { retireMetric } from "@/api/sdk.gen";
import type { Differing, Metric, MetricShown, MetricVersion } from "@/api/types.gen";
import { dated } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { SendBack } from "@/parts/draft-approval";
import { ProblemNote } from "@/parts/problem-note";
import { SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { useValueWords } from "@/pages/asset/model";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { dayBefore, figure, titleOf } from "./model";

/** The timeline of a metric's formulas: which held when, who approved it; two side by side. */
export function Versions({ shown }: { shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const mayApprove = useMay("metric.approve");
  const [picked, pick] = useState<number>();
  const [isRetiring, retire] = useState(false);
  const { versions } = shown;
  const before = (one: MetricVersion) => versions[versions.indexOf(one) + 1]?.version;
  const chosen = versions.find((one) => one.version === picked);
  const was = chosen && before(chosen);
  return (
    <Card
      title={t("versions")}
      extra={
        mayApprove &&
        shown.version > 0 && (
          <Button size="small" danger onClick={() => retire(true)}>
            {t("retire")}
          </Button>
        )
      }
    >
      <ol className="metric-versions">
        {versions.map((one) => (
          <li key={one.version} data-holds={one.version === shown.version}>
            <b>{one.version ? `v${one.version}` : t("shipped")}</b>
            {one.version === shown.version && <ToneTag tone="kept">{t("holds")}</ToneTag>}
            {one.retired && <ToneTag tone="excused">{t("retired", { at: dated(one.retired) })}</ToneTag>}
            <span className="note">
              {one.version
                ? t("approved", { from: dated(one.effective), who: one.approved_by, by: one.drafted_by })
                : t("withProduct")}
            </span>
            <DigestText hex={one.digest} />
            {before(one) !== undefined && (
              <Button size="small" onClick={() => pick(picked === one.version ? undefined : one.version)}>
                {t(picked === one.version ? "hideDiff" : "showDiff")}
              </Button>
            )}
            {one.reason && <span className="note">{one.reason}</span>}
          </li>
        ))}
      </ol>
      {chosen && was !== undefined && shown.may_see && (
        <Difference metric={shown.metric} was={was} now={chosen.version} />
      )}
      {isRetiring && (
        <SendBack
          words={{ title: t("retireAsk"), act: t("retire"), reason: t("reason") }}
          onSend={async (reason) => {
            await retireMetric({ path: { code: shown.metric.code }, body: { reason } });
            await queries.invalidateQueries();
          }}
          onClose={() => retire(false)}
        />
      )}
    </Card>
  );
}

function Difference({ metric, was, now }: { metric: Metric; was: number; now: number }) {
  const by = metric.dimensions?.[0]?.name ?? "";
  const read = useQuery(
    compareMetricOptions({
      path: { code: metric.code },
      query: { was, now, by, since: dayBefore(29), until: dayBefore(0) },
    }),
  );
  if (read.error) return <ProblemNote problem={asProblem(read.error)} />;
  if (!read.data) return null;
  return <Differences differing={read.data} metric={metric} />;
}

/** How two formulas differ: as they are written, and in what they come to. */
export function Differences({ differing, metric }: { differing: Differing; metric: Metric }) {
  const { t } = useTranslation("metrics");
  const words = useValueWords();
  const say = (value: number | null | undefined) => figure(metric.code, metric.unit ?? "", value);
  const [by = ""] = differing.by;
  const title = (metric.dimensions ?? []).find((one) => one.name === by)?.title;
  return (
    <div className="metric-difference">
      <ul aria-label={t("edits")}>
        {differing.edits.length === 0 && <li className="note">{t("noEdits")}</li>}
        {differing.edits.map((one, at) => (
          <li key={at}>
            <span className="note">{t(`fields.${one.field.split("/")[0] ?? ""}`, { defaultValue: one.field })}</span>
            {one.was && <del>{one.was}</del>}
            {one.now && <ins>{one.now}</ins>}
          </li>
        ))}
      </ul>
      <p>
        {t("fromTo", { was: say(differing.was), now: say(differing.now) })}
        <span className="note"> {t("sameRows", { count: differing.same })}</span>
      </p>
      <SmallTable
        caption={t("changedFigures")}
        columns={[
          { key: "key", title: titleOf(title, by), render: (row) => words(by, row.keys[0] ?? "") },
          { key: "was", title: t("was"), render: (row) => say(row.was), isNumber: true },
          { key: "now", title: t("now"), render: (row) => say(row.now), isNumber: true },
        ]}
        rows={differing.rows}
        keyOf={(row) => row.keys.join("/")}
        empty={t("noChange")}
      />
    </div>
  );
}
