import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Segmented, Tag } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type {
  BillDifference,
  DifferenceCounts,
  DifferencePage,
  ReconcileRun,
} from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { count, exact, money, near } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Bills } from "./bills";
import { RulesCard } from "./rules";
import { Runs } from "./runs";
import { AGES, diffOf, hrefOf, RECONCILE_KEY, toneOf, useWords } from "./words";
import "./reconcile.css";

const TABLE_PX = 420;
const keyOf = (one: BillDifference) => one.id;

/** 对账: what differs, by class and by age; then the queue, the runs, the bills. */
export default function Reconcile() {
  const { t } = useTranslation(["reconcile", "common"]);
  const mayWrite = useMay("reconcile.write");
  const counts = useQuery({
    queryKey: [...RECONCILE_KEY, "counts"],
    queryFn: ({ signal }) => askHub<DifferenceCounts>("/v1/reconcile/counts", { signal }),
  });
  const items = counts.data?.items ?? [];
  const total = items.reduce((sum, item) => sum + item.count, 0);
  const amount = items.reduce((sum, item) => sum + item.amount_fen, 0);
  return (
    <>
      <PageHead
        fact={counts.data && t("fact", { total: count(total), amount: money(amount) })}
        actions={mayWrite && <Begin />}
      />
      <div className="reconcile">
        {counts.error ? (
          <ProblemNote
            problem={asProblem(counts.error)}
            onRetry={() => void counts.refetch()}
          />
        ) : counts.data ? (
          <Matrix counts={counts.data} />
        ) : (
          <Skeleton kind="card" />
        )}
        <Queue />
        <Runs />
        <Bills mayWrite={mayWrite} />
        <RulesCard />
      </div>
    </>
  );
}

