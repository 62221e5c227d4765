import { EditOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConnectorMinute, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, near, share, timeOfDay } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { HealthCells } from "@/parts/health-cells";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { Calls } from "./calls";
import { Standing } from "./list";
import { KEY, PATH, standingOf, WHOLE } from "./model";
import { TrialForm } from "./trial-form";
import { useCapability } from "./words";

interface Props {
  one: ConnectorView;
  mayWrite: boolean;
  onEdit: () => void;
  onClose: () => void;
}

/** One connector: how it was in the last hour, what it is asked, and its switches. */
export function Detail({ one, mayWrite, onEdit, onClose }: Props) {
  const { t } = useTranslation("connectors");
  const capability = useCapability()(one.capability);
  const [tries, setTries] = useState(false);
  const standing = standingOf(one);
  return (
    <Card
      className="connectors-detail"
      title={one.title}
      note={
        <>
          <Standing one={one} /> {capability} · {one.adapter}
        </>
      }
      extra={
        <span className="connectors-acts">
          {mayWrite && <Switches one={one} />}
          {mayWrite && one.trial_url && <Button onClick={() => setTries(true)}>{t("try")}</Button>}
          {mayWrite && (
            <Button icon={<EditOutlined />} onClick={onEdit}>
              {t("edit")}
            </Button>
          )}
          <Button onClick={onClose}>{t("close")}</Button>
        </span>
      }
    >
      {standing === "open" && (
        <p className="connectors-trouble" role="status">
          {t("openUntil", { at: near(one.breaker_until), n: count(one.waiting) })}
        </p>
      )}
      {one.probe_trouble && (
        <p className="connectors-trouble" role="status">
          {t("probeTrouble", { at: near(one.probed), trouble: one.probe_trouble })}
        </p>
      )}
      <Hour minutes={one.health.minutes} />
      <dl className="connectors-facts">
        <Pair name={t("columns.answered")}>
          {one.health.calls > 0 ? share(one.health.answered / WHOLE) : t("noCalls")}
        </Pair>
        <Pair name={t("latency")}>
          {one.health.calls > 0 ? `${count(one.health.p50_ms)} / ${count(one.health.p95_ms)} ms` : "—"}
        </Pair>
        <Pair name={t("columns.waiting")}>{count(one.waiting)}</Pair>
        <Pair name={t("limits")}>
          {t("limitsNote", {
            n: one.concurrency,
            rate: one.rate_per_s > 0 ? t("perS", { n: one.rate_per_s }) : t("noRate"),
          })}
        </Pair>
        <Pair name={t("url")}>
          <code>{one.url}</code>
        </Pair>
        <Pair name={t("callback")}>
          <Typography.Text copyable={{ text: one.callback_url }} code>
            {one.callback_url}
          </Typography.Text>
        </Pair>
        <Pair name={t("secrets")}>{one.secrets.join("、") || "—"}</Pair>
      </dl>
      <Calls one={one} mayWrite={mayWrite} />
      {tries && <TrialForm one={one} onClose={() => setTries(false)} />}
    </Card>
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

/** On, off, back to trial; what calls go to is switched by its route. */
function Switches({ one }: { one: ConnectorView }) {
  const { t } = useTranslation("connectors");
  const notice = useNotice();
  const confirm = useConfirm();
  const sent = useMutation({
    mutationFn: (state: "on" | "off") =>
      ask(`${PATH}/${one.id}/state`, { method: "POST", json: { state, reason: "" } }),
    onSuccess: async (_, state) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(`switched.${state}`, { name: one.title }));
    },
    onError: (error) => notice.failed(error),
  });
  const switchOff = async () => {
    const act = t("switchOff");
    if (await confirm({ title: t("offAsk", { name: one.title }), text: t("offMeans"), act, isDanger: true }))
      sent.mutate("off");
  };
  if (one.state === "on" || one.state === "draining")
    return (
      <Button loading={sent.isPending} onClick={() => void switchOff()}>
        {t("switchOff")}
      </Button>
    );
  return (
    <Button type="primary" loading={sent.isPending} onClick={() => sent.mutate("on")}>
      {t("switchOn")}
    </Button>
  );
}

function Hour({ minutes }: { minutes: readonly ConnectorMinute[] }) {
  const { t } = useTranslation("connectors");
  return (
    <HealthCells
      minutes={minutes}
      label={(calls, failed) => t("hour", { calls: count(calls), failed: count(failed) })}
      cell={(one) => t("cell", { at: timeOfDay(one.from), calls: count(one.calls), failed: count(one.failed) })}
    />
  );
}
