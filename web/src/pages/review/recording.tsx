import { PauseCircleOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Review } from "@/api/types.gen";
import { fetchHub } from "@/client";
import { useKeys } from "@/keys/use-keys";
import { decimal } from "@/format";
import { type Mark, toneOf } from "./marks";

const BARS = 140;
const WIDTH = BARS * 3;
const HEIGHT = 48;
const RATE = 16_000;

/** The loudest of each of so many equal parts, 0 to 1, and how long it is in ms. */
async function readPeaks(url: string, signal: AbortSignal): Promise<{ peaks: number[]; length: number }> {
  const response = await fetchHub(new URL(url, window.location.origin), { signal });
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await response.arrayBuffer());
  const samples = sound.getChannelData(0);
  const part = Math.max(1, Math.floor(samples.length / BARS));
  const peaks = Array.from({ length: BARS }, (_, at) => {
    let most = 0;
    for (let n = at * part; n < Math.min((at + 1) * part, samples.length); n += 1) {
      most = Math.max(most, Math.abs(samples[n] ?? 0));
    }
    return most;
  });
  return { peaks, length: sound.duration * 1000 };
}

/** 录音: its waveform, what is said where, and the key that plays it. */
export function Recording({ review, marks, active, onHover }: {
  review: Review;
  marks: readonly Mark[];
  active: string;
  onHover: (path: string) => void;
}) {
  const { t } = useTranslation("review");
  const url = `/v1/originals/${review.id}/content`;
  const sound = useRef<HTMLAudioElement>(null);
  const [at, setAt] = useState(0);
  const [isPlaying, setPlaying] = useState(false);
  const { data, isError } = useQuery({
    queryKey: ["review", review.id, "peaks"],
    queryFn: ({ signal }) => readPeaks(url, signal),
    staleTime: Infinity,
    retry: false,
  });
  const told = review.perceptions.find((one) => (one.duration_ms ?? 0) > 0)?.duration_ms ?? 0;
  const length = data?.length || told;
  const toggle = () => {
    const player = sound.current;
    if (!player) return;
    if (player.paused) void player.play().catch(() => setPlaying(false));
    else player.pause();
  };
  useKeys([{ keys: "Space", label: t("play"), run: toggle }]);
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setInterval(() => setAt((sound.current?.currentTime ?? 0) * 1000), 80);
    return () => clearInterval(timer);
  }, [isPlaying]);
  const spans = useMemo(() => marks.filter((mark) => mark.to_ms > mark.from_ms), [marks]);
  const x = (ms: number) => (length ? (WIDTH * ms) / length : 0);
  return (
    <div className="review-sound">
      <div className="review-sound-bar">
        <span className="note">{length ? t("seconds", { n: decimal(length / 1000, 1) }) : ""}</span>
        <Button
          size="small"
          icon={isPlaying ? <PauseCircleOutlined /> : <PlayCircleOutlined />}
          onClick={toggle}
        >
          {isPlaying ? t("pause") : t("play")} <kbd>Space</kbd>
        </Button>
      </div>
      <audio
        ref={sound}
        src={url}
        preload="metadata"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
      >
        <track kind="captions" />
      </audio>
      <svg
        className="review-wave"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("waveform")}
      >
        {spans.map((mark) => (
          <rect
            key={`${mark.path} ${mark.from_ms}`}
            className={`review-span ${toneOf(mark.worth)}${mark.path === active ? " active" : ""}`}
            x={x(mark.from_ms)}
            width={Math.max(1, x(mark.to_ms) - x(mark.from_ms))}
            height={HEIGHT}
            onMouseEnter={() => onHover(mark.path)}
            onMouseLeave={() => onHover("")}
          />
        ))}
        {(data?.peaks ?? []).map((peak, n) => {
          const tall = Math.max(1.5, peak * HEIGHT);
          const isPast = length > 0 && ((n + 0.5) * length) / BARS <= at;
          return (
            <rect
              // eslint-disable-next-line react/no-array-index-key -- the bars have no other name
              key={n}
              className={isPast ? "past" : undefined}
              x={n * 3 + 0.5}
              y={(HEIGHT - tall) / 2}
              width={2}
              height={tall}
            />
          );
        })}
        {at > 0 && <line x1={x(at)} x2={x(at)} y1={0} y2={HEIGHT} />}
      </svg>
      {isError && <p className="note">{t("noWave")}</p>}
    </div>
  );
}