/** Hold what is new against one another now. */
function Begin() {
  const { t } = useTranslation("reconcile");
  const { failed } = useNotice();
  const go = useNavigate();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const begin = async () => {
    setBusy(true);
    try {
      const run = await askHub<ReconcileRun>("/v1/reconcile/runs", {
        method: "POST",
        json: { cause: "", whole: false },
      });
      await client.invalidateQueries({ queryKey: RECONCILE_KEY });
      await go(`/reconcile/runs/${run.id}`);
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button type="primary" loading={isBusy} onClick={() => void begin()}>
      {t("begin")}
    </Button>
  );
}

/** Every class that has differences, by age; a number leads to its rows. */
function Matrix({ counts }: { counts: DifferenceCounts }) {
  const { t } = useTranslation("reconcile");
  const words = useWords();
  const { ask, asked } = useAsked();
  const classes = [...new Set(counts.items.map((item) => item.class))];
  const of = (name: string, age?: string) =>
    counts.items.filter((item) => item.class === name && (!age || item.age === age));
  const number = (name: string, age?: string) =>
    of(name, age).reduce((sum, item) => sum + item.count, 0);
  const sum = (name: string) => of(name).reduce((all, item) => all + item.amount_fen, 0);
  if (classes.length === 0) {
    return (
      <Card title={t("matrix")}>
        <p className="muted">{t("clear")}</p>
      </Card>
    );
  }
  const isAsked = (name: string, age = "") => asked("class") === name && asked("age") === age;
  const cell = (name: string, age = "") => {
    const n = number(name, age || undefined);
    return n ? (
      <Button
        type={isAsked(name, age) ? "primary" : "link"}
        size="small"
        aria-label={t("show", { class: words.class(name), age: age && words.age(age), n })}
        onClick={() => ask({ class: name, age }, true)}
      >
        {count(n)}
      </Button>
    ) : (
      <span className="muted">·</span>
    );
  };
  return (
    <Card title={t("matrix")} note={t("matrixNote")} isFlush>
      <section className="small-table" aria-label={t("matrix")} tabIndex={0}>
        <table>
          <caption className="visually-hidden">{t("matrix")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("columns.class")}</th>
              {AGES.map((age) => (
                <th key={age} scope="col" className="num">
                  {words.age(age)}
                </th>
              ))}
              <th scope="col" className="num">
                {t("columns.all")}
              </th>
              <th scope="col" className="num">
                {t("columns.amount")}
              </th>
            </tr>
          </thead>
          <tbody>
            {classes.map((name) => (
              <tr key={name}>
                <th scope="row">{words.class(name)}</th>
                {AGES.map((age) => (
                  <td key={age} className="num">
                    {cell(name, age)}
                  </td>
                ))}
                <td className="num">{cell(name)}</td>
                <td className="num">{money(sum(name))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Card>
  );
}

/** The differences that were asked for, the oldest first. */
function Queue() {
  const { t } = useTranslation(["reconcile", "common"]);
  const words = useWords();
  const { asked, ask } = useAsked();
  const filter = {
    class: asked("class"),
    age: asked("age"),
    owner: asked("owner"),
    state: asked("state"),
  };
  const list = useKeyset<BillDifference, DifferencePage>({
    queryKey: [...RECONCILE_KEY, "list", filter],
    fetch: (cursor, signal) =>
      askHub(`/v1/differences?${query({ ...filter, cursor, limit: 100 })}`, { signal }),
  });
  const columns = useColumns();
  const drop = (name: string, text: string) => (
    <Tag closable onClose={() => ask({ [name]: "" })}>
      {text}
    </Tag>
  );
  return (
    <Card
      title={t("queue")}
      note={t("queueNote")}
      extra={
        <span className="reconcile-filters">
          {filter.class && drop("class", words.class(filter.class))}
          {filter.age && drop("age", words.age(filter.age))}
          <Segmented
            size="small"
            aria-label={t("columns.owner")}
            value={filter.owner}
            options={["", "me", "-"].map((value) => ({
              value,
              label: t(`owners.${value === "-" ? "nobody" : value || "all"}`),
            }))}
            onChange={(value) => ask({ owner: value })}
          />
          <Segmented
            size="small"
            aria-label={t("columns.state")}
            value={filter.state}
            options={["", "proposed", "closed", "settled"].map((value) => ({
              value,
              label: value ? words.state(value) : t("waiting"),
            }))}
            onChange={(value) => ask({ state: value })}
          />
        </span>
      }
      isFlush
    >
      <LedgerTable<BillDifference>
        caption={t("queue")}
        columns={columns}
        rows={list.rows}
        keyOf={keyOf}
        nameOf={words.subject}
        hrefOf={hrefOf}
        hasMore={list.hasMore}
        onMore={list.onMore}
        isLoading={list.isLoading}
        isWaiting={list.isWaiting}
        problem={list.problem}
        onRetry={list.onRetry}
        height_px={list.rows.length > 8 ? TABLE_PX : undefined}
        empty={t("empty")}
        card={(one) => (
          <Link to={hrefOf(one)} className="reconcile-card">
            <b>{words.subject(one)}</b>
            <span>{words.class(one.class)}</span>
            <span className="num">{money(diffOf(one))}</span>
            <time className="muted">{near(one.at)}</time>
          </Link>
        )}
      />
    </Card>
  );
}

function useColumns(): Column<BillDifference>[] {
  const { t } = useTranslation(["reconcile", "common"]);
  const words = useWords();
  return useMemo(() => {
    const plain = (
      key: string,
      width: number,
      text: (one: BillDifference) => string,
    ): Column<BillDifference> => ({ key, title: t(`columns.${key}`), width, text, render: text });
    const sum = (
      key: string,
      text: (one: BillDifference) => string,
    ): Column<BillDifference> => ({ ...plain(key, 116, text), align: "right" });
    return [
      {
        ...plain("subject", 190, words.subject),
        fixed: true,
        render: (one) => (
          <Link to={hrefOf(one)} tabIndex={-1} className="mono">
            {words.subject(one)}
          </Link>
        ),
      },
      plain("class", 120, (one) => words.class(one.class)),
      plain("book", 110, (one) => words.book(one.book)),
      sum("expected", (one) => money(one.expected_fen)),
      sum("actual", (one) => money(one.actual_fen)),
      sum("diff", (one) => money(diffOf(one))),
      {
        ...plain("at", 120, (one) => near(one.at)),
        render: (one) => <time title={exact(one.at)}>{near(one.at)}</time>,
      },
      plain("owner", 110, (one) => one.owner?.name || one.owner?.number || "—"),
      {
        ...plain("state", 110, (one) => words.state(one.state)),
        render: (one) => <ToneTag tone={toneOf(one.state)}>{words.state(one.state)}</ToneTag>,
      },
      plain("reason", 130, (one) => words.reason(one.reason)),
    ];
  }, [t, words]);
}
