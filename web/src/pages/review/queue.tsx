import {
  AudioOutlined,
  FileTextOutlined,
  LineChartOutlined,
  LockOutlined,
  PictureOutlined,
} from "@ant-design/icons";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ReviewWaiting } from "@/api/types.gen";
import { count, duration, money } from "@/format";

const ICONS: Readonly<Record<string, ReactNode>> = {
  voice: <AudioOutlined />,
  photo: <PictureOutlined />,
  waveform: <LineChartOutlined />,
  gauge: <LineChartOutlined />,
  text: <FileTextOutlined />,
};

/** The queue, the oldest first; who has one is said. */
export function Queue({ items, chosen, now }: { items: readonly ReviewWaiting[]; chosen: string; now: number }) {
  const { t } = useTranslation("review");
  const words = useWaitingWords();
  return (
    <nav className="review-queue card" aria-label={t("queue")}>
      <ul>
        {items.map((item) => (
          <li key={item.id}>
            <Link to={`/review/${item.id}`} aria-current={item.id === chosen ? "true" : undefined}>
              <span className="review-item-name">
                {ICONS[item.modality] ?? <FileTextOutlined />} <b>{words.name(item)}</b>
              </span>
              <span className="note">{words.note(item)}</span>
              <time className="note" dateTime={item.received}>
                {item.holder && !item.mine ? (
                  <>
                    <LockOutlined /> {t("heldBy", { who: item.holder })}
                  </>
                ) : (
                  duration(now - new Date(item.received).getTime())
                )}
              </time>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** What an original in the queue is called, and what it is about. */
export function useWaitingWords() {
  const { t } = useTranslation("review");
  const kind = (modality: string) => t(`modalities.${modality}`, { defaultValue: modality });
  return {
    kind,
    name: (item: ReviewWaiting) =>
      [item.who || item.store || item.device || item.name, kind(item.modality)]
        .filter(Boolean)
        .join(" · "),
    note: (item: ReviewWaiting) => {
      const told: string[] = [];
      if (item.turn === 2) told.push(t("second"));
      if (item.intent === "cancel") told.push(t("intents.cancel"));
      if (item.lines > 0) told.push(t("lines", { count: item.lines, n: count(item.lines) }));
      if (item.amount_fen > 0) told.push(money(item.amount_fen));
      if (told.length === 0) told.push(t("noLines"));
      return told.join(" · ");
    },
  };
}
