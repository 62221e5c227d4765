import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { AgentProposal, ProposalAlternative } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, money, share } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { Acts } from "./acts";
import { Fan } from "./fan";
import { Asked } from "./list";
import { LOOK_MS, PROPOSALS_KEY, placeOf, told } from "./words";

// A digest is known by its beginning.
const SHORT = 12;
const LABEL_MAX = 40;

interface Props {
  id: string;
  isEmpty: boolean;
  isStopped: boolean;
}

/** One proposal: what it brings and costs, the days with and without it, why, and what else. */
export function Proposal({ id, isEmpty, isStopped }: Props) {
  const { t } = useTranslation("agent");
  const found = useQuery({
    queryKey: [...PROPOSALS_KEY, id],
    queryFn: ({ signal }) => ask<AgentProposal>(`/v1/proposals/${id}`, { signal }),
    enabled: id !== "",
    refetchInterval: LOOK_MS,
  });
  const one = found.data;
  return (
    <section className="card agent-proposal" aria-label={t("proposal")} aria-busy={found.isFetching && !one}>
      {isEmpty && <p className="note agent-none">{t("choose")}</p>}
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {id !== "" && found.isPending && <Skeleton kind="card" rows={8} />}
      {one && <Body one={one} isStopped={isStopped} />}
    </section>
  );
}

function Body({ one, isStopped }: { one: AgentProposal; isStopped: boolean }) {
  const { t } = useTranslation("agent");
  const { row } = one;
  const by = row.skill
    ? t("bySkill", { skill: row.skill, version: row.version })
    : t("byPerson", { who: row.authors.join("、") });
  return (
    <>
      <header className="agent-head">
        <h2>{told(row.title)}</h2>
        <p className="note">
          {by} · {t("madeAt", { when: brief(row.made) })} · {t("facts", { count: one.facts })}
          {one.changed_by && ` · ${t("changedBy", { who: one.changed_by })}`}
        </p>
      </header>
      <Figures one={one} />
      {one.chart.length > 0 && <Fan days={one.chart} unit={one.chart_unit} />}
      <Outcome one={one} />
      <h3>{t("why")}</h3>
      {one.erased && <p className="note">{t("erased")}</p>}
      <ol className="agent-reasons">
        {one.reasons.map((reason) => (
          <li key={told(reason.text)}>
            {told(reason.text)}{" "}
            {reason.cites.slice(0, 6).map((cite) => {
              const place = placeOf(cite);
              const whole = cite.label ?? "";
              const label = whole.length > LABEL_MAX ? `${whole.slice(0, SHORT)}…` : whole;
              const name = label || `${t(`cites.${cite.kind}`)} ${cite.ref.slice(0, SHORT)}`;
              return place ? (
                <Link key={cite.kind + cite.ref} to={place}>
                  {name}
                </Link>
              ) : (
                <span key={cite.kind + cite.ref}>{name}</span>
              );
            })}
            {reason.cites.length > 6 && <span className="note">{t("andMore", { count: reason.cites.length - 6 })}</span>}
            {reason.quotes.map((quote) => (
              <blockquote key={quote.text}>
                {quote.text}
                <footer className="note">{t("saidBy", { who: t(`outsiders.${quote.by}`, { defaultValue: quote.by }) })}</footer>
              </blockquote>
            ))}
          </li>
        ))}
      </ol>
      <h3>{t("others")}</h3>
      <SmallTable<ProposalAlternative>
        caption={t("others")}
        keyOf={(other) => told(other.title)}
        rows={one.alternatives}
        empty={t("noOthers")}
        columns={[
          { key: "way", title: t("way"), render: (other) => told(other.title) },
          {
            key: "worth",
            title: t("worth"),
            isNumber: true,
            render: (other) => (other.worth_fen === null ? "—" : money(other.worth_fen)),
          },
          {
            key: "chance",
            title: row.chance ? told(row.chance.of) : t("chanceHead"),
            isNumber: true,
            render: (other) => (other.chance === null ? "—" : share(other.chance / 1_000, 0)),
          },
          { key: "not", title: t("whyNot"), render: (other) => told(other.why_not) },
        ]}
      />
      <Acts one={one} isStopped={isStopped} />
    </>
  );
}

function Figures({ one }: { one: AgentProposal }) {
  const { t } = useTranslation("agent");
  const { row } = one;
  const { chance } = row;
  return (
    <dl className="agent-figures">
      <div>
        <dt>{t("expected")}</dt>
        <dd data-loses={row.mid_fen < 0}>{money(row.mid_fen)}</dd>
        <dd className="note">{t("between", { low: money(row.low_fen), high: money(row.high_fen) })}</dd>
      </div>
      <div>
        <dt>{chance ? told(chance.of) : t("chanceHead")}</dt>
        <dd>
          {chance ? `${share(chance.before / 1_000, 0)} → ${share(chance.after / 1_000, 0)}` : "—"}
        </dd>
        <dd className="note">{chance ? t("chanceNote") : t("noChance")}</dd>
      </div>
      <div>
        <dt>{t("cost")}</dt>
        <dd>{money(row.cost_fen)}</dd>
        <dd className="note">
          <Asked row={row} />
        </dd>
      </div>
      <div>
        <dt>{t("ifNot")}</dt>
        <dd>{t(`back.${row.reversibility}`)}</dd>
        <dd className="note">{t("lostAtMost", { money: money(row.lost_fen) })}</dd>
      </div>
    </dl>
  );
}

/** What became of it: what was made, what it brought, why it did not. */
function Outcome({ one }: { one: AgentProposal }) {
  const { t } = useTranslation(["agent", "problems"]);
  const { row, outcome } = one;
  // A code has words; else it is what a person wrote, in which nothing is looked up.
  const isCode = /^[a-z_]+$/.test(one.result);
  const became = isCode ? t([`results.${one.result}`, `problems:${one.result}`], one.result) : one.result;
  if (row.state === "waiting") return null;
  return (
    <section className="agent-outcome" aria-label={t("became")}>
      <p>
        <strong>{t(`states.${row.state}`)}</strong>
        {one.touched > 0 && ` · ${t("touched", { count: one.touched })}`}
        {row.ended && ` · ${brief(row.ended)}`}
        {one.result && ` · ${became}`}
      </p>
      {row.approvals.map((given) => (
        <p key={given.by} className="note">
          {t("approvedBy", { who: given.by, when: brief(given.at) })}
          {given.note && `：${given.note}`}
        </p>
      ))}
      {outcome && (
        <p>
          {t("brought", {
            mid: money(outcome.mid_fen),
            low: money(outcome.low_fen),
            high: money(outcome.high_fen),
            method: t(`methods.${outcome.method}`, { defaultValue: outcome.method }),
            counted: count(outcome.counted),
          })}
        </p>
      )}
      {one.made_of.slice(0, 5).map((cite) => {
        const place = placeOf(cite);
        return place ? (
          <Link key={cite.kind + cite.ref} to={place}>
            {cite.label || cite.ref}{" "}
          </Link>
        ) : (
          <span key={cite.kind + cite.ref}>{cite.label || cite.ref} </span>
        );
      })}
    </section>
  );
}
