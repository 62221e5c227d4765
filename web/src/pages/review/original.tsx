import { useTranslation } from "react-i18next";
import type { Review } from "@/api/types.gen";
import { pagesOf } from "@/parts/box-places";
import { PageBoxes } from "@/parts/page-boxes";
import { WaveCurves } from "@/parts/wave";
import { boxesOf, type Mark, stretchesOf, toneOf } from "./marks";
import { Recording } from "./recording";

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
  const measured = review.perceptions.find((one) => (one.series ?? []).length > 0);
  const series = measured?.series ?? [];
  const figures = measured?.figures ?? {};
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
      {series.length > 0 && <WaveCurves series={series} figures={figures} />}
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
