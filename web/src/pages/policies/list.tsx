import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable, type SmallColumn } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { type DraftItem, type Overview, overviewKey, readOverview, readSets, type SetItem } from "./api";
import { useKind } from "./kind";
import { NewDraft } from "./new-draft";
import { RollBack, TONES, useMoves } from "./moves";
import { Wishes } from "./wishes";

/** Work pages are opened as documents of their own: only there may the editor compile its WASM. */
export const open = (id: string) => `/policies/${id}`;

/** 策略 list: 生效中, 灰度中, 待审批, 草稿, 历史. */
export function PolicyList() {
  const { t } = useTranslation("policies");
  const found = useQuery({ queryKey: overviewKey("routing"), queryFn: () => readOverview("routing") });
  const mayWrite = useMay("routing.write");
  const [isNew, make] = useState(false);
  const data = found.data;
  return (
    <>
      <PageHead
        fact={data && (data.live ? t("list.fact", { no: data.live.no, name: data.live.name }) : t("list.nothing"))}
        actions={
          <>
            {data && <RollBack overview={data} />}
            {mayWrite && (
              <Button type="primary" icon={<PlusOutlined />} onClick={() => make(true)}>
                {t("new.act")}
              </Button>
            )}
          </>
        }
      />
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isLoading && <Skeleton kind="page" />}
      {data && <Sets data={data} />}
      {data && <Wishes />}
      {isNew && <NewDraft live={data?.live ?? null} onClose={() => make(false)} />}
    </>
  );
}

/** Sets of the page's kind: what rules, what waits for approval, drafts, history. */
export function Sets({ data }: { data: Overview }) {
  const { t } = useTranslation("policies");
  return (
    <div className="policy-list">
      <Ruling data={data} />
      <Drafts title={t("list.submitted")} empty={t("list.noSubmitted")} items={data.drafts.filter((one) => one.state === "submitted")} />
      <Drafts title={t("list.drafts")} empty={t("list.noDrafts")} items={data.drafts.filter((one) => one.state === "draft")} />
      <History />
    </div>
  );
}

function Ruling({ data }: { data: Overview }) {
  const { t } = useTranslation("policies");
  const moves = useMoves();
  const mayMove = useMay("routing.activate");
  const isStop = useKind() === "intercept";
  return (
    <Card title={t("list.ruling")} note={t(isStop ? "list.stopsNote" : "list.rulingNote")}>
      <ul className="policy-ruling">
        {data.live ? (
          <li>
            <ToneTag tone="kept">{t("states.live")}</ToneTag> <SetLink one={data.live} />
          </li>
        ) : (
          <li className="note">{t(isStop ? "list.nothingStops" : "list.nothing")}</li>
        )}
        {data.canary && (
          <li>
            <ToneTag tone="risk">{t("states.canary")}</ToneTag> <SetLink one={data.canary.set} />
            <span className="note">{t("canary.told", { percent: data.canary.rule.percent })}</span>
          </li>
        )}
        {data.scheduled.map((one) => (
          <li key={one.set.digest}>
            <ToneTag tone="info">{t("states.scheduled")}</ToneTag> <SetLink one={one.set} />
            <span className="note">{t("list.from", { at: dated(one.at), by: one.by })}</span>
            {mayMove && (
              <Button size="small" onClick={() => void moves.unschedule(one.set)}>
                {t("schedule.drop")}
              </Button>
            )}
          </li>
        ))}
        {data.shadow && (
          <li>
            <ToneTag>{t("states.shadow")}</ToneTag> <SetLink one={data.shadow} />
          </li>
        )}
      </ul>
    </Card>
  );
}

function SetLink({ one }: { one: SetItem }) {
  const { t } = useTranslation("policies");
  return (
    <>
      <a href={open(one.digest)}>
        {t("list.no", { no: one.no })} {one.name}
      </a>
      <span className="note">{t("list.by", { by: one.by, approved: one.approved_by, at: dated(one.at) })}</span>
    </>
  );
}

function Drafts({ title, empty, items }: { title: string; empty: string; items: readonly DraftItem[] }) {
  const { t } = useTranslation("policies");
  const columns: SmallColumn<DraftItem>[] = [
    { key: "name", title: t("columns.name"), render: (one) => <a href={open(one.id)}>{one.name}</a> },
    { key: "revision", title: t("columns.revision"), isNumber: true, render: (one) => one.revision },
    { key: "editor", title: t("columns.editor"), render: (one) => one.editor },
    { key: "at", title: t("columns.at"), render: (one) => dated(one.at) },
  ];
  return (
    <Card title={title} isFlush>
      <SmallTable caption={title} columns={columns} rows={items} keyOf={(one) => one.id} empty={empty} />
    </Card>
  );
}

function History() {
  const { t } = useTranslation("policies");
  const kind = useKind();
  const found = useKeyset<SetItem>({
    queryKey: [...overviewKey(kind), "sets"],
    fetch: (cursor) => readSets(kind, cursor),
  });
  const columns: SmallColumn<SetItem>[] = [
    { key: "no", title: t("columns.no"), isNumber: true, render: (one) => one.no },
    { key: "name", title: t("columns.name"), render: (one) => <a href={open(one.digest)}>{one.name}</a> },
    { key: "state", title: t("columns.state"), render: (one) => <ToneTag tone={TONES[one.state]}>{t(`states.${one.state}`)}</ToneTag> },
    { key: "by", title: t("columns.by"), render: (one) => one.by },
    { key: "approved", title: t("columns.approved"), render: (one) => one.approved_by },
    { key: "at", title: t("columns.published"), render: (one) => dated(one.at) },
  ];
  return (
    <Card title={t("list.history")} note={t("list.historyNote")} isFlush>
      {found.problem && <ProblemNote problem={found.problem} onRetry={found.onRetry} />}
      <SmallTable caption={t("list.history")} columns={columns} rows={found.rows} keyOf={(one) => one.digest} empty={t("list.noHistory")} />
      {found.hasMore && <Button block type="text" onClick={found.onMore}>{t("list.more")}</Button>}
    </Card>
  );
}
