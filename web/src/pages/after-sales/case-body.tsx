import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CaseShown, Inspected } from "@/api/types.gen";
import { ask } from "@/client";
import { dated, exact, money } from "@/format";
import { useNow } from "@/live/use-live";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { Acts } from "./acts";
import { Arithmetic } from "./arithmetic";
import { AFTER_SALES_KEY, toneOf, useWords } from "./words";
import "./after-sales.css";

const LOOK_MS = 2_000;

/** A case; asked for again while its money is under way. */
export function useCase(id: string) {
  return useQuery({
    queryKey: [...AFTER_SALES_KEY, "one", id],
    queryFn: ({ signal }) => ask<CaseShown>(`/v1/after-sales/${id}`, { signal }),
    refetchInterval: (found) =>
      found.state.data?.item.state === "paying" && !found.state.data.item.is_stuck ? LOOK_MS : false,
  });
}

/** What a case is, reckons and allows. */
export function CaseBody({ id }: { id: string }) {
  const read = useCase(id);
  const found = read.data;
  if (!found)
    return read.error ? (
      <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
    ) : (
      <Skeleton kind="card" />
    );
  return (
    <div className="after-sale-parts">
      <Facts found={found} />
      <Money found={found} />
      <Goods found={found} />
      <Acts found={found} />
    </div>
  );
}

function Facts({ found }: { found: CaseShown }) {
  const { t } = useTranslation("after-sales");
  const words = useWords();
  const now = useNow();
  const { item } = found;
  const rule = found.rules.find((one) => one.code === item.rule);
  const facts: [string, React.ReactNode][] = [
    ["order", <Link to={`/orders/${item.order}`}>{item.number}</Link>],
    ["kind", words.kind(item)],
    ["reason", words.reason(item)],
    ["origin", words.origin(item)],
    ["opened", <time title={exact(item.opened)}>{dated(item.opened)}</time>],
  ];
  if (item.due)
    facts.push([
      "left",
      <time title={exact(item.due)} className="after-sales-left" data-late={words.isLate(item, now)}>
        {t("leftDue", { left: words.left(item, now), due: dated(item.due) })}
      </time>,
    ]);
  if (rule)
    facts.push([
      "rule",
      t("ruleOf", {
        words: byLocale(rule.zh, rule.en) || t("ownTime", { count: rule.hours }),
        source: rule.source === "merchant" ? t("ownRule") : rule.source,
      }),
    ]);
  if (item.waybill) facts.push(["waybill", `${item.carrier} ${item.waybill}`]);
  if (item.warehouse) facts.push(["warehouse", item.warehouse]);
  if (found.proposed_by) facts.push(["proposedBy", found.proposed_by]);
  if (found.decided_by) facts.push(["decidedBy", found.decided_by]);
  if (found.answer) facts.push(["answer", found.answer]);
  if (found.receipt) facts.push(["receipt", found.receipt]);
  return (
    <Card
      title={t("asked")}
      extra={<ToneTag tone={toneOf(item)}>{words.state(item)}</ToneTag>}
    >
      <dl className="after-sale-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`columns.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {found.words && (
        <blockquote className="after-sale-words" aria-label={t("words")}>
          {found.words}
        </blockquote>
      )}
      {item.is_stuck && (
        <p className="note" role="status">
          {t("stuck", { trouble: item.trouble })}
        </p>
      )}
      {item.state === "paying" && item.trouble === "no_service" && (
        <p className="note">{t("noService")}</p>
      )}
    </Card>
  );
}

function Money({ found }: { found: CaseShown }) {
  const { t } = useTranslation("after-sales");
  if (found.item.kind === "claim")
    return (
      <Card title={t("claimed")}>
        <p className="arithmetic-claim">
          <b>{money(found.item.amount, found.item.currency)}</b>
        </p>
        <p className="note">
          {t("claimNote")}{" "}
          <Link to={`/orders/${found.item.order}?tab=evidence`}>{t("toEvidence")}</Link>
        </p>
      </Card>
    );
  return (
    <Card
      title={t("money.title")}
      note={found.item.amount > found.second_fen ? t("needsSecond") : ""}
      isFlush
    >
      <Arithmetic found={found.reckoning} />
    </Card>
  );
}

function Goods({ found }: { found: CaseShown }) {
  const { t } = useTranslation("after-sales");
  const pictures = found.photos.length + found.shown.length;
  if (found.found.length + pictures + found.wanted.length === 0) return null;
  const columns: SmallColumn<Inspected>[] = [
    { key: "sku", title: t("columns.sku"), render: (n) => n.sku },
    { key: "units", title: t("money.units"), isNumber: true, render: (n) => String(n.quantity) },
    { key: "grade", title: t("columns.grade"), render: (n) => t(`grades.${n.grade}`) },
    { key: "outcome", title: t("columns.outcome"), render: (n) => t(`outcomes.${n.outcome}`) },
  ];
  return (
    <Card title={t("goods")} isFlush={found.found.length > 0}>
      {found.found.length > 0 && (
        <SmallTable
          caption={t("goods")}
          columns={columns}
          rows={found.found}
          keyOf={(n) => `${n.line} ${n.grade} ${n.outcome}`}
          empty=""
        />
      )}
      {found.wanted.length > 0 && (
        <p className="after-sale-wanted">
          {t("wanted")}{" "}
          {found.wanted
            .map((w) => `${w.title || w.sku} × ${w.quantity} · ${money(w.price, found.item.currency)}`)
            .join("、")}
        </p>
      )}
      <Photos title={t("shown")} of={found.item.id} digests={found.shown} />
      <Photos title={t("photos")} of={found.item.id} digests={found.photos} />
    </Card>
  );
}

interface PhotosProps {
  title: string;
  of: string;
  digests: readonly string[];
}

/** Photos of a case: those that its buyer showed, and those of the inspection. */
function Photos({ title, of, digests }: PhotosProps) {
  const { t } = useTranslation("after-sales");
  if (digests.length === 0) return null;
  return (
    <>
      <h3 className="after-sale-photos-of">{title}</h3>
      <ul className="after-sale-photos" aria-label={title}>
        {digests.map((digest, at) => (
          <li key={digest}>
            <a href={`/v1/after-sales/${of}/photos/${digest}`} target="_blank" rel="noreferrer">
              <img src={`/v1/after-sales/${of}/photos/${digest}`} alt={t("photo", { n: at + 1 })} />
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
