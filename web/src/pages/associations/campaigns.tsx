import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { CampaignPage, CampaignView } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, money, share } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Interval } from "./interval";
import { CAMPAIGNS_KEY, goods, isJudged, signed } from "./words";

const TONES = { proposed: "pend", running: "primary", stopped: "excused" } as const;

/** 动作: what was proposed, what runs, what it does, why it stopped. */
export function Campaigns() {
  const { t } = useTranslation("associations");
  const list = useKeyset<CampaignView, CampaignPage>({
    queryKey: CAMPAIGNS_KEY,
    fetch: (cursor, signal) => ask(`/v1/campaigns?${query({ cursor, limit: 20 })}`, { signal }),
  });
  return (
    <Card title={t("campaigns")} note={t("campaignsNote")}>
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={3} />}
      {!list.isLoading && !list.problem && list.rows.length === 0 && <p className="note">{t("noCampaigns")}</p>}
      <ul className="associations-campaigns">
        {list.rows.map((one) => (
          <li key={one.id}>
            <One one={one} />
          </li>
        ))}
      </ul>
      {list.hasMore && (
        <Button type="link" loading={list.isWaiting} onClick={list.onMore}>
          {t("more")}
        </Button>
      )}
    </Card>
  );
}

function One({ one }: { one: CampaignView }) {
  const { t } = useTranslation("associations");
  const { figures } = one;
  const name = `${goods(one.first_name, one.first)} → ${goods(one.then_name, one.then)}`;
  const state = one.state in TONES ? (one.state as keyof typeof TONES) : "stopped";
  return (
    <article aria-label={name}>
      <header>
        <h3>{name}</h3>
        <ToneTag tone={TONES[state]}>{t(`states.${one.state}`)}</ToneTag>
        <span className="note">{t(`acts.${one.act}`)}</span>
        <Acts one={one} />
      </header>
      <blockquote>{one.text}</blockquote>
      <p className="note">
        {t("basis", { basis: one.basis })} · {t("until", { when: brief(one.until) })}
        {one.budget > 0 && ` · ${t("spent", { spent: money(figures.spent), budget: money(one.budget) })}`}
      </p>
      {one.why && (
        <p>
          {t("stoppedAs", { why: t(`why.${one.why}`), when: brief(one.stopped) })}
        </p>
      )}
      {one.started && <Effect one={one} />}
    </article>
  );
}

function Effect({ one }: { one: CampaignView }) {
  const { t } = useTranslation("associations");
  const f = one.figures;
  const rate = (bought: number, all: number) => (all ? share(bought / all, 1) : "—");
  return (
    <>
      <dl className="associations-arms">
        <dt>{t("treated")}</dt>
        <dd>
          {count(f.treated)} · {t("reached", { told: count(f.told), unreached: count(f.unreached) })}
        </dd>
        <dd>{t("bought", { bought: count(f.bought_treated), all: count(f.counted_treated), rate: rate(f.bought_treated, f.counted_treated) })}</dd>
        <dt>{t("holdout")}</dt>
        <dd>{count(f.holdout)}</dd>
        <dd>{t("bought", { bought: count(f.bought_holdout), all: count(f.counted_holdout), rate: rate(f.bought_holdout, f.counted_holdout) })}</dd>
      </dl>
      {isJudged(one) ? (
        <>
          <Interval figures={f} least={one.least_effect} />
          <p>
            {t("effect", { effect: signed(f.effect), low: signed(f.low), high: signed(f.high) })}
            <span className="note">{t("always", { low: signed(f.always_low), high: signed(f.always_high) })}</span>
          </p>
        </>
      ) : (
        <p className="note">{t("tooFew", { days: Math.round(one.counted_after_h / 24) })}</p>
      )}
    </>
  );
}

function Acts({ one }: { one: CampaignView }) {
  const { t } = useTranslation("associations");
  const mayStart = useMay("association.start");
  const confirm = useConfirm();
  const { done, failed } = useNotice();
  const send = async (what: "start" | "stop") => {
    const isMeant = await confirm({
      title: t(`${what}.title`, {
        first: goods(one.first_name, one.first),
        then: goods(one.then_name, one.then),
      }),
      text: t(`${what}.text`, { text: one.text, holdout: share(one.holdout / 1_000, 0) }),
      act: t(`${what}.act`),
      isDanger: what === "stop",
    });
    if (!isMeant) return;
    try {
      await ask(`/v1/campaigns/${one.id}/${what}`, { method: "POST", json: {} });
      done(t(`${what}.done`));
    } catch (error) {
      failed(error);
    }
    await queries.invalidateQueries({ queryKey: CAMPAIGNS_KEY });
  };
  if (!mayStart || one.state === "stopped") return null;
  return (
    <span className="associations-acts">
      {one.state === "proposed" && (
        <Button size="small" type="primary" onClick={() => void send("start")}>
          {t("start.act")}
        </Button>
      )}
      <Button size="small" onClick={() => void send("stop")}>
        {t("stop.act")}
      </Button>
    </span>
  );
}
