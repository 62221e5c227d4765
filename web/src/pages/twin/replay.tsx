import { CaretRightOutlined, PauseOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TwinMoment, TwinReplay } from "@/api/types.gen";
import { ask } from "@/client";
import { dated, timeOfDay } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { query } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { TWIN_KEY } from "./twin";

const STEP_MS = 350;
const HOUR_MS = 3_600_000;

/** A moment as the browser's own field writes it, in local time. */
function localOf(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 16);
}

interface Props {
  warehouse: string;
  /** The shown past minute, undefined while live. */
  onShow: (moment: TwinMoment | undefined) => void;
  isLive: boolean;
}

/** A slider over a past hour; 实时 returns. */
export function Replay({ warehouse, onShow, isLive }: Props) {
  const { t } = useTranslation("twin");
  const [end, setEnd] = useState(0);
  const [minute, setMinute] = useState(60);
  const [isPlaying, setPlaying] = useState(false);
  const past = useQuery({
    queryKey: [...TWIN_KEY, warehouse, "replay", end],
    queryFn: ({ signal }) =>
      ask<TwinReplay>(
        `/v1/twin/${encodeURIComponent(warehouse)}/replay?${query({
          from: new Date(end - HOUR_MS).toISOString(),
          to: new Date(end).toISOString(),
        })}`,
        { signal },
      ),
    enabled: end > 0,
    staleTime: Infinity,
  });
  const items = past.data?.items;
  const moment = end > 0 ? items?.[Math.min(minute, items.length - 1)] : undefined;
  useEffect(() => onShow(moment), [moment, onShow]);
  useEffect(() => {
    if (!isPlaying || !items) return undefined;
    const timer = window.setInterval(() => {
      setMinute((now) => {
        if (now + 1 >= items.length) setPlaying(false);
        return Math.min(now + 1, items.length - 1);
      });
    }, STEP_MS);
    return () => window.clearInterval(timer);
  }, [isPlaying, items]);
  const look = (to: number) => {
    if (end === 0) setEnd(Date.now());
    setMinute(to);
  };
  const live = () => {
    setPlaying(false);
    setEnd(0);
    setMinute(60);
  };
  const shown = moment ? dated(moment.at) : t("live");
  return (
    <div className="twin-replay">
      {past.error && (
        <ProblemNote problem={asProblem(past.error)} onRetry={() => void past.refetch()} />
      )}
      <Button
        aria-label={t(isPlaying ? "pause" : "play")}
        icon={isPlaying ? <PauseOutlined /> : <CaretRightOutlined />}
        loading={past.isFetching}
        onClick={() => {
          if (!isPlaying && (end === 0 || minute >= 60)) look(0);
          setPlaying(!isPlaying);
        }}
      />
      <input
        type="range"
        min={0}
        max={60}
        step={1}
        value={minute}
        aria-label={t("slider")}
        aria-valuetext={shown}
        onChange={(event) => {
          setPlaying(false);
          look(Number(event.target.value));
        }}
      />
      <span className="twin-when" role="status">
        {moment ? timeOfDay(moment.at) : shown}
      </span>
      <label className="twin-until">
        <span>{t("until")}</span>
        <input
          type="datetime-local"
          max={localOf(Date.now())}
          value={end ? localOf(end) : ""}
          onChange={(event) => {
            const at = new Date(event.target.value).getTime();
            if (Number.isFinite(at)) {
              setEnd(Math.min(at, Date.now()));
              setMinute(60);
            }
          }}
        />
      </label>
      <Button type={isLive ? "primary" : "default"} onClick={live}>
        {t("live")}
      </Button>
    </div>
  );
}
