import { CheckOutlined, LockOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { AssetPage, AssetRuns, GateAnswer } from "@/api/types.gen";
import { ask } from "@/client";
import { bytes, count, dated, decimal } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { ProblemNote } from "@/parts/problem-note";
import { ShareBar } from "@/parts/share-bar";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { apiOf, KEY, titleOf, useGate } from "./model";

const DIALECTS = ["duckdb", "postgres", "clickhouse", "spark"] as const;
const DIMENSIONS = ["completeness", "uniqueness", "validity", "timeliness", "consistency"] as const;
const RUNS = 5;

/** What this person may do with it, as the gate says before anybody tries. */
export function Mine({ page }: { page: AssetPage }) {
  const { t } = useTranslation("asset");
  const gate = useGate(page.asset.name);
  return (
    <Card title={t("mine")}>
      {gate.error ? (
        <ProblemNote problem={asProblem(gate.error)} onRetry={() => void gate.refetch()} />
      ) : gate.data ? (
        <ul className="asset-mine">
          {gate.data.acts.map((one) => (
            <Chip key={`${one.act} ${one.form}`} one={one} />
          ))}
        </ul>
      ) : (
        <Skeleton kind="rows" rows={2} />
      )}
    </Card>
  );
}

function Chip({ one }: { one: GateAnswer }) {
  const { t } = useTranslation("asset");
  const needs = one.needs ?? [];
  const why =
    one.state === "conditions"
      ? t("needs", { what: needs.map((need) => t(`need.${need.code}`, { defaultValue: need.code })).join(t("and")) })
      : one.state === "refused"
        ? t(`refused.${one.code}`, { defaultValue: t("refused.other") })
        : "";
  const act = t(`acts.${one.act}_${one.form}`);
  return (
    <li data-state={one.state} title={one.clause || undefined}>
      {one.state === "passed" ? <CheckOutlined aria-label={t("allowed")} /> : <LockOutlined aria-label={t("locked")} />}
      {why ? t("actWhy", { act, why }) : act}
    </li>
  );
}

/** The checks of the last build, and a score for each dimension. */
export function QualityCard({ page }: { page: AssetPage }) {
  const { t } = useTranslation("asset");
  const { quality } = page;
  const titles = new Map(page.columns.map((column) => [column.name, titleOf(column)]));
  const findings = quality.findings ?? [];
  const failed = findings.filter((one) => !one.passed);
  return (
    <Card title={t("quality")} note={t("checked", { count: findings.length })}>
      {DIMENSIONS.filter((one) => (quality[one] ?? -1) >= 0).map((one) => (
        <div key={one} className="asset-dimension">
          <span>{t(`dimensions.${one}`)}</span>
          <ShareBar share={(quality[one] ?? 0) / 100} label={t(`dimensions.${one}`)} />
          <b>{quality[one]}</b>
        </div>
      ))}
      {failed.length === 0 && findings.length > 0 && <p className="note">{t("allPassed")}</p>}
      <ul className="asset-findings">
        {failed.map((one) => (
          <li key={`${one.code} ${one.column}`}>
            {t(`checks.${one.code}`, {
              column: titles.get(one.column ?? "") ?? one.column ?? "",
              wrong: count(one.wrong),
              of: count(one.of),
              defaultValue: one.code,
            })}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The sources that it reads, and its last builds. */
export function Sources({ page }: { page: AssetPage }) {
  const { t } = useTranslation("asset");
  const { name, run } = page.asset;
  const runs = useQuery({
    queryKey: [...KEY, name, "runs", run],
    queryFn: ({ signal }) => ask<AssetRuns>(`${apiOf(name, "/runs")}?limit=${RUNS}`, { signal }),
  });
  return (
    <Card title={t("sources")} note={t("sourcesNote", { count: page.inputs.length })}>
      <ul className="asset-sources">
        {page.inputs.map((one) => (
          <li key={one.name} title={one.facts.join(" ") || undefined}>
            <span>{t(`source.${one.name}`, { defaultValue: one.name })}</span>
            <span className="note">
              {t("rowsOf", { count: one.rows, size: bytes(one.size) })}
            </span>
          </li>
        ))}
      </ul>
      {page.inputs.some((one) => one.facts.length === 0) && <p className="note">{t("fromMasters")}</p>}
      {(runs.data?.items.length ?? 0) > 0 && (
        <>
          <h3>{t("runs")}</h3>
          <ul className="asset-sources">
            {runs.data?.items.map((one) => (
              <li key={one.run}>
                <span>{dated(one.began)}</span>
                <span className="note" title={one.trouble || undefined}>
                  {one.outcome === "built"
                    ? t("ran", { count: one.rows, seconds: decimal(one.seconds, 1) })
                    : t("ranFailed")}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** How it is reckoned: what each figure is, the query in each engine's words. */
export function Formula({ page }: { page: AssetPage }) {
  const { t } = useTranslation("asset");
  const [dialect, setDialect] = useState<(typeof DIALECTS)[number]>("duckdb");
  const text = page.sql[dialect];
  return (
    <Card title={t("formula")} extra={<Link to="/assets/metrics">{t("metrics")}</Link>}>
      <dl className="asset-columns">
        {page.columns.map((column) => (
          <div key={column.name}>
            <dt>
              {titleOf(column)} <code>{column.name}</code>
            </dt>
            <dd>
              {t(`roles.${column.role}`)}
              {column.unit && ` · ${t(`units.${column.unit}`)}`} · L{column.level}
              {column.tolerant && ` · ${t("tolerant")}`}
            </dd>
          </div>
        ))}
      </dl>
      <Segmented
        size="small"
        aria-label={t("dialect")}
        value={dialect}
        options={DIALECTS.map((one) => ({ value: one, label: t(`dialects.${one}`) }))}
        onChange={setDialect}
      />
      {(dialect === "spark" || dialect === "clickhouse") && <p className="note">{t("untried")}</p>}
      {text ? (
        <pre className="asset-sql" tabIndex={0} aria-label={t("sql")}>
          {text}
        </pre>
      ) : (
        <p className="note">{t("noSql")}</p>
      )}
      {page.asset.run && (
        <p className="note">
          {t("run")} <DigestText hex={page.asset.run.replaceAll("-", "")} />
        </p>
      )}
    </Card>
  );
}
