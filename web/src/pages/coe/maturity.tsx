import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { MaturityReport, MaturityRow } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, duration, share } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { KEY, PATH, ratio } from "./words";

const TONES = { yes: "kept", partly: "risk", no: "broken" } as const;
const SECOND_MS = 1_000;
/** Longer than this nothing was ever sealed. */
const NEVER_S = 2_147_483_647;

/** 成熟度: the three stages of the road map against what is there. */
export function Maturity() {
  const { t, i18n } = useTranslation("coe");
  const isEnglish = i18n.language.startsWith("en");
  const found = useQuery({
    queryKey: [...KEY, "maturity"],
    queryFn: ({ signal }) => ask<MaturityReport>(`${PATH}/maturity`, { signal }),
  });
  if (found.error)
    return <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton kind="rows" rows={8} />;
  const figure = (value: number | null, unit: MaturityRow["unit"]) => {
    if (value === null) return t("met.none");
    if (unit === "thousandths") return share(ratio(value), 1);
    if (unit === "seconds") return value === NEVER_S ? t("never") : duration(value * SECOND_MS);
    return count(value);
  };
  const columns: SmallColumn<MaturityRow>[] = [
    {
      key: "what",
      title: t("columns.criterion"),
      render: (one) => <Link to={one.link}>{isEnglish ? one.en : one.zh}</Link>,
    },
    { key: "value", title: t("columns.found"), render: (one) => figure(one.value, one.unit), isNumber: true },
    {
      key: "yes",
      title: t("columns.asked"),
      render: (one) => `${one.is_less ? "≤" : "≥"} ${figure(one.yes, one.unit)}`,
      isNumber: true,
    },
    {
      key: "met",
      title: t("columns.met"),
      render: (one) => <ToneTag tone={TONES[one.met]}>{t(`maturity.${one.met}`)}</ToneTag>,
    },
    {
      key: "missing",
      title: t("columns.missing"),
      render: (one) => (isEnglish ? one.missing_en : one.missing_zh),
    },
  ];
  return (
    <>
      <p className="note">
        {t(found.data.reached ? "reached" : "reachedNone", { stage: found.data.reached, at: brief(found.data.at) })}
      </p>
      {found.data.stages.map((stage) => (
        <Card
          key={stage.stage}
          title={t("stage", { n: stage.stage, name: isEnglish ? stage.en : stage.zh })}
          note={t("stageFact", { met: stage.met, partly: stage.partly, of: stage.of })}
          isFlush
        >
          <SmallTable
            caption={t("criteria", { n: stage.stage })}
            columns={columns}
            rows={found.data.rows.filter((row) => row.stage === stage.stage)}
            keyOf={(row) => row.code}
            empty={t("met.none")}
          />
        </Card>
      ))}
    </>
  );
}
