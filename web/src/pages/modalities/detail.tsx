import { EditOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PerceiverView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, near, share, timeOfDay } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { DigestText } from "@/parts/digest-text";
import { HealthCells } from "@/parts/health-cells";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { StandingTag } from "./list";
import { costOfCall, KEY, PATH, price, standingOf, SURE, WHOLE } from "./model";
import { Trial } from "./trial";
import { codeWords, useKind } from "./words";

interface Props {
  one: PerceiverView;
  mayWrite: boolean;
  onEdit: () => void;
  onClose: () => void;
}

/** One service: how it was in the last hour, what it costs, its limits, a trial on a sample. */
export function Detail({ one, mayWrite, onEdit, onClose }: Props) {
  const { t } = useTranslation("modalities");
  const kind = useKind()(one.kind);
  const [tries, setTries] = useState(false);
  const health = one.health;
  return (
    <Card
      className="modalities-detail"
      title={one.title}
      note={
        <>
          <StandingTag one={one} /> {kind} · {one.adapter}
        </>
      }
      extra={
        <span className="modalities-acts">
          {mayWrite && !one.default && <Switch one={one} />}
          {mayWrite && !tries && <Button onClick={() => setTries(true)}>{t("try")}</Button>}
          {mayWrite && !one.default && (
            <Button icon={<EditOutlined />} onClick={onEdit}>
              {t("edit")}
            </Button>
          )}
          <Button onClick={onClose}>{t("close")}</Button>
        </span>
      }
    >
      {one.default && <p className="note">{t("defaultMeans")}</p>}
      {standingOf(one) === "open" && (
        <p className="modalities-trouble" role="status">
          {t("openUntil", { at: near(one.breaker_until) })}
        </p>
      )}
      {one.trouble && (
        <p className="note">{t("lastTrouble", { at: near(one.troubled), trouble: one.trouble })}</p>
      )}
      <HealthCells
        minutes={health.minutes}
        label={(calls, failed) => t("hour", { calls: count(calls), failed: count(failed) })}
        cell={(cell) =>
          t("cell", { at: timeOfDay(cell.from), calls: count(cell.calls), failed: count(cell.failed) })
        }
      />
      <Facts one={one} />
      {tries && <Trial one={one} onClose={() => setTries(false)} />}
    </Card>
  );
}

function Facts({ one }: { one: PerceiverView }) {
  const { t } = useTranslation("modalities");
  const health = one.health;
  const codes = Object.entries(health.codes);
  const cost = costOfCall(one);
  return (
    <dl className="modalities-facts">
      <Pair name={t("columns.answered")}>
        {health.calls > 0 ? share(health.answered / WHOLE) : t("noCalls")}
      </Pair>
      <Pair name={t("latency")}>
        {health.calls > 0 ? `${count(health.p50_ms)} / ${count(health.p95_ms)} ms` : "—"}
      </Pair>
      <Pair name={t("failures")}>
        {codes.length > 0
          ? codes.map(([code, n]) => `${codeWords(t, code)} ${count(n)}`).join("、")
          : t("noFailures")}
      </Pair>
      <Pair name={t("cost")}>
        {t("costNote", { call: cost === null ? "—" : price(Math.round(cost)), today: price(health.cost_today) })}
      </Pair>
      <Pair name={t("prices")}>
        {t("pricesNote", {
          call: price(one.price_call),
          second: price(one.price_second),
          page: price(one.price_page),
        })}
      </Pair>
      <Pair name={t("quota")}>
        {one.quota_minute > 0 && t("quotaMinute", { used: count(health.calls_minute), n: count(one.quota_minute) })}
        {one.quota_minute > 0 && one.quota_day > 0 && " · "}
        {one.quota_day > 0 && t("quotaDay", { used: count(health.calls_today), n: count(one.quota_day) })}
        {one.quota_minute === 0 && one.quota_day === 0 && t("noQuota")}
      </Pair>
      <Pair name={t("timeout")}>{`${count(one.timeout_ms)} ms`}</Pair>
      {health.compared > 0 && (
        <Pair name={t("agreed")}>
          {t("agreedNote", { share: share(health.agreed / SURE, 1), n: count(health.compared) })}
        </Pair>
      )}
      <Pair name={t("columns.version")}>
        {[one.label, one.version].filter(Boolean).join(" · ") || "—"}
      </Pair>
      {one.digest && (
        <Pair name={t("model")}>
          <DigestText hex={one.digest} />
        </Pair>
      )}
      {one.url && (
        <Pair name={t("url")}>
          <code>{one.url}</code>
        </Pair>
      )}
      {one.secrets.length > 0 && <Pair name={t("secrets")}>{one.secrets.join("、")}</Pair>}
    </dl>
  );
}

function Pair({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Pause, or have it asked again at once. */
function Switch({ one }: { one: PerceiverView }) {
  const { t } = useTranslation("modalities");
  const notice = useNotice();
  const confirm = useConfirm();
  const sent = useMutation({
    mutationFn: (state: "active" | "paused") =>
      ask(`${PATH}/${one.id}/state`, { method: "POST", json: { state, reason: "" } }),
    onSuccess: async (_, state) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(`switched.${state}`, { name: one.title }));
    },
    onError: (error) => notice.failed(error),
  });
  const pause = async () => {
    const act = t("pause");
    if (await confirm({ title: t("pauseAsk", { name: one.title }), text: t("pauseMeans"), act }))
      sent.mutate("paused");
  };
  return one.state === "paused" ? (
    <Button type="primary" loading={sent.isPending} onClick={() => sent.mutate("active")}>
      {t("resume")}
    </Button>
  ) : (
    <Button loading={sent.isPending} onClick={() => void pause()}>
      {t("pause")}
    </Button>
  );
}
