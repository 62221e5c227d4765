import { Button, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import type { ProposalRow } from "@/api/types.gen";
import { brief, share } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import type { Keyset } from "@/parts/use-keyset";
import { told, toneOf, type View, VIEWS, worth } from "./words";

interface Props {
  list: Keyset<ProposalRow>;
  view: View;
  chosen: string;
  onView: (view: View) => void;
  onChoose: (id: string) => void;
}

/** Proposals, the dearest first. */
export function List({ list, view, chosen, onView, onChoose }: Props) {
  const { t } = useTranslation("agent");
  return (
    <section className="card agent-list" aria-label={t("list")}>
      <Segmented
        block
        aria-label={t("views.label")}
        value={view}
        options={VIEWS.map((one) => ({ value: one, label: t(`views.${one}`) }))}
        onChange={onView}
      />
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={5} />}
      {!list.isLoading && !list.problem && list.rows.length === 0 && (
        <p className="note agent-none">{t(`none.${view}`)}</p>
      )}
      <ul>
        {list.rows.map((row) => (
          <li key={row.id}>
            <button
              type="button"
              className="agent-row"
              aria-current={row.id === chosen}
              onClick={() => onChoose(row.id)}
            >
              <Row row={row} />
            </button>
          </li>
        ))}
      </ul>
      {list.hasMore && (
        <Button type="link" loading={list.isWaiting} onClick={list.onMore}>
          {t("more")}
        </Button>
      )}
    </section>
  );
}

function Row({ row }: { row: ProposalRow }) {
  const { t } = useTranslation("agent");
  const { chance } = row;
  return (
    <>
      <strong>{told(row.title)}</strong>
      <span className="agent-row-line">
        <span className="note">
          {chance
            ? t("chance", { of: told(chance.of), before: share(chance.before / 1_000, 0), after: share(chance.after / 1_000, 0) })
            : told(row.action_title)}
        </span>
        <span className="agent-worth" data-loses={row.mid_fen < 0}>
          {worth(row.mid_fen)}
        </span>
      </span>
      <span className="agent-row-line">
        <span>
          <ToneTag tone={toneOf(row.reversibility)}>{t(`ways.${row.reversibility}`)}</ToneTag>{" "}
          <span className="note">
            {row.state === "waiting" ? <Asked row={row} /> : t(`states.${row.state}`)}
          </span>
        </span>
        {row.ended && <span className="note">{brief(row.ended)}</span>}
      </span>
    </>
  );
}

/** Who has to say yes, and why it does not go by itself. */
export function Asked({ row }: { row: ProposalRow }) {
  const { t } = useTranslation("agent");
  if (row.level === "observe") return t("onlyObserved");
  if (row.level === "propose") return t("onlyProposed");
  if (row.needed === 0) return t("automatic");
  const people = t("people", { count: row.needed });
  const given = row.approvals.length > 0 ? ` · ${t("given", { count: row.approvals.length })}` : "";
  const budget = row.why_asked === "budget" ? `${t("overBudget")} · ` : "";
  return `${budget}${people}${given}`;
}
