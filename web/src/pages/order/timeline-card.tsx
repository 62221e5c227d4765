import { LockOutlined } from "@ant-design/icons";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listFactsOptions } from "@/api/@tanstack/react-query.gen";
import type { Entry, Timeline as Told } from "@/api/types.gen";
import { count, exact } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import type { Grade } from "@/parts/grade-badge";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type Moment, Timeline } from "@/parts/timeline";
import { asProblem } from "@/problem";
import { Tiles } from "./evidence-tiles";
import { Icon } from "./icons";
import { sentence, wide } from "./words";

/** What happened, in business words or as the facts themselves. */
export function TimelineCard({ query, id }: { query: UseQueryResult<Told, unknown>; id: string }) {
  const { t } = useTranslation("order");
  const [view, setView] = useState<"business" | "facts">("business");
  const told = query.data;
  return (
    <Card
      title={t("timeline.title")}
      note={
        told &&
        t("timeline.note", { steps: count(told.entries.length), sealed: count(sealed(told)) })
      }
      extra={
        <Segmented
          size="small"
          aria-label={t("timeline.view")}
          value={view}
          options={(["business", "facts"] as const).map((value) => ({
            value,
            label: t(`timeline.${value}`),
          }))}
          onChange={setView}
        />
      }
    >
      {query.error ? (
        <ProblemNote problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
      ) : !told ? (
        <Skeleton kind="card" rows={6} />
      ) : view === "business" ? (
        <Business told={told} id={id} />
      ) : (
        <Facts told={told} id={id} />
      )}
    </Card>
  );
}

function sealed(told: Told): number {
  return told.entries.filter((entry) => entry.sealed).length;
}

function Business({ told, id }: { told: Told; id: string }) {
  const { t } = useTranslation("order");
  const moments: Moment[] = told.entries.map((entry) => ({
    id: String(entry.facts[0]?.seq),
    at: entry.occurred,
    icon: <Icon name={entry.icon} />,
    title: entry.title,
    grade: entry.who.grade as Grade,
    who: whoOf(entry),
    detail: (
      <>
        {sentence(entry.detail, entry.figures)}
        <Tiles pieces={entry.evidence} id={id} />
      </>
    ),
  }));
  const awaited: Moment[] = told.awaited.map((one) => ({
    id: `awaited ${one.event}`,
    icon: <Icon name={one.icon} />,
    title: one.title,
    who: t("timeline.awaited"),
    detail: sentence(one.detail, one.figures),
  }));
  return <Timeline moments={[...moments, ...awaited]} label={t("timeline.title")} />;
}

function whoOf(entry: Entry): string {
  const { kind, role_word, name } = entry.who;
  if (kind === "channel") return name;
  if (kind === "system") return role_word;
  return [role_word, name].filter(Boolean).join(" ");
}

const PAGE = 200;

/** The facts in the bytes that are stored, with digest and place in the log. */
function Facts({ told, id }: { told: Told; id: string }) {
  const { t } = useTranslation("order");
  const [open, setOpen] = useState<number | null>(null);
  const raw = useQuery({
    ...listFactsOptions({ path: { order_id: id }, query: { limit: PAGE } }),
    enabled: open !== null,
  });
  const texts = new Map(
    (raw.data?.facts as { seq?: number }[] | undefined)?.map((fact) => [fact.seq, fact]),
  );
  const places = told.entries.flatMap((entry) =>
    entry.facts.map((fact) => ({ fact, recorded: entry.recorded })),
  );
  return (
    <ol className="order-facts">
      {places.map(({ fact, recorded }) => (
        <li key={fact.seq}>
          <button
            type="button"
            aria-expanded={open === fact.seq}
            onClick={() => setOpen(open === fact.seq ? null : fact.seq)}
          >
            <span className="note">{fact.seq}</span>
            <code>{fact.type}</code>
            <span className="note">
              {fact.sealed ? (
                <>
                  <LockOutlined aria-label={t("timeline.sealed")} />{" "}
                  {t("timeline.leaf", { index: count(fact.index) })}
                </>
              ) : (
                t("timeline.unsealed")
              )}
            </span>
          </button>
          <DigestText hex={fact.digest} />
          {open === fact.seq && (
            <div className="order-fact">
              <p className="note">{t("timeline.recorded", { at: exact(recorded) })}</p>
              <pre className="mono">{JSON.stringify(texts.get(fact.seq), null, 1) ?? ""}</pre>
            </div>
          )}
        </li>
      ))}
      {told.awaited.map((one) => (
        <li key={one.event} className="note">
          {wide(one.title)}
        </li>
      ))}
    </ol>
  );
}
