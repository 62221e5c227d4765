import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Perception, PerceiverSample } from "@/api/types.gen";
import { duration } from "@/format";
import { PageBoxes } from "@/parts/page-boxes";
import { SmallTable } from "@/parts/small-table";
import { SAMPLES, SURE } from "./model";

interface Props {
  told: Perception;
  sample: PerceiverSample | undefined;
  file: File | null;
}

type Piece = NonNullable<Perception["pieces"]>[number];

/** Which field of a draft a piece is, or when it was said; "" for words that only stand somewhere. */
function placeOf(piece: Piece): string {
  return piece.path || ((piece.to_ms ?? 0) > 0 ? duration(piece.from_ms ?? 0) : "");
}

/** What a service saw: words on their page, or a transcript by its times; figures; troubles. */
export function Seen({ told, sample, file }: Props) {
  const { t } = useTranslation("modalities");
  const [active, look] = useState("");
  const picture = usePicture(sample, file);
  const pieces = (told.pieces ?? []).map((piece, at) => ({ ...piece, key: String(at) }));
  const [width, height] = told.pages?.[0] ?? [0, 0];
  const isPlaced = pieces.some((piece) => (piece.box ?? []).length === 8);
  const isTimed = pieces.some((piece) => placeOf(piece) !== "");
  const figures = Object.entries(told.figures ?? {});
  return (
    <>
      {(told.troubles ?? []).length > 0 && (
        <p className="modalities-trouble">{t("troubles", { codes: (told.troubles ?? []).join("、") })}</p>
      )}
      {picture && isPlaced && width > 0 && height > 0 && (
        <PageBoxes
          title={t("page")}
          pages={[{ src: picture, width, height }]}
          boxes={pieces.map((piece) => ({
            path: piece.key,
            label: piece.text,
            page: piece.page ?? 0,
            box: piece.box ?? [],
            confidence: piece.confidence ?? SURE,
          }))}
          active={active}
          onHover={look}
        />
      )}
      {pieces.length > 0 ? (
        <SmallTable
          caption={t("pieces")}
          rows={pieces.slice(0, 200)}
          keyOf={(piece) => piece.key}
          empty={t("nothingSeen")}
          columns={[
            { key: "text", title: t("columns.text"), render: (piece) => <span className="modalities-words">{piece.text}</span> },
            {
              key: "sure",
              title: t("columns.sure"),
              isNumber: true,
              render: (piece) => `${Math.round(((piece.confidence ?? SURE) * 100) / SURE)}%`,
            },
            ...(isTimed
              ? [{ key: "at", title: t("columns.at"), render: (piece: Piece) => placeOf(piece) }]
              : []),
          ]}
        />
      ) : (
        <p className="modalities-words">{told.text || t("nothingSeen")}</p>
      )}
      {figures.length > 0 && (
        <dl className="modalities-facts">
          {figures.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

/** The address of the picture that was tried, "" where it is none. */
function usePicture(sample: PerceiverSample | undefined, file: File | null): string {
  const [url, set] = useState("");
  useEffect(() => {
    if (!file?.type.startsWith("image/")) return undefined;
    const made = URL.createObjectURL(file);
    set(made);
    return () => {
      URL.revokeObjectURL(made);
      set("");
    };
  }, [file]);
  if (url) return url;
  return sample?.media_type.startsWith("image/") ? `${SAMPLES}/${sample.id}/body` : "";
}
