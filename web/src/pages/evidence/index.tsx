import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { age, count, countTile, duration, exact, type Tile } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Figure } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { Anchors } from "./anchors";
import { Books } from "./books";
import { BOOKS_KEY, type Gap, type LogState, toneOf } from "./evidence";
import { Heads, Keys } from "./records";
import { Witnesses } from "./witnesses";
import "./evidence.css";

const LOOK_MS = 10_000;
/** A checkpoint is due four times a second; this much is no accident. */
const LATE_MS = 5_000;

/** 证据与封存: how far the log is sealed, and who besides the merchant can vouch for it. */
export default function Evidence() {
  const { t } = useTranslation("evidence");
  const view = useQuery({
    queryKey: BOOKS_KEY,
    queryFn: ({ signal }) => ask<LogState>("/v1/books", { signal }),
    refetchInterval: LOOK_MS,
  });
  const tone = view.data && toneOf(view.data.gaps);
  return (
    <>
      <PageHead
        state={tone && <ToneTag tone={tone}>{t(`standing.${tone}`)}</ToneTag>}
        fact={t("fact")}
      />
      {view.error && (
        <ProblemNote problem={asProblem(view.error)} onRetry={() => void view.refetch()} />
      )}
      {view.isLoading && <Skeleton kind="page" rows={6} />}
      {view.data && <Body view={view.data} />}
    </>
  );
}

function Body({ view }: { view: LogState }) {
  const { t } = useTranslation("evidence");
  const newest = view.books[0];
  const cosigning = view.witnesses.filter(
    ({ books }) => books.length > 0 && books.every((book) => book.size > 0 && book.trouble === ""),
  ).length;
  const deposit = view.anchors.find((one) => one.tx !== "");
  const none: Tile = { value: t("none"), unit: "", exact: "" };
  return (
    <div className="evidence">
      {view.gaps.map((gap) => (
        <GapNote key={`${gap.code} ${gap.subject}`} gap={gap} />
      ))}
      <div className="figures">
        <Figure
          label={t("lag")}
          tile={{ value: duration(view.waiting_ms), unit: "", exact: `${view.waiting_ms} ms` }}
          tone={view.waiting_ms > LATE_MS ? "risk" : "kept"}
          note={t("lagNote")}
        />
        <Figure
          label={t("checkpoint")}
          tile={
            newest?.signed_at
              ? { value: age(newest.signed_at), unit: "", exact: exact(newest.signed_at) }
              : none
          }
          note={newest ? t("checkpointNote", { size: count(newest.signed) }) : t("noBook")}
        />
        <Figure
          label={t("witnesses")}
          tile={{
            value: `${cosigning} / ${view.witnesses.length}`,
            unit: "",
            exact: `${cosigning} / ${view.witnesses.length}`,
          }}
          tone={view.witnesses.length === 0 ? "risk" : "plain"}
          note={t(view.witnesses.length === 0 ? "noWitnessNote" : "witnessFigure")}
        />
        <Figure
          label={t("anchors")}
          tile={deposit ? { value: deposit.period, unit: "", exact: deposit.tx } : none}
          note={t(deposit ? "onChain" : view.anchor ? "waitingForChain" : "noAnchorNote")}
        />
        <Figure
          label={t("heads")}
          tile={view.heads[0] ? countTile(view.heads[0].count, t("orders")) : none}
          note={
            view.heads[0] ? (
              <span title={exact(view.heads[0].at)}>
                {t("headsAt", { age: age(view.heads[0].at) })}
              </span>
            ) : (
              t("noHeads")
            )
          }
        />
      </div>
      <Books view={view} />
      <Witnesses view={view} />
      <Anchors view={view} />
      <Heads entries={view.heads} />
      <Keys keys={view.keys} />
    </div>
  );
}

function GapNote({ gap }: { gap: Gap }) {
  const { t } = useTranslation("evidence");
  const isBroken = toneOf([gap]) === "broken";
  return (
    <Alert
      type={isBroken ? "error" : "warning"}
      showIcon
      title={t(`gaps.${gap.code}`)}
      description={
        <>
          <code>{gap.subject}</code>
          {gap.since && <span title={exact(gap.since)}> · {age(gap.since)}</span>}
          <br />
          {t(`ways.${gap.code}`)}
        </>
      }
    />
  );
}
