import { useTranslation } from "react-i18next";
import type { ForecastRun, ForecastScore } from "@/api/types.gen";
import { count, digest, duration, share } from "@/format";
import { Card } from "@/parts/card";
import { SmallTable } from "@/parts/small-table";
import { ratio } from "./words";

const MILLI = 1_000;
const S_MS = 1_000;

/** How the newest run did where nobody had seen the outcome, method by method. */
export function Scores({ run }: { run: ForecastRun | null }) {
  const { t } = useTranslation("forecasts");
  if (!run) return <p className="note">{t("never")}</p>;
  const effects = Object.entries(run.effects);
  return (
    <>
      <Card title={t("scores")} note={t("scoresNote", { n: count(run.scores[0]?.series ?? 0) })} isFlush>
        <SmallTable
          caption={t("scores")}
          columns={[
            {
              key: "method",
              title: t("columns.method"),
              render: (one: ForecastScore) =>
                one.method === "ours" ? <b>{t("ours")}</b> : t(`methods.${one.method}`),
            },
            { key: "mase", title: "MASE", render: (one) => ratio(one.mase, 3), isNumber: true },
            { key: "rmsse", title: "RMSSE", render: (one) => ratio(one.rmsse, 3), isNumber: true },
            { key: "pinball", title: t("columns.pinball"), render: (one) => ratio(one.pinball, 3), isNumber: true },
            { key: "c80", title: t("band", { n: 80 }), render: (one) => share(one.coverage_80 / MILLI, 1), isNumber: true },
            { key: "c95", title: t("band", { n: 95 }), render: (one) => share(one.coverage_95 / MILLI, 1), isNumber: true },
          ]}
          rows={run.scores}
          keyOf={(one) => one.method}
          empty={t("tooShort")}
        />
      </Card>
      <Card title={t("about")}>
        <dl className="forecasts-facts">
          <dt>{t("learnedFrom")}</dt>
          <dd>{t("since", { day: run.first_day, origins: run.origins })}</dd>
          <dt>{t("took")}</dt>
          <dd>{duration(run.took_s * S_MS)}</dd>
          <dt>{t("fresh")}</dt>
          <dd>{count(run.fresh)}</dd>
          {effects.length > 0 && (
            <>
              <dt>{t("effects")}</dt>
              <dd>{effects.map(([name, value]) => `${t(`days.${name}`)} ×${ratio(value)}`).join(t("and"))}</dd>
            </>
          )}
          <dt>{t("digests")}</dt>
          <dd className="mono">
            {digest(run.data)} · {run.program} · {digest(run.digest)}
          </dd>
        </dl>
      </Card>
    </>
  );
}
