import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { MessageView, NegotiationView, ProposalView, SendView } from "@/api/types.gen";
import { ask } from "@/client";
import { dated, exact, money, share, timeOfDay, weight } from "@/format";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Countdown } from "./clock";
import { FATES, isOver, NEGOTIATIONS_KEY, toneOf, useWords } from "./words";
import "./negotiations.css";

const LOOK_MS = 1_000;
const span = (w: { start: string; end: string }) => `${dated(w.start)} – ${dated(w.end)}`;

/** One negotiation: until when, who offered what at which score, every message, what is told. */
export default function NegotiationOne() {
  const { id = "" } = useParams();
  const words = useWords();
  const mayAct = useMay("order.negotiate");
  const found = useQuery({
    queryKey: [...NEGOTIATIONS_KEY, id],
    queryFn: ({ signal }) => ask<NegotiationView>(`/v1/negotiations/${id}`, { signal }),
    refetchInterval: (asked) => (asked.state.data && isOver(asked.state.data) ? false : LOOK_MS),
  });
  const n = found.data;
  if (!n) {
    return (
      <>
        <PageHead back="/negotiations" />
        {found.error ? (
          <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />
        ) : (
          <Skeleton kind="card" />
        )}
      </>
    );
  }
  return (
    <>
      <PageHead
        back="/negotiations"
        title={n.number}
        state={<ToneTag tone={toneOf(n)}>{words.state(n)}</ToneTag>}
        actions={mayAct && !isOver(n) && <Withdraw n={n} />}
      />
      <div className="negotiations">
        <Facts n={n} />
        <Offers n={n} />
        <Messages n={n} />
        {n.sends.length > 0 && <Sends n={n} />}
      </div>
    </>
  );
}

function Withdraw({ n }: { n: NegotiationView }) {
  const { t } = useTranslation("negotiations");
  const { failed } = useNotice();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const withdraw = async () => {
    setBusy(true);
    try {
      await ask(`/v1/negotiations/${n.id}/withdraw`, { method: "POST", json: {} });
      await client.invalidateQueries({ queryKey: NEGOTIATIONS_KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button danger loading={isBusy} onClick={() => void withdraw()}>
      {t("withdraw")}
    </Button>
  );
}

function Facts({ n }: { n: NegotiationView }) {
  const { t } = useTranslation("negotiations");
  const words = useWords();
  const facts: [string, React.ReactNode][] = [
    ["order", <Link to={`/orders/${n.order}`}>{n.number}</Link>],
    ["leg", `${n.pickup} → ${n.dropoff}`],
    ["goods", `${t(n.cold ? "cold" : "ambient")} ${weight(n.weight_g)}`],
    ["fallback", `${n.fallback || t("noCarrier")} ${money(n.fallback_fen)}`],
    ["promised", n.promised ? <time title={exact(n.promised)}>{dated(n.promised)}</time> : "—"],
    ["outcome", words.outcome(n)],
    ["reason", words.reason(n) || "—"],
    ["replyBy", <time title={exact(n.reply_by)}>{dated(n.reply_by)}</time>],
    ["decision", <span className="mono">{n.decision || "—"}</span>],
  ];
  return (
    <Card title={t("call")}>
      {!isOver(n) && (
        <p className="negotiations-clocks" role="timer">
          <Countdown at={n.defaults} word="defaults" /> · <Countdown at={n.next} word="next" />
        </p>
      )}
      <dl className="negotiations-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`columns.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <ul className="negotiations-windows">
        {n.windows.map((w) => (
          <li key={w.id}>
            <b>{w.id}</b> {span(w)}
            {w.consent && (
              <ToneTag tone={w.consented ? "kept" : "pend"}>{t(w.consented ? "consented" : "needsConsent")}</ToneTag>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Offers({ n }: { n: NegotiationView }) {
  const { t } = useTranslation("negotiations");
  const fen = (key: "fee" | "late" | "incentive" | "refusal" | "total", of: (p: ProposalView) => number) => ({
    key,
    title: t(`columns.${key}`),
    isNumber: true,
    render: (p: ProposalView) => money(of(p)),
  });
  const columns: SmallColumn<ProposalView>[] = [
    { key: "party", title: t("columns.party"), render: (p) => p.party },
    {
      key: "fate",
      title: t("columns.state"),
      render: (p) => <ToneTag tone={FATES[p.fate] ?? "plain"}>{t(`fates.${p.fate}`, { defaultValue: p.fate })}</ToneTag>,
    },
    fen("total", (p) => p.total_fen),
    fen("fee", (p) => p.fee_fen),
    fen("late", (p) => p.late_fen),
    fen("incentive", (p) => p.incentive_fen),
    fen("refusal", (p) => p.refusal_fen),
    { key: "accept", title: t("columns.accept"), isNumber: true, render: (p) => share(p.accept_permille / 1_000, 0) },
    { key: "window", title: t("columns.window"), render: (p) => span(p) },
    { key: "eta", title: t("columns.eta"), render: (p) => <time title={exact(p.eta)}>{dated(p.eta)}</time> },
    { key: "valid", title: t("columns.valid"), render: (p) => <time title={exact(p.valid_until)}>{timeOfDay(p.valid_until)}</time> },
  ];
  return (
    <Card title={t("offers")} note={t("offersNote")} isFlush>
      <SmallTable caption={t("offers")} columns={columns} rows={n.offers} keyOf={(p) => p.id} empty={t("noOffers")} />
    </Card>
  );
}

function Messages({ n }: { n: NegotiationView }) {
  const { t } = useTranslation("negotiations");
  const columns: SmallColumn<MessageView>[] = [
    { key: "seq", title: "#", isNumber: true, render: (m) => String(m.seq) },
    { key: "at", title: t("columns.at"), render: (m) => <time title={exact(m.at)}>{timeOfDay(m.at)}</time> },
    {
      key: "type",
      title: t("columns.message"),
      render: (m) => t(`types.${m.type.replace("negotiation.", "")}`, { defaultValue: m.type }),
    },
    { key: "by", title: t("columns.by"), render: (m) => m.by },
    { key: "cause", title: t("columns.cause"), render: (m) => <span className="mono">{m.cause.replace(`${n.id}/`, "#")}</span> },
    {
      key: "data",
      title: t("columns.data"),
      render: (m) => (
        <details>
          <summary>{t("show")}</summary>
          <pre>{JSON.stringify(JSON.parse(m.data), null, 1)}</pre>
        </details>
      ),
    },
  ];
  return (
    <Card title={t("messages")} note={t("messagesNote")} isFlush>
      <SmallTable caption={t("messages")} columns={columns} rows={n.messages} keyOf={(m) => m.id} empty={t("noMessages")} />
    </Card>
  );
}

function Sends({ n }: { n: NegotiationView }) {
  const { t } = useTranslation("negotiations");
  const columns: SmallColumn<SendView>[] = [
    { key: "party", title: t("columns.party"), render: (s) => s.party },
    { key: "kind", title: t("columns.message"), render: (s) => t(`sends.${s.kind}`, { defaultValue: s.kind }) },
    { key: "state", title: t("columns.state"), render: (s) => t(`sent.${s.state}`, { defaultValue: s.state }) },
    { key: "tries", title: t("columns.tries"), isNumber: true, render: (s) => String(s.tries) },
    { key: "trouble", title: t("columns.reason"), render: (s) => s.trouble || "—" },
  ];
  return (
    <Card title={t("toServices")} isFlush>
      <SmallTable caption={t("toServices")} columns={columns} rows={n.sends} keyOf={(s) => s.party + s.kind + s.ref} empty="" />
    </Card>
  );
}
