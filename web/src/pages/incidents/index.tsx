import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Segmented, Select } from "antd";
import type { TFunction } from "i18next";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { FindingIncident, FindingItem, FindingsBoard, FindingTimes } from "@/api/types.gen";
import { ask } from "@/client";
import { age, count, countTile, moneyTile, share } from "@/format";
import { duration } from "@/format/times";
import { PageHead } from "@/frame/page-head";
import { useCount } from "@/frame/stores";
import { useKeys } from "@/keys/use-keys";
import { useLive, useNow } from "@/live/use-live";
import { BulkBar } from "@/parts/bulk-bar";
import { Card } from "@/parts/card";
import { Figure } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay, useSession } from "@/session";
import { Assign, Reopen, Suppress } from "./asking";
import { useFindingActs } from "./acts";
import { Changes } from "./changes";
import { Detail } from "./detail";
import { Hours } from "./hours";
import { Groups, Items } from "./lists";
import { Matrix } from "./matrix";
import { BOARD_KEY } from "./words";
import "./incidents.css";

const TABS = ["groups", "items", "suppressed", "done"] as const;
type Tab = (typeof TABS)[number];
const NONE: ReadonlySet<string> = new Set();
const REST_MS = 30_000;

/** 异常看板: what the sentinel found, by time limit, and what to do about it. */
export default function Incidents() {
  const client = useQueryClient();
  const found = useQuery({
    queryKey: BOARD_KEY,
    queryFn: ({ signal }) => ask<FindingsBoard>("/v1/findings/board", { signal }),
    refetchInterval: REST_MS,
  });
  useLive<{ revision: number }>("findings", (news) => {
    if (news.revision !== found.data?.revision) {
      void client.invalidateQueries({ queryKey: ["findings"] });
    }
  });
  const board = found.data;
  return (
    <>
      <Head board={board} />
      {found.error && (
        <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
      )}
      {found.isLoading && <Skeleton kind="page" rows={8} />}
      {board && <Board board={board} />}
    </>
  );
}

function Head({ board }: { board: FindingsBoard | undefined }) {
  const { t } = useTranslation("incidents");
  const { asked, ask: want } = useAsked();
  const places = [...new Set((board?.counts ?? []).map((one) => one.warehouse))].filter(Boolean);
  const isMine = asked("mine") === "1";
  const fact = board?.looked
    ? t("watching", { n: board.classes.length, time: duration(board.detect.median_ms) })
    : t("notYet");
  return (
    <PageHead
      fact={board ? fact : undefined}
      actions={
        <>
          <Select
            value={asked("warehouse")}
            aria-label={t("warehouse")}
            className="incidents-warehouse"
            options={[
              { value: "", label: t("anyWarehouse") },
              ...places.map((one) => ({ value: one, label: one })),
            ]}
            onChange={(warehouse: string) => want({ warehouse, tab: warehouse ? "items" : "" })}
          />
          <Button
            aria-pressed={isMine}
            onClick={() => want({ mine: isMine ? "" : "1", tab: isMine ? "" : "items" })}
          >
            {t("mine")}
          </Button>
        </>
      }
    />
  );
}

function Board({ board }: { board: FindingsBoard }) {
  const { t } = useTranslation("incidents");
  const { asked, ask: want } = useAsked();
  const { person } = useSession();
  const [selected, select] = useState(NONE);
  const tab: Tab = TABS.find((one) => one === asked("tab")) ?? "groups";
  const kind = asked("kind");
  const channel = asked("channel");
  const no = Number(asked("no")) || 0;
  const pick = useCallback(
    (one: FindingIncident | FindingItem) =>
      want({ no: String("first" in one ? one.first : one.no), incident: one.incident }),
    [want],
  );
  const turn = (next: Tab) => {
    select(NONE);
    want({ tab: next === "groups" ? "" : next, no: "", incident: "" });
  };
  useKeys([
    {
      keys: ".",
      label: t("nextTab"),
      run: () => turn(TABS[(TABS.indexOf(tab) + 1) % TABS.length] as Tab),
    },
  ]);
  const groups = useMemo(
    () =>
      board.incidents.filter(
        (one) => (!kind || one.kind === kind) && (!channel || one.channel === channel),
      ),
    [board, kind, channel],
  );
  const group = board.incidents.find((one) => one.incident === asked("incident"));
  const first = no || group?.first || groups[0]?.first || 0;
  return (
    <div className="incidents">
      <Figures board={board} />
      <div className="incidents-two">
        <div className="incidents-left">
          <Card
            title={tab === "done" || tab === "suppressed" ? t(`tabs.${tab}`) : t("byLimit")}
            note={
              tab === "groups" ? (
                summary(groups, t)
              ) : asked("change") ? (
                <Button size="small" onClick={() => want({ change: "" })}>
                  {t("onlyAfter")}
                </Button>
              ) : undefined
            }
            extra={
              <Segmented<Tab>
                value={tab}
                options={TABS.map((one) => ({ value: one, label: t(`tabs.${one}`) }))}
                onChange={turn}
              />
            }
            isFlush
          >
            {tab === "groups" ? (
              <Groups rows={groups} at={group?.incident ?? ""} onPick={pick} />
            ) : (
              <Items
                asked={{
                  kind,
                  channel,
                  warehouse: asked("warehouse"),
                  owner: asked("mine") === "1" ? person.id : "",
                  change: asked("change"),
                  state: tab === "items" ? "waiting" : tab,
                }}
                at={String(first)}
                selected={selected}
                onSelect={select}
                onPick={pick}
              />
            )}
          </Card>
          <Changes incidents={board.incidents} />
          <Hours hours={board.hours} asOf={board.as_of} />
        </div>
        <div className="incidents-right">
          <Matrix
            board={board}
            kind={kind}
            channel={channel}
            warehouse={asked("warehouse")}
            onPick={(nextKind, axis, place) =>
              want({
                kind: nextKind,
                [axis]: place,
                no: "",
                incident: "",
                ...(axis === "warehouse" && place ? { tab: "items" } : {}),
              })
            }
          />
          {first > 0 && <Detail key={first} no={first} group={tab === "groups" ? (group ?? groups[0]) : undefined} />}
        </div>
      </div>
      <Together selected={selected} isPast={tab !== "items"} onDone={() => select(NONE)} />
    </div>
  );
}

