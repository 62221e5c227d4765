import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { OriginalRow, OriginalView } from "@/api/types.gen";
import { ask } from "@/client";
import { exact, near } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { WaveCurves } from "@/parts/wave";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

const CHANNEL = "original";
const SHOWN_CHARS = 400;

/** 原件: what the order was placed from, as it came in; only there for orders of originals. */
export function OriginalsCard({ id, channel }: { id: string; channel: string }) {
  const { t } = useTranslation("order");
  const mayRead = useMay("original.read");
  const list = useQuery({
    queryKey: ["originals", "order", id],
    queryFn: ({ signal }) => ask<OriginalRow[]>(`/v1/orders/${id}/originals`, { signal }),
    enabled: mayRead && channel === CHANNEL,
  });
  if (list.error) {
    return <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />;
  }
  if (!list.data || list.data.length === 0) return null;
  return (
    <Card title={t("originals.title")}>
      <ul className="order-originals">
        {list.data.map((one) => (
          <Item key={one.id} row={one} />
        ))}
      </ul>
    </Card>
  );
}

function Item({ row }: { row: OriginalRow }) {
  const { t } = useTranslation("order");
  const mayReview = useMay("review.read");
  const way = t(`originals.ways.${row.modality}`, row.modality);
  return (
    <li>
      <p>
        {way}
        <time className="note" dateTime={row.received} title={exact(row.received)}>
          {near(row.received)}
        </time>
        {mayReview && <Link to={`/review/${row.id}`}>{t("originals.open")}</Link>}
      </p>
      {row.bytes === 0 ? <p className="note">{t("originals.erased")}</p> : <Media row={row} way={way} />}
    </li>
  );
}

/** The original itself: heard, seen or read where a browser can, else to be downloaded. */
function Media({ row, way }: { row: OriginalRow; way: string }) {
  const { t } = useTranslation("order");
  const content = `/v1/originals/${row.id}/content`;
  if (row.media_type.startsWith("audio/")) {
    return <audio controls preload="metadata" src={content} aria-label={way} />;
  }
  if (["image/png", "image/jpeg", "image/webp"].includes(row.media_type)) {
    return (
      <a href={content} target="_blank" rel="noreferrer">
        <img src={content} alt={t("originals.picture")} loading="lazy" />
      </a>
    );
  }
  if (row.media_type === "text/plain") return <Words id={row.id} />;
  if (row.modality === "waveform") return <Curves id={row.id} content={content} />;
  return (
    <a href={content} download={row.name || row.id}>
      {t("originals.download")}
    </a>
  );
}

function Words({ id }: { id: string }) {
  const view = useQuery({
    queryKey: ["originals", id],
    queryFn: ({ signal }) => ask<OriginalView>(`/v1/originals/${id}`, { signal }),
  });
  const text = view.data?.parsed?.text ?? "";
  if (!text) return null;
  return <blockquote>{text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text}</blockquote>;
}

/** What was measured of a machine, as curves; the samples are to be downloaded. */
function Curves({ id, content }: { id: string; content: string }) {
  const { t } = useTranslation("order");
  const view = useQuery({
    queryKey: ["originals", id],
    queryFn: ({ signal }) => ask<OriginalView>(`/v1/originals/${id}`, { signal }),
  });
  const seen = view.data?.parsed?.perceptions?.find((one) => (one.series ?? []).length > 0);
  return (
    <>
      {seen && <WaveCurves series={seen.series ?? []} figures={seen.figures ?? {}} />}
      <a href={content} download={id}>
        {t("originals.download")}
      </a>
    </>
  );
}
