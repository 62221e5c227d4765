import { MoreOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import type { PingTold, Secret, SubscriptionView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, duration, near } from "@/format";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ToneTag } from "@/parts/status-tag";
import { useProven } from "@/parts/step-up";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { rank, SUBSCRIPTIONS, useEventTypes, useWhy } from "./model";

interface Props {
  one: SubscriptionView;
  onLog: () => void;
  onReplay: () => void;
  onEdit: () => void;
  onSecret: (secret: string) => void;
}

/** What is of no interest is passed some seconds later; until then nobody is behind. */
const QUICK_MS = 15_000;
type Act = "pause" | "resume" | "ping" | "secret" | "remove";
const TONES = ["broken", "broken", "risk", "risk", "kept", "plain"] as const;

/** A subscription: how it is, what it waits for, and what may be done with it. */
export function SubscriptionCard({ one, onLog, onReplay, onEdit, onSecret }: Props) {
  const { t } = useTranslation("events");
  const mayWrite = useMay("subscription.write");
  const act = useAct(one, onSecret);
  const types = useEventTypes();
  const shown = one.types.slice(0, 3).map((type) => types.nameOf(type));
  const isResting = one.state === "paused";
  const lag_ms = one.behind && one.behind_since ? Date.now() - Date.parse(one.behind_since) : 0;
  const items = [
    { key: "replay", label: t("acts.replay"), onClick: onReplay },
    { key: "edit", label: t("acts.edit"), onClick: onEdit },
    { key: "secret", label: t("acts.secret"), onClick: () => act.mutate("secret") },
    { key: "remove", label: t("acts.remove"), danger: true, onClick: () => act.mutate("remove") },
  ];
  return (
    <li className="events-one" data-rank={rank(one)}>
      <header>
        <h2>{one.name}</h2>
        <ToneTag tone={TONES[rank(one)] ?? "plain"}>{t(`states.${stateOf(one)}`)}</ToneTag>
        <span className="note mono">{one.url}</span>
      </header>
      <p className="note">
        {shown.join(t("comma"))}
        {one.types.length > 3 && t("andMore", { n: one.types.length - 3 })}
        {one.filters.length > 0 && ` · ${t("filtered", { n: one.filters.length })}`}
        {` · ${t(`modes.${one.mode}`)}`}
      </p>
      <Trouble one={one} />
      <dl>
        <Figure name="behind">{lag_ms > QUICK_MS ? duration(lag_ms) : t("upToDate")}</Figure>
        <Figure name="parked">{count(one.parked)}</Figure>
        <Figure name="dead">{count(one.dead)}</Figure>
        <Figure name="delivered">{count(one.delivered)}</Figure>
        <Figure name="taken">{one.taken ? near(one.taken) : t("never")}</Figure>
      </dl>
      <footer>
        <Button size="small" onClick={onLog}>
          {t("acts.log")}
        </Button>
        {mayWrite && (
          <>
            <Button
              size="small"
              loading={act.isPending && act.variables === "ping"}
              onClick={() => act.mutate("ping")}
            >
              {t("acts.ping")}
            </Button>
            <Button
              size="small"
              loading={act.isPending && (act.variables === "pause" || act.variables === "resume")}
              onClick={() => act.mutate(isResting || one.state === "broken" ? "resume" : "pause")}
            >
              {t(isResting ? "acts.resume" : one.state === "broken" ? "acts.try" : "acts.pause")}
            </Button>
            <Dropdown menu={{ items }} trigger={["click"]}>
              <Button
                size="small"
                icon={<MoreOutlined />}
                aria-label={t("acts.more", { name: one.name })}
              />
            </Dropdown>
          </>
        )}
      </footer>
    </li>
  );
}

function stateOf(one: SubscriptionView): string {
  if (one.state === "active" && (one.trouble || one.parked > 0)) return "troubled";
  return one.state;
}

function Figure({ name, children }: { name: string; children: React.ReactNode }) {
  const { t } = useTranslation("events");
  return (
    <div>
      <dt>{t(`figures.${name}`)}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Since when it fails, why, and when it is tried next. */
function Trouble({ one }: { one: SubscriptionView }) {
  const { t } = useTranslation("events");
  const why = useWhy();
  if (one.state === "paused") {
    const told = one.why === "gone" ? t("gone") : one.why;
    return told ? <p className="events-trouble">{t("pausedWhy", { why: told })}</p> : null;
  }
  if (!one.trouble && !one.failing_since) return null;
  return (
    <p className="events-trouble" role="status">
      {one.failing_since && t("failingSince", { since: near(one.failing_since) })}
      {why(one.trouble)}
      {one.next_try && t("nextTry", { at: near(one.next_try) })}
    </p>
  );
}

function useAct(one: SubscriptionView, onSecret: (secret: string) => void) {
  const { t } = useTranslation("events");
  const notice = useNotice();
  const why = useWhy();
  const confirm = useConfirm();
  const proven = useProven();
  const path = `${SUBSCRIPTIONS}/${one.id}`;
  const post = <T,>(to: string, json: unknown = {}) =>
    proven(() => ask<T>(`${path}/${to}`, { method: "POST", json }));
  return useMutation({
    mutationFn: async (act: Act) => {
      if (act === "ping") {
        const told = await post<PingTold>("ping");
        if (told) {
          notice.done(told.trouble ? t("pingFailed", { trouble: why(told.trouble) }) : t("pingDone", told));
        }
      } else if (act === "secret") {
        const isMeant = await confirm({
          title: t("secretAsk", { name: one.name }),
          text: t("secretAskNote"),
          act: t("acts.secret"),
        });
        const made = isMeant ? await post<Secret>("secret") : undefined;
        if (made) onSecret(made.secret);
      } else if (act === "remove") {
        const isMeant = await confirm({
          title: t("removeAsk", { name: one.name }),
          text: t("removeNote", { parked: one.parked, dead: one.dead }),
          act: t("removeIt", { name: one.name }),
          isDanger: true,
        });
        if (isMeant) await proven(() => ask(path, { method: "DELETE" }));
      } else {
        await post(act);
      }
      await queries.invalidateQueries({ queryKey: [SUBSCRIPTIONS] });
    },
    onError: (error) => notice.failed(error),
  });
}