function summary(groups: readonly FindingIncident[], t: TFunction<"incidents">): string {
  const findings = groups.reduce((n, one) => n + one.open, 0);
  return t("summary", { groups: count(groups.length), n: count(findings) });
}

function Figures({ board }: { board: FindingsBoard }) {
  const { t } = useTranslation("incidents");
  const now = useNow();
  const graded = new Map(board.classes.map((one) => [one.code, one.grade]));
  const by: Record<string, number> = {};
  let risk = 0;
  let gone = 0;
  let done = 0;
  for (const one of board.counts) {
    if (one.state === "open" || one.state === "assigned") {
      const grade = graded.get(one.kind) ?? "blue";
      by[grade] = (by[grade] ?? 0) + one.n;
      risk += one.risk_fen;
    } else if (one.state.startsWith("done_")) {
      done += one.n;
      if (one.state === "done_gone") gone += one.n;
    }
  }
  const waiting = Object.values(by).reduce((n, one) => n + one, 0);
  useCount("/incidents", waiting, (by.red ?? 0) > 0);
  const oldest = board.incidents.reduce<string>(
    (least, one) => (!least || one.since < least ? one.since : least),
    "",
  );
  const time = (ms: number, n: number) =>
    n ? { value: duration(ms), unit: "", exact: `${count(ms)} ms` } : { value: "—", unit: "", exact: "" };
  const p95 = (times: FindingTimes) =>
    times.n ? t("p95", { time: duration(times.p95_ms) }) : t("unmeasured");
  return (
    <div className="figures">
      <Figure
        label={t("waiting")}
        tile={countTile(waiting)}
        tone={by.red ? "broken" : "plain"}
        note={t("byGrade", { red: count(by.red ?? 0), yellow: count(by.yellow ?? 0), blue: count(by.blue ?? 0) })}
      />
      <Figure
        label={t("oldest")}
        tile={{ value: oldest ? duration(now - Date.parse(oldest)) : "—", unit: "", exact: oldest }}
        note={oldest ? t("since", { time: age(oldest, now) }) : t("nothingWaits")}
      />
      <Figure label={t("atRisk")} tile={moneyTile(risk)} note={t("ofWaiting", { n: count(waiting) })} />
      <Figure
        label={t("detect")}
        tile={time(board.detect.median_ms, board.detect.n)}
        note={p95(board.detect)}
      />
      <Figure
        label={t("resolve")}
        tile={time(board.resolve.median_ms, board.resolve.n)}
        note={p95(board.resolve)}
      />
      <Figure
        label={t("byItself")}
        tile={{ value: done ? share(gone / done, 1) : "—", unit: "", exact: "" }}
        note={t("goneOf", { gone: count(gone), done: count(done) })}
      />
    </div>
  );
}

interface TogetherProps {
  selected: ReadonlySet<string>;
  /** What was ignored or has ended is opened again, nothing else. */
  isPast: boolean;
  onDone: () => void;
}

/** What is selected, worked on together: keys a, i and Esc. */
function Together({ selected, isPast, onDone }: TogetherProps) {
  const { t } = useTranslation("incidents");
  const { handle } = useFindingActs();
  const mayWork = useMay("finding.work");
  const go = useNavigate();
  const numbers = [...selected].map(Number);
  const act = async (told: Parameters<typeof handle>[1]) => {
    await handle(numbers, told);
    onDone();
  };
  useKeys([{ keys: "g a", label: t("goBoard"), run: () => void go("/incidents") }]);
  if (!mayWork || numbers.length === 0) return null;
  return (
    <div className="incidents-together">
      <BulkBar count={numbers.length} unit={t("unit")} onClear={onDone} acts={[]} />
      <div className="incidents-together-acts">
        {isPast ? (
          <Reopen hasKey onReopen={(reason) => void act({ act: "reopen", reason })} />
        ) : (
          <>
            <Assign hasKey onAssign={(owner) => void act({ act: "assign", owner })} />
            <Suppress
              hasKey
              onSuppress={(reason, until) => void act({ act: "suppress", reason, until })}
              onClose={(reason) => void act({ act: "close", reason })}
            />
          </>
        )}
      </div>
    </div>
  );
}
