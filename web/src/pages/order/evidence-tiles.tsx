import {
  AudioOutlined,
  FileTextOutlined,
  PictureOutlined,
  SafetyCertificateOutlined,
  SignatureOutlined,
  VideoCameraOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import type { HubTimelinePiecesPiece as Piece } from "@/api/types.gen";
import { digest } from "@/format";
import { useMay } from "@/session";

const ICONS: Readonly<Record<string, ComponentType>> = {
  photo: PictureOutlined,
  video: VideoCameraOutlined,
  voice_sample: AudioOutlined,
  voice_report: AudioOutlined,
  signature: SignatureOutlined,
  statement: SafetyCertificateOutlined,
};

/** The bytes that an entry rests on, as tiles: opened by their digest, or told that they were erased. */
export function Tiles({ pieces, id }: { pieces: readonly Piece[]; id: string }) {
  const { t } = useTranslation("order");
  const mayOpen = useMay("action.evidence");
  if (pieces.length === 0) return null;
  return (
    <ul className="order-tiles" aria-label={t("evidence.title")}>
      {pieces.map((piece) => {
        const Kind = ICONS[piece.kind] ?? FileTextOutlined;
        const name = t(`evidence.kinds.${piece.kind}`, { defaultValue: piece.kind });
        const title = `SHA-256 ${digest(piece.digest, Infinity)}`;
        return (
          <li key={`${piece.kind} ${piece.digest}`} title={title} data-gone={piece.media === ""}>
            <Kind />
            {piece.media !== "" && mayOpen ? (
              <a href={`/v1/orders/${id}/blobs/${piece.digest}`} target="_blank" rel="noreferrer">
                {name}
              </a>
            ) : (
              <span>{name}</span>
            )}
            {piece.media === "" && <span className="note">{t("evidence.erasedProven")}</span>}
          </li>
        );
      })}
    </ul>
  );
}
