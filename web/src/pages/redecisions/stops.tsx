import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ClassStop, ClassStopPage } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count, decimal } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import "./stops.css";

const STOPS_KEY = ["class-stops"] as const;
const SHOWN = 20;
const REASON_CHARS = 500;
const MILLION = 1_000_000;

/** 分仓熔断: cold classes that the breaker stopped, and who takes them again; nothing when none is. */
export function Stops() {
  const { t } = useTranslation("redecisions");
  const found = useQuery({
    queryKey: STOPS_KEY,
    queryFn: ({ signal }) => ask<ClassStopPage>(`/v1/class-stops?limit=${SHOWN}`, { signal }),
    refetchInterval: 15_000,
  });
  if (found.error) {
    return <ProblemNote problem={asProblem(found.error)} onRetry={() => void found.refetch()} />;
  }
  const open = (found.data?.items ?? []).filter((stop) => !stop.resumed);
  if (open.length === 0) return null;
  return (
    <Card title={t("stops.title")}>
      <ul className="stops">
        {open.map((stop) => (
          <Stop key={stop.no} stop={stop} />
        ))}
      </ul>
    </Card>
  );
}

function Stop({ stop }: { stop: ClassStop }) {
  const { t } = useTranslation("redecisions");
  const storage = t(`storages.${stop.storage}`);
  const usual = decimal((stop.usual_ppm / MILLION) * 100, 1);
  const share = { count: count(stop.count), total: count(stop.total), usual };
  return (
    <li>
      <div>
        <b>{t("stops.stopped", { storage })}</b>
        <p>
          {stop.place
            ? t("stops.share", { ...share, place: stop.place })
            : t("stops.nowhere", share)}
        </p>
        <p className="muted">
          {t("stops.advice")} <time dateTime={stop.stopped}>{brief(stop.stopped)}</time>
        </p>
      </div>
      <Resume storage={stop.storage} name={storage} />
    </li>
  );
}

function Resume({ storage, name }: { storage: string; name: string }) {
  const { t } = useTranslation("redecisions");
  const may = useMay("replan.run");
  const { failed } = useNotice();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  if (!may) return null;
  const act = t("stops.resume", { storage: name });
  const resume = async () => {
    setBusy(true);
    try {
      await ask("/v1/class-stops/resume", {
        method: "POST",
        json: { storage, reason: reason.trim() },
      });
      void message.success(t("stops.resumed", { storage: name }));
      setOpen(false);
      await client.invalidateQueries({ queryKey: STOPS_KEY });
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button type="primary" onClick={() => setOpen(true)}>
        {act}
      </Button>
      <Modal
        open={isOpen}
        title={act}
        okText={act}
        okButtonProps={{ disabled: !reason.trim(), loading: isBusy }}
        onOk={() => void resume()}
        onCancel={() => setOpen(false)}
      >
        <p>{t("stops.resumeNote")}</p>
        <label className="stops-reason">
          <span>{t("stops.measured")}</span>
          <Input.TextArea
            value={reason}
            maxLength={REASON_CHARS}
            rows={3}
            onChange={(e) => setReason(e.target.value)}
          />
        </label>
      </Modal>
    </>
  );
}
