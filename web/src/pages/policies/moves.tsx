import { RollbackOutlined } from "@ant-design/icons";
import { Button, DatePicker, InputNumber, Modal, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "@/format";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import type { Tone } from "@/parts/status-tag";
import { queries } from "@/queries";
import { useMay } from "@/session";
import {
  activateSet,
  endShadow,
  type Overview,
  overviewKey,
  rollBack,
  type SetItem,
  shadowSet,
  startCanary,
  unscheduleSet,
} from "./api";
import { useKind } from "./kind";

export const TONES: Readonly<Record<SetItem["state"], Tone>> = {
  live: "kept",
  canary: "risk",
  approved: "info",
  retired: "plain",
};

/** What is done with published sets; each answer is the new overview. */
export function useMoves() {
  const { t } = useTranslation("policies");
  const notice = useNotice();
  const ask = useConfirm();
  const kind = useKind();
  async function move(act: () => Promise<Overview>, said: string) {
    try {
      const next = await act();
      queries.setQueryData([...overviewKey(kind)], next);
      await queries.invalidateQueries({ queryKey: ["routing"] });
      notice.done(said);
    } catch (error) {
      notice.failed(error);
    }
  }
  const names = (one: SetItem) => ({ no: one.no, name: one.name });
  return {
    canary: (one: SetItem, percent: number, channels: readonly string[], regions: readonly string[]) =>
      move(() => startCanary(one.digest, { percent, channels, regions }), t("canary.done", { ...names(one), percent })),
    activate: async (one: SetItem) => {
      const title = t("activate.ask", names(one));
      if (await ask({ title, text: t("activate.effect"), act: t("activate.it", names(one)) })) {
        await move(() => activateSet(one.digest), t("activate.done", names(one)));
      }
    },
    schedule: (one: SetItem, at: Dayjs) =>
      move(() => activateSet(one.digest, at.toISOString()), t("schedule.done", { ...names(one), at: dated(at.toISOString()) })),
    unschedule: (one: SetItem) => move(() => unscheduleSet(one.digest), t("schedule.dropped", names(one))),
    shadow: (one: SetItem) => move(() => shadowSet(one.digest), t("shadow.done", names(one))),
    endShadow: (one: SetItem) => move(() => endShadow(one.digest), t("shadow.ended", names(one))),
    rollBack: async (back: NonNullable<Overview["rollback"]>, overview: Overview) => {
      const gone = back.canary ? overview.canary?.set : overview.live;
      const values = { no: gone?.no, name: gone?.name, to: back.name || t("rollback.none") };
      const title = t(back.canary ? "rollback.askCanary" : "rollback.ask", values);
      const act = t(back.canary ? "rollback.itCanary" : "rollback.it", values);
      if (await ask({ title, text: t("rollback.effect", values), act, isDanger: true })) {
        await move(() => rollBack(kind, ""), t(back.canary ? "rollback.doneCanary" : "rollback.done", values));
      }
    },
  };
}

/** 回滚: always there; one click and a question that names the set. */
export function RollBack({ overview }: { overview: Overview }) {
  const { t } = useTranslation("policies");
  const may = useMay("routing.rollback");
  const moves = useMoves();
  const back = overview.rollback;
  if (!may) return null;
  return (
    <Button
      danger
      icon={<RollbackOutlined />}
      className={back ? "" : "refused"}
      aria-disabled={back === null}
      title={back ? undefined : t("rollback.nothing")}
      onClick={() => back && void moves.rollBack(back, overview)}
    >
      {t(back?.canary ? "rollback.actCanary" : "rollback.act")}
    </Button>
  );
}

/** Which share of the orders a canary rules. */
export function CanaryDialog({ one, onClose }: { one: SetItem; onClose: () => void }) {
  const { t } = useTranslation(["policies", "common"]);
  const moves = useMoves();
  const [percent, setPercent] = useState(10);
  const [channels, setChannels] = useState<string[]>([]);
  const [regions, setRegions] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  return (
    <Modal
      open
      width={416}
      title={t("canary.title", { no: one.no, name: one.name })}
      okText={t("canary.it", { percent })}
      cancelText={t("common:acts.back")}
      confirmLoading={isBusy}
      onCancel={onClose}
      onOk={() => {
        setBusy(true);
        void moves.canary(one, percent, channels, regions).then(onClose);
      }}
    >
      <div className="policy-form">
        <label>
          <span>{t("canary.percent")}</span>
          <InputNumber min={1} max={100} precision={0} value={percent} suffix="%" onChange={(value) => setPercent(value ?? 1)} />
        </label>
        <label htmlFor="canary-channels">{t("canary.channels")}</label>
        <Select id="canary-channels" mode="tags" value={channels} placeholder={t("canary.allChannels")} onChange={setChannels} open={false} suffixIcon={null} />
        <label htmlFor="canary-regions">{t("canary.regions")}</label>
        <Select id="canary-regions" mode="tags" value={regions} placeholder={t("canary.allRegions")} onChange={setRegions} open={false} suffixIcon={null} />
        <p className="note">{t("canary.note")}</p>
      </div>
    </Modal>
  );
}

/** When a set begins to rule. */
export function ScheduleDialog({ one, onClose }: { one: SetItem; onClose: () => void }) {
  const { t } = useTranslation(["policies", "common"]);
  const moves = useMoves();
  const [at, setAt] = useState<Dayjs>(() => dayjs().add(1, "day").startOf("day"));
  return (
    <Modal
      open
      width={416}
      title={t("schedule.title", { no: one.no, name: one.name })}
      okText={t("schedule.it")}
      cancelText={t("common:acts.back")}
      onCancel={onClose}
      onOk={() => void moves.schedule(one, at).then(onClose)}
    >
      <div className="policy-form">
        <label htmlFor="schedule-at">{t("schedule.at")}</label>
        <DatePicker id="schedule-at" showTime={{ format: "HH:mm" }} format="YYYY-MM-DD HH:mm" value={at} allowClear={false} minDate={dayjs()} onChange={(value) => value && setAt(value)} />
      </div>
    </Modal>
  );
}
