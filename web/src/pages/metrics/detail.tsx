import { EditOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { beginMetric } from "@/api/sdk.gen";
import type { MetricShown } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Figures } from "./figures";
import { FormulaSentence, FormulaText } from "./formula";
import { Lineage } from "./lineage";
import { RuleMark } from "./list";
import { titleOf, useCodes } from "./model";
import { Reports } from "./reports";
import { Versions } from "./versions";

/** A metric: its formula in words and as written, what it comes to, its versions, its lineage. */
export function Detail({ shown }: { shown: MetricShown }) {
  const { t } = useTranslation("metrics");
  const codes = useCodes();
  const notice = useNotice();
  const mayWrite = useMay("metric.write");
  const { metric } = shown;
  const begin = useMutation({
    mutationFn: async () => beginMetric({ body: { plan: { metric } } }),
    onSuccess: () => queries.invalidateQueries(),
    onError: notice.failed,
  });
  const rule = metric.rule ?? {};
  return (
    <>
      <Card
        title={titleOf(metric.title, metric.code)}
        note={<span className="mono">{metric.code}</span>}
        extra={
          mayWrite &&
          !shown.draft && (
            <Button
              size="small"
              icon={<EditOutlined />}
              loading={begin.isPending}
              onClick={() => begin.mutate()}
            >
              {t("draftNext")}
            </Button>
          )
        }
      >
        <p className="note">{byLocale(metric.about?.zh ?? "", metric.about?.en ?? "")}</p>
        <FormulaSentence said={shown.said} filter={shown.said_filter} />
        <FormulaText text={metric.expression} columns={shown.columns} />
        {metric.filter && (
          <>
            <span className="note">{t("onlyRows")}</span>
            <FormulaText text={metric.filter} columns={shown.columns} />
          </>
        )}
        <dl className="metric-facts">
          <dt>{t("unit")}</dt>
          <dd>{codes.unit(metric.unit || "none")}</dd>
          <dt>{t("owner")}</dt>
          <dd>{codes.owner(metric.owner ?? "")}</dd>
          <dt>{t("counts")}</dt>
          <dd className="mono">{metric.on || t("otherMetrics")}</dd>
          {metric.time && (
            <>
              <dt>{t("time")}</dt>
              <dd>{titleOf(shown.columns[metric.time], metric.time)}</dd>
            </>
          )}
          {metric.asset && (
            <>
              <dt>{t("asset")}</dt>
              <dd>
                <Link to={`/assets/${metric.asset}`}>{metric.asset}</Link>
              </dd>
            </>
          )}
          {rule.source && (
            <>
              <dt>{t("rule")}</dt>
              <dd>
                {rule.source} {rule.clause}{" "}
                <RuleMark item={{ rule: rule.source, clause: rule.clause ?? "", verified_by: rule.verified_by ?? "" }} />
              </dd>
            </>
          )}
        </dl>
      </Card>
      <Figures shown={shown} />
      <Versions shown={shown} />
      <Lineage shown={shown} />
      <Reports shown={shown} />
    </>
  );
}
