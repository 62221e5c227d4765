import type { TFunction } from "i18next";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { count, dated } from "@/format";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { useNotice } from "@/parts/notice";
import { useMay } from "@/session";
import { beginDraft, type Overview, readShadow, type SetShown } from "./api";
import { CanaryDialog, ScheduleDialog, useMoves } from "./moves";
import { Steps, StepLine } from "./road";

/** 上线流程 of a published set: 灰度 → 全量 or 定时; beside it the shadow run. */
export function SetRoad({ shown, overview }: { shown: SetShown; overview: Overview }) {
  const { t } = useTranslation("policies");
  const moves = useMoves();
  const notice = useNotice();
  const may = useMay("routing.activate");
  const mayWrite = useMay("routing.write");
  const [dialog, setDialog] = useState<"canary" | "schedule" | null>(null);
  const { set } = shown;
  const isLive = overview.live?.digest === set.digest;
  const canary = overview.canary?.set.digest === set.digest ? overview.canary : null;
  const time = overview.scheduled.find((one) => one.set.digest === set.digest);
  const isShadow = overview.shadow?.digest === set.digest;
  async function again() {
    try {
      const draft = await beginDraft(shown.kind, set.name, set.digest);
      window.location.assign(`/policies/${draft.id}`);
    } catch (error) {
      notice.failed(error);
    }
  }
  return (
    <div className="policy-road">
      <Card title={t("road.title")} note={t("road.note")}>
        <ol className="policy-steps">
          <StepLine state="done" title={t("road.approval")} text={t("set.approved", { by: set.by, approved: set.approved_by })} />
          <StepLine
            state={canary ? "wait" : shown.steps.some((step) => step.act === "canaried") ? "done" : isLive ? "later" : "open"}
            title={t("road.canary")}
            text={canary ? told(canary.rule, t) : t("canary.none")}
          />
          <StepLine
            state={isLive ? "done" : time ? "wait" : "open"}
            title={t("road.live")}
            text={isLive ? t("set.live") : time ? t("list.from", { at: dated(time.at), by: time.by }) : t("road.back")}
          />
        </ol>
        {may && !isLive && (
          <div className="policy-acts">
            <Button onClick={() => setDialog("canary")}>{t(canary ? "canary.change" : "canary.act")}</Button>
            <Button onClick={() => setDialog("schedule")}>{t("schedule.act")}</Button>
            {time && <Button onClick={() => void moves.unschedule(set)}>{t("schedule.drop")}</Button>}
            <Button type="primary" onClick={() => void moves.activate(set)}>{t("activate.act")}</Button>
          </div>
        )}
        {mayWrite && (
          <div className="policy-acts">
            <Button onClick={() => void again()}>{t("set.again")}</Button>
          </div>
        )}
        <p className="policy-digest"><span className="note">{t("road.digest")}</span> <DigestText hex={set.digest} /></p>
        <Steps steps={shown.steps} />
      </Card>
      {may && !isLive && (
        <Card title={t("shadow.title")} note={t("shadow.note")}
          extra={
            <Button size="small" onClick={() => void (isShadow ? moves.endShadow(set) : moves.shadow(set))}>
              {t(isShadow ? "shadow.end" : "shadow.act")}
            </Button>
          }
        >
          <ShadowFigures digest={set.digest} isOn={isShadow} />
        </Card>
      )}
      {dialog === "canary" && <CanaryDialog one={set} onClose={() => setDialog(null)} />}
      {dialog === "schedule" && <ScheduleDialog one={set} onClose={() => setDialog(null)} />}
    </div>
  );
}

function told(rule: { percent: number; channels: readonly string[]; regions: readonly string[] }, t: TFunction<"policies">): string {
  const where = [...rule.channels, ...rule.regions].join(t("comma"));
  return t("canary.told", { percent: rule.percent }) + (where ? ` · ${where}` : "");
}

function ShadowFigures({ digest, isOn }: { digest: string; isOn: boolean }) {
  const { t } = useTranslation("policies");
  const found = useQuery({ queryKey: ["routing", "shadow", digest], queryFn: () => readShadow(digest), refetchInterval: isOn ? 5_000 : false });
  if (!found.data) return <p className="note">{t("shadow.none")}</p>;
  return <p>{t("shadow.figures", { decided: count(found.data.decided), differed: count(found.data.differed), held: count(found.data.held) })}</p>;
}
