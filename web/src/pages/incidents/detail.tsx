import { BulbOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { FindingChange, FindingItem, Remedied } from "@/api/types.gen";
import { ask } from "@/client";
import { age, count, duration, exact, money } from "@/format";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { query } from "@/parts/use-asked";
import { usePeople } from "@/pages/jobs/use-people";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { useFindingActs } from "./acts";
import { Assign, Reopen, Suppress } from "./asking";
import { Grade, Limit } from "./grade";
import { LIST_KEY, pageOf, useFindingWords } from "./words";

interface Props {
  no: number;
  /** Others of the same cause that wait, this one too. */
  group?: { incident: string; open: number; change: FindingChange | null } | undefined;
}

/** One finding: what and why, evidence, steps, and what the remedy would do. */
export function Detail({ no, group }: Props) {
  const { t } = useTranslation("incidents");
  const found = useQuery({
    queryKey: [...LIST_KEY, "one", no],
    queryFn: ({ signal }) => ask<FindingItem>(`/v1/findings/${no}`, { signal }),
  });
  if (found.error) {
    return (
      <Card title={t("detail")}>
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      </Card>
    );
  }
  if (!found.data) return <Skeleton kind="card" />;
  return <Whole one={found.data} group={group} />;
}

function Whole({ one, group }: { one: FindingItem; group: Props["group"] }) {
  const { t } = useTranslation("incidents");
  const words = useFindingWords();
  const mayWork = useMay("finding.work");
  const nameOf = usePeople();
  const isOver = one.state === "done";
  return (
    <Card title={words.kind(one.kind)} extra={<Grade grade={one.grade} />} className="incidents-detail">
      <p className="incidents-cause">{words.cause(one)}</p>
      <dl className="incidents-facts">
        {one.order && (
          <>
            <dt>{t("order")}</dt>
            <dd>
              <Link to={`/orders/${one.order}`}>{one.number || t("openOrder")}</Link>
            </dd>
          </>
        )}
        {typeof one.params.case === "string" && (
          <>
            <dt>{t("case")}</dt>
            <dd>
              <Link to={`/after-sales/${one.params.case}`}>{t("openCase")}</Link>
            </dd>
          </>
        )}
        {one.kind === "data_drift" && (
          <>
            <dt>{t("field")}</dt>
            <dd>
              <Link to={`/assets/classes?tab=drift&place=${encodeURIComponent(String(one.params.place))}`}>
                {t("openField")}
              </Link>
            </dd>
          </>
        )}
        {one.cause === "pull_late" && (
          <>
            <dt>{t("pull")}</dt>
            <dd>
              <Link to="/channels/pulls">{t("openPull")}</Link>
            </dd>
          </>
        )}
        {typeof one.params.message === "string" && (
          <>
            <dt>{t("raw")}</dt>
            <dd>
              <Link to={`/channels?peek=${one.params.message}`}>{t("openRaw")}</Link>
            </dd>
          </>
        )}
        <dt>{t("where")}</dt>
        <dd>{[words.channel(one.channel), one.shop, one.warehouse].filter(Boolean).join(" · ")}</dd>
        <dt>{t("risk")}</dt>
        <dd>{one.risk_fen ? money(one.risk_fen) : "—"}</dd>
        <dt>{t("foundAt")}</dt>
        <dd title={exact(one.found)}>{age(one.found)}</dd>
        {!isOver && (
          <>
            <dt>{t("limit")}</dt>
            <dd>
              <Limit due={one.due} />
            </dd>
          </>
        )}
        {one.owner && (
          <>
            <dt>{t("owner")}</dt>
            <dd>{nameOf(`person:${one.owner}`)}</dd>
          </>
        )}
        {one.state === "suppressed" && (
          <>
            <dt>{t("suppressedUntil")}</dt>
            <dd>
              {exact(one.until)}：{one.reason}
            </dd>
          </>
        )}
        {isOver && (
          <>
            <dt>{t("ended")}</dt>
            <dd>
              {t(`hows.${one.how}`)}
              {one.reason && one.how === "person" ? `：${one.reason}` : ""}
            </dd>
          </>
        )}
      </dl>
      {group && group.open > 1 && (
        <p className="note">{t("sameCause", { n: count(group.open) })}</p>
      )}
      <LikelyCause change={group?.change ?? one.change} />
      <h3>{t("playbook")}</h3>
      <ol className="incidents-steps">
        {one.steps.map((step) => (
          <li key={step}>{words.step(step)}</li>
        ))}
      </ol>
      {mayWork && !isOver && one.state !== "suppressed" && <Acts one={one} group={group} />}
      {mayWork && (one.state === "suppressed" || (isOver && one.how !== "gone")) && (
        <ReopenOne no={one.no} />
      )}
      {one.evidence.length > 0 && (
        <details className="incidents-evidence">
          <summary>{t("evidence", { n: one.evidence.length })}</summary>
          <ul>
            {one.evidence.map((id) => (
              <li key={id} className="mono">
                {id}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

/** 可能起因: the change that came just before; likely, never proved. */
function LikelyCause({ change }: { change: FindingChange | null }) {
  const { t } = useTranslation("incidents");
  const words = useFindingWords();
  if (!change) return null;
  const page = pageOf(change.kind);
  const what = words.change(change);
  return (
    <p className="incidents-likely" title={exact(change.at)}>
      <b>{t("likely")}</b>{" "}
      {t("beganAfter", { n: count(change.n), time: duration(change.after_ms), what })}{" "}
      {page && <Link to={page}>{t("lookAtChange")}</Link>}{" "}
      <Link to={`/incidents?${query({ tab: "items", change: change.fact })}`}>{t("allAfter")}</Link>
    </p>
  );
}

function ReopenOne({ no }: { no: number }) {
  const { handle } = useFindingActs();
  return (
    <div className="incidents-acts">
      <Reopen onReopen={(reason) => void handle([no], { act: "reopen", reason })} />
    </div>
  );
}

function Acts({ one, group }: { one: FindingItem; group: Props["group"] }) {
  const { t } = useTranslation("incidents");
  const words = useFindingWords();
  const { handle, remedy, numbersOf } = useFindingActs();
  const [isBusy, setBusy] = useState(false);
  const preview = useQuery({
    queryKey: ["findings", "remedy", one.no, one.state],
    queryFn: ({ signal }) => ask<Remedied>(`/v1/findings/${one.no}/remedy`, { signal }),
    enabled: one.remedy !== "",
    retry: false,
  });
  const all = async () => (group ? numbersOf(group.incident) : [one.no]);
  const run = async () => {
    setBusy(true);
    await remedy(one.no);
    setBusy(false);
  };
  return (
    <>
      {one.remedy && <Preview told={preview.data} isLoading={preview.isLoading} />}
      <div className="incidents-acts">
        {one.remedy && (
          <Button
            type="primary"
            icon={<PlayCircleOutlined />}
            loading={isBusy}
            disabled={!preview.data || Boolean(preview.data.code)}
            onClick={() => void run()}
          >
            {words.remedy(one.remedy)}
          </Button>
        )}
        <Assign onAssign={(owner) => void all().then((n) => handle(n, { act: "assign", owner }))} />
        <Suppress
          onSuppress={(reason, until) =>
            void all().then((n) => handle(n, { act: "suppress", reason, until }))
          }
          onClose={(reason) => void all().then((n) => handle(n, { act: "close", reason }))}
        />
      </div>
      {group && group.open > 1 && <p className="note">{t("actsOnAll", { n: count(group.open) })}</p>}
    </>
  );
}

function Preview({ told, isLoading }: { told: Remedied | undefined; isLoading: boolean }) {
  const { t } = useTranslation(["incidents", "common"]);
  if (isLoading) return <p className="note">{t("deciding")}</p>;
  if (!told) return <p className="note">{t("noPreview")}</p>;
  if (told.code) {
    return (
      <p className="incidents-preview" data-refused>
        {t("wouldRefuse", { why: byLocale(told.reason ?? "", told.reason_en ?? "") })}
      </p>
    );
  }
  const states =
    told.before && told.after && told.before !== told.after
      ? t("becomes", {
          before: t(`common:stages.${told.before}`, { defaultValue: told.before }),
          after: t(`common:stages.${told.after}`, { defaultValue: told.after }),
        })
      : "";
  return (
    <p className="incidents-preview">
      <BulbOutlined aria-hidden />{" "}
      {t("willDo", { what: t(`would.${told.remedy}`), states })}
      {told.undo ? ` ${t("undoable")}` : ""}
    </p>
  );
}
