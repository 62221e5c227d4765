import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { LateRisk, LateRiskPage } from "@/api/types.gen";
import { ask } from "@/client";
import { dated, leftWords, money } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { query, useAsked } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { asProblem } from "@/problem";
import { KEY, percent } from "./words";

const LIKELY = 500;
const POSSIBLE = 200;
const toneOf = (chance: number) => (chance >= LIKELY ? "broken" : chance >= POSSIBLE ? "risk" : "plain");

/** 待交风险: open orders, the likeliest to break a promise first; one of them with its reasons. */
export function Risks() {
  const { t } = useTranslation("order-risks");
  const { asked, ask: go } = useAsked();
  const list = useKeyset<LateRisk, LateRiskPage>({
    queryKey: [...KEY, "risks"],
    fetch: (cursor, signal) => ask(`/v1/learning/risks?${query({ cursor, limit: 50 })}`, { signal }),
  });
  const chosen = asked("order");
  const columns: SmallColumn<LateRisk>[] = [
    {
      key: "chance",
      title: t("columns.chance"),
      render: (one) => <ToneTag tone={toneOf(one.chance)}>{percent(one.chance)}</ToneTag>,
    },
    {
      key: "order",
      title: t("columns.order"),
      render: (one) => (
        <Button
          type="link"
          size="small"
          className="order-risks-open"
          aria-pressed={chosen === one.id}
          onClick={() => go({ order: chosen === one.id ? "" : one.id })}
        >
          {one.number}
        </Button>
      ),
    },
    { key: "promise", title: t("columns.promise"), render: (one) => one.promise },
    { key: "due", title: t("columns.due"), render: (one) => `${leftWords(one.due)} · ${dated(one.due)}` },
    { key: "stage", title: t("columns.stage"), render: (one) => t(`stages.${one.stage}`) },
    { key: "warehouse", title: t("columns.warehouse"), render: (one) => one.warehouse || "—" },
    { key: "carrier", title: t("columns.carrier"), render: (one) => one.carrier || "—" },
    {
      key: "why",
      title: t("columns.why"),
      render: (one) => <Why one={one} most={2} />,
    },
    { key: "amount", title: t("columns.amount"), render: (one) => money(one.amount), isNumber: true },
    { key: "owed", title: t("columns.owed"), render: (one) => (one.owed ? money(one.owed) : "—"), isNumber: true },
  ];
  return (
    <div className="order-risks">
      {chosen && <Explained key={chosen} order={chosen} onClose={() => go({ order: "" })} />}
      <Card title={t("tabs.risks")} note={t("risksNote")} isFlush>
        {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
        {list.isLoading ? (
          <Skeleton kind="rows" rows={6} />
        ) : (
          !list.problem && (
            <SmallTable
              caption={t("tabs.risks")}
              columns={columns}
              rows={list.rows}
              keyOf={(one) => one.id}
              empty={t(list.first?.asked ? "noOpen" : "never")}
            />
          )
        )}
      </Card>
      {list.hasMore && (
        <Button loading={list.isWaiting} onClick={list.onMore}>
          {t("more")}
        </Button>
      )}
    </div>
  );
}

/** What moves the chance most, in a line. */
function Why({ one, most }: { one: LateRisk; most: number }) {
  const { t, i18n } = useTranslation("order-risks");
  const isZh = i18n.language.startsWith("zh");
  const told = one.why.filter((push) => push.push > 0).slice(0, most);
  if (told.length === 0) return <span className="note">{t("nothingPushes")}</span>;
  return <>{told.map((push) => `${isZh ? push.title_zh : push.title_en} +${(push.push / 10).toFixed(0)}`).join(t("and"))}</>;
}

/** One order: when it is expected, and which features move its chance by how much. */
function Explained({ order, onClose }: { order: string; onClose: () => void }) {
  const { t, i18n } = useTranslation("order-risks");
  const isZh = i18n.language.startsWith("zh");
  const found = useQuery({
    queryKey: [...KEY, "risk", order],
    queryFn: ({ signal }) => ask<LateRisk>(`/v1/learning/risks/${order}`, { signal }),
  });
  const one = found.data;
  const widest = Math.max(1, ...(one?.why.map((push) => Math.abs(push.push)) ?? []));
  return (
    <Card
      title={one ? t("orderTitle", { number: one.number }) : t("columns.order")}
      note={one && t("orderNote", { chance: percent(one.chance), promise: one.promise, due: dated(one.due) })}
      extra={
        <>
          <Link to={`/orders/${order}`}>{t("toOrder")}</Link>
          <Button type="text" size="small" onClick={onClose}>
            {t("close")}
          </Button>
        </>
      }
    >
      {found.error && <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
      {found.isLoading && <Skeleton kind="card" rows={4} />}
      {one && (
        <>
          <p>{t("expected", { middle: dated(one.expected), low: dated(one.earliest), high: dated(one.latest) })}</p>
          <ul className="order-risks-pushes" aria-label={t("columns.why")}>
            {one.why.map((push) => (
              <li key={push.feature}>
                <span>{isZh ? push.title_zh : push.title_en}</span>
                <span className="note">{spell(push.feature, push.value, (name) => t(`stages.${name}`))}</span>
                <span className="order-risks-bar" data-up={push.push > 0}>
                  <span style={{ width: `${(100 * Math.abs(push.push)) / widest}%` }} />
                </span>
                <span className="num">
                  {push.push > 0 ? "+" : "−"}
                  {(Math.abs(push.push) / 10).toFixed(1)} {t("points")}
                </span>
              </li>
            ))}
          </ul>
          {one.why.length === 0 && <p className="note">{t("nothingPushes")}</p>}
          {one.lines.length > 0 && (
            <p className="note">
              {t("returns", { lines: one.lines.map((line) => `${line.sku} ${percent(line.chance, 1)}`).join(t("and")) })}
            </p>
          )}
          <p className="order-risks-foot">
            <span className="note">{t("askedAt", { when: dated(one.asked) })}</span>
            <Link to={`?tab=models&model=${one.model}`}>{t("toModel")}</Link>
          </p>
        </>
      )}
    </Card>
  );
}

const STAGES = ["placed", "allocated", "released", "picked", "packed", "shipped", "delivered"];

/** A feature's value as it is read: a stage by its word, a number to two places. */
function spell(feature: string, value: string, word: (name: string) => string): string {
  if (feature === "stage") return word(STAGES[Number(value)] ?? "placed");
  const number = Number(value);
  return value !== "" && Number.isFinite(number) ? String(Math.round(number * 100) / 100) : value || "—";
}
