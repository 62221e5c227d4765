import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Period, PeriodEvent, Settlement } from "@/api/types.gen";
import { ask as askHub } from "@/client";
import { brief, count, digest, exact, money } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { CloseWalk } from "./close-walk";
import { KEY, usePeriodName, wasReopened } from "./model";

/** 期间: which are open and closed, the walk that closes one, and all that was done with them. */
export function Periods({ found }: { found: Settlement }) {
  const { t } = useTranslation("settlement");
  const { asked, ask } = useAsked();
  const nameOf = usePeriodName();
  const chosen =
    found.periods.find((one) => one.period === Number(asked("period"))) ??
    found.periods.find((one) => one.period === found.next);
  const columns: SmallColumn<Period>[] = [
    {
      key: "period",
      title: t("period"),
      render: (one) => (
        <Button
          type="link"
          size="small"
          aria-current={one.period === chosen?.period}
          onClick={() => ask({ period: String(one.period) })}
        >
          {nameOf(one.period)}
        </Button>
      ),
    },
    {
      key: "state",
      title: t("state"),
      render: (one) => (
        <span className="settlement-states">
          <ToneTag tone={one.closed ? "kept" : "primary"}>{t(one.closed ? "closed" : "openState")}</ToneTag>
          {wasReopened(one) && <ToneTag tone="risk">{t("wasReopened")}</ToneTag>}
          {one.ask && <ToneTag tone="pend">{t("askedState")}</ToneTag>}
        </span>
      ),
    },
    { key: "days", title: t("columns.days"), render: (one) => `${one.first} – ${one.last}` },
    { key: "vouchers", title: t("tabs.vouchers"), isNumber: true, render: (one) => count(one.vouchers) },
  ];
  return (
    <div className="settlement-periods">
      <Card title={t("tabs.periods")} isFlush>
        <SmallTable
          caption={t("tabs.periods")}
          columns={columns}
          rows={found.periods}
          keyOf={(one) => String(one.period)}
          empty={t("noEntries")}
        />
      </Card>
      <div className="settlement-chosen">
        {chosen && !chosen.closed && <CloseWalk key={chosen.period} period={chosen} today={found.today} />}
        {chosen && (chosen.closed || chosen.events.length > 0) && (
          <History key={`h${chosen.period}`} period={chosen} found={found} />
        )}
      </div>
    </div>
  );
}

/** What was done with a period, for ever; and, while it is closed, the way to open it again. */
function History({ period, found }: { period: Period; found: Settlement }) {
  const { t } = useTranslation("settlement");
  const nameOf = usePeriodName();
  const who = (subject: string) => found.people[subject] ?? subject;
  return (
    <Card title={t("history", { period: nameOf(period.period) })}>
      <ol className="settlement-history">
        {period.events.map((one) => (
          <li key={one.fact}>
            <Told event={one} who={who} />
          </li>
        ))}
      </ol>
      {period.closed && <Reopening period={period} me={found.me} who={who} />}
    </Card>
  );
}

function Told({ event, who }: { event: PeriodEvent; who: (subject: string) => string }) {
  const { t } = useTranslation("settlement");
  return (
    <>
      <time title={exact(event.at ?? "")}>{brief(event.at ?? "")}</time>{" "}
      {event.kind === "closed"
        ? t("closedBy", { by: who(event.by) })
        : t("reopenedBy", { by: who(event.by), first: who(event.first ?? ""), reason: event.reason })}
      {event.digest && (
        <span className="note" title={event.digest}>
          {" "}
          {t("digest")} <span className="mono">{digest(event.digest)}</span>
        </span>
      )}
      {(event.explained ?? []).map((one) => (
        <p key={one.code} className="note">
          {t("explained", {
            check: t(`checks.${one.code}.name`),
            sum: one.code === "suspense" ? money(one.amount) : count(one.amount),
            reason: one.reason,
          })}
        </p>
      ))}
    </>
  );
}

interface ReopeningProps {
  period: Period;
  me: string;
  who: (subject: string) => string;
}

/** 反结账: one person asks, another agrees. */
function Reopening({ period, me, who }: ReopeningProps) {
  const { t } = useTranslation("settlement");
  const nameOf = usePeriodName();
  const { done, failed } = useNotice();
  const mayReopen = useMay("settlement.reopen");
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const path = `/v1/settlement/periods/${period.period}/reopening`;
  const act = async (way: string, said: string, json?: { reason: string }) => {
    setBusy(true);
    try {
      await askHub(`${path}${way}`, { method: "POST", ...(json ? { json } : {}) });
      done(t(said, { period: nameOf(period.period) }));
      setReason("");
      await queries.invalidateQueries({ queryKey: KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  if (!mayReopen) return null;
  const asked = period.ask;
  const isMine = asked?.by === me;
  const told = reason.trim();
  return (
    <form className="settlement-form" onSubmit={(event) => event.preventDefault()}>
      {asked && <p>{t("askedBy", { by: who(asked.by), reason: asked.reason })}</p>}
      <label>
        <span>{t(asked ? "declineReason" : "reopenReason")}</span>
        <Input value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
      </label>
      <p className="note">{t("reopenNote")}</p>
      <div className="settlement-buttons">
        {asked && (
          <Button
            loading={isBusy}
            disabled={!told}
            onClick={() => void act("/decline", "declined", { reason: told })}
          >
            {t(isMine ? "takeBack" : "decline")}
          </Button>
        )}
        {asked ? (
          <Button
            danger
            loading={isBusy}
            disabled={isMine}
            title={isMine ? t("notAlone") : undefined}
            onClick={() => void act("/agree", "reopened")}
          >
            {t("agree", { period: nameOf(period.period) })}
          </Button>
        ) : (
          <Button
            danger
            loading={isBusy}
            disabled={!told}
            onClick={() => void act("", "reopenAsked", { reason: told })}
          >
            {t("askReopening", { period: nameOf(period.period) })}
          </Button>
        )}
      </div>
    </form>
  );
}
