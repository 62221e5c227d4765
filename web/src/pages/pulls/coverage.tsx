import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { PullCoverage, PullSpan, PullWindow, Shop, SkippedNumber } from "@/api/types.gen";
import { ask } from "@/client";
import { count, exact, near } from "@/format";
import { duration } from "@/format/times";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { query } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { PULLS, PULLS_KEY } from "./model";

const HOURS = [24, 168] as const;
const REST_MS = 10_000;
const SOON_MS = 1_000;
const at = Date.parse;
const length = (span: PullSpan) => at(span.upto) - at(span.begins);

/** 覆盖: which windows of a shop's listing were compared, what was left out, which numbers skipped. */
export function Coverage({ shop }: { shop: Shop }) {
  const { t } = useTranslation("pulls");
  const [hours, setHours] = useState<number>(24);
  const asked = { channel: shop.channel, shop: shop.shop, hours };
  const found = useQuery({
    queryKey: [...PULLS_KEY, "coverage", asked],
    queryFn: ({ signal }) => ask<PullCoverage>(`${PULLS}/coverage?${query(asked)}`, { signal }),
    refetchInterval: (kept) => (kept.state.data?.windows.length ? REST_MS : SOON_MS),
  });
  const told = found.data;
  return (
    <Card
      title={t("coverageOf", { name: shop.shop })}
      note={told && summary(told, t("covered"), t("left"))}
      extra={
        <Segmented<number>
          aria-label={t("span")}
          value={hours}
          options={HOURS.map((value) => ({ value, label: t(`spans.${value}`) }))}
          onChange={setHours}
        />
      }
    >
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isLoading && <Skeleton kind="rows" rows={3} />}
      {told && <Whole told={told} isListed={shop.adapter !== ""} />}
    </Card>
  );
}

function summary(told: PullCoverage, covered: string, left: string): string {
  const done = told.windows.reduce((ms, one) => ms + length(one), 0);
  const open = told.uncovered.reduce((ms, one) => ms + length(one), 0);
  if (!done) return "";
  return open ? `${covered} ${duration(done)} · ${left} ${duration(open)}` : `${covered} ${duration(done)}`;
}

function Whole({ told, isListed }: { told: PullCoverage; isListed: boolean }) {
  const { t } = useTranslation("pulls");
  return (
    <div className="pulls-coverage">
      {isListed && <Strip told={told} />}
      {told.uncovered.length > 0 && (
        <p className="pulls-left" role="status">
          {t("uncovered", {
            list: told.uncovered.map((one) => `${near(one.begins)} – ${near(one.upto)}`).join("；"),
          })}
        </p>
      )}
      {isListed && <Windows rows={[...told.windows].reverse()} />}
      <Gaps rows={told.gaps} />
    </div>
  );
}

/** The span as a band: what was compared is filled; where orders were missing it is marked. */
function Strip({ told }: { told: PullCoverage }) {
  const { t } = useTranslation("pulls");
  const since = at(told.since);
  const whole = at(told.as_of) - since;
  const place = (one: PullSpan) => {
    const begins = Math.max(0, (at(one.begins) - since) / whole);
    const upto = Math.min(1, (at(one.upto) - since) / whole);
    return { left: `${begins * 100}%`, width: `${Math.max(0.2, (upto - begins) * 100)}%` };
  };
  return (
    <div>
      <div className="pulls-strip" role="img" aria-label={t("strip", { n: told.windows.length })}>
        {told.windows.map((one) => (
          <i
            key={one.begins}
            style={place(one)}
            data-missing={one.missing > 0 || one.unreadable > 0}
            title={`${exact(one.begins)} – ${exact(one.upto)}`}
          />
        ))}
        {told.uncovered.map((one) => (
          <i key={one.begins} style={place(one)} data-left title={`${exact(one.begins)} – ${exact(one.upto)}`} />
        ))}
      </div>
      <p className="pulls-legend note">
        <span>{near(told.since)}</span>
        <span>
          <i /> {t("legend.covered")} <i data-missing="true" /> {t("legend.missing")} <i data-left /> {t("legend.left")}
        </span>
        <span>{near(told.as_of)}</span>
      </p>
    </div>
  );
}

const SHOWN = 48;

function Windows({ rows }: { rows: readonly PullWindow[] }) {
  const { t } = useTranslation("pulls");
  return (
    <SmallTable<PullWindow>
      caption={t("windows")}
      columns={[
        { key: "span", title: t("window"), render: (one) => `${near(one.begins)} – ${near(one.upto)}` },
        { key: "listed", title: t("listedThere"), render: (one) => count(one.listed), isNumber: true },
        { key: "missing", title: t("missingHere"), render: (one) => count(one.missing), isNumber: true },
        { key: "unreadable", title: t("unreadable"), render: (one) => count(one.unreadable), isNumber: true },
      ]}
      rows={rows.slice(0, SHOWN)}
      keyOf={(one) => one.begins}
      empty={t("noWindows")}
    />
  );
}

/** 缺号: what a shop that counts its own orders skipped. */
function Gaps({ rows }: { rows: readonly SkippedNumber[] }) {
  const { t } = useTranslation("pulls");
  return (
    <SmallTable<SkippedNumber>
      caption={t("gaps")}
      columns={[
        { key: "number", title: t("gap"), render: (one) => <span className="mono">{one.number}</span> },
        { key: "next", title: t("nextNumber"), render: (one) => <span className="mono">{one.next}</span> },
        { key: "seen", title: t("seen"), render: (one) => near(one.seen) },
        {
          key: "state",
          title: t("columns.state"),
          render: (one) =>
            one.finding ? (
              <Link to={`/incidents?tab=items&no=${one.finding}`}>{t("isFinding")}</Link>
            ) : (
              t("mayCome")
            ),
        },
      ]}
      rows={rows}
      keyOf={(one) => one.number}
      empty={t("noGaps")}
    />
  );
}
