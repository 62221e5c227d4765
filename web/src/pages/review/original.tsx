import { useTranslation } from "react-i18next";
import type { Review, Series } from "@/api/types.gen";
import { decimal } from "@/format";
import { pagesOf } from "@/parts/box-places";
import { PageBoxes } from "@/parts/page-boxes";
import { boxesOf, type Mark, stretchesOf, toneOf } from "./marks";
import { Recording } from "./recording";

const WIDTH = 420;
const HEIGHT = 80;

interface Props {
  review: Review;
  marks: readonly Mark[];
  active: string;
  nameOf: (path: string) => string;
  onHover: (path: string) => void;
}

/** 原件 as it came in, with what was read of it where it stands. */
export function OriginalBody({ review, marks, active, nameOf, onHover }: Props) {
  const { t } = useTranslation("review");
  const pages = review.perceptions.find((one) => (one.pages ?? []).length > 0)?.pages ?? [];
  const series = review.perceptions.flatMap((one) => one.series ?? []);
  const isPicture = review.media_type.startsWith("image/") || review.media_type === "application/pdf";
  const isSound = review.media_type.startsWith("audio/");
  return (
    <div className="review-original">
      {isPicture && pages.length > 0 && (
        <PageBoxes
          title={t("original")}
          pages={pagesOf(review.id, review.media_type, pages.map(([w = 0, h = 0]) => [w, h] as const))}
          boxes={boxesOf(marks, nameOf)}
          active={active}
          onHover={onHover}
        />
      )}
      {isPicture && pages.length === 0 && review.media_type !== "application/pdf" && (
        <img className="review-picture" src={`/v1/originals/${review.id}/content`} alt={t("original")} />
      )}
      {isSound && <Recording review={review} marks={marks} active={active} onHover={onHover} />}
      {series.slice(0, 2).map((one) => (
        <Curve key={one.name} series={one} />
      ))}
      {review.text && !isPicture && (
        <p className="review-text" lang="zh-CN">
          {stretchesOf(review.text, marks).map(({ text, mark }, at) =>
            mark ? (
              <mark
                // eslint-disable-next-line react/no-array-index-key -- stretches stand where they stand
                key={at}
                className={`${toneOf(mark.worth)}${mark.path === active ? " active" : ""}`}
                onMouseEnter={() => onHover(mark.path)}
                onMouseLeave={() => onHover("")}
              >
                {text}
              </mark>
            ) : (
              text
            ),
          )}
        </p>
      )}
      {!review.text && !isPicture && !isSound && series.length === 0 && (
        <p className="note">
          {t("noText")} <a href={`/v1/originals/${review.id}/content`}>{t("download")}</a>
        </p>
      )}
    </div>
  );
}

/** A curve that was measured. */
function Curve({ series }: { series: Series }) {
  const { t } = useTranslation("review");
  const values = series.values;
  const low = Math.min(...values, 0);
  const high = Math.max(...values, low + 1e-9);
  const points = values.map(
    (value, at) =>
      `${((at * WIDTH) / Math.max(1, values.length - 1)).toFixed(1)},${(HEIGHT - ((value - low) / (high - low)) * HEIGHT).toFixed(1)}`,
  );
  return (
    <figure className="review-curve">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={t("curve", { name: series.name })}>
        <polyline points={points.join(" ")} />
      </svg>
      <figcaption className="note">
        {t("curveNote", { name: series.name, most: decimal(high, 2), unit: series.unit })}
      </figcaption>
    </figure>
  );
}
