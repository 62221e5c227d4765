import { useTranslation } from "react-i18next";
import type { MappingShown } from "@/api/types.gen";
import { count } from "@/format";
import { SURE } from "./model";

const PIECES = 5;

/** What an answer is understood as: its words first, then the draft that they would make. */
export function DraftShown({ told }: { told: MappingShown }) {
  const { t } = useTranslation("modalities");
  const seen = told.perception;
  if (!seen) return null;
  const pieces = seen.pieces ?? [];
  const draft = told.parsed?.draft;
  return (
    <>
      <p>{t("understood", { pieces: count(pieces.length), version: seen.version || "—" })}</p>
      <ul className="modalities-order">
        {pieces.slice(0, PIECES).map((piece, at) => (
          <li key={at}>
            <span className="modalities-words">{piece.text}</span>{" "}
            <span className="note">
              {Math.round(((piece.confidence ?? SURE) * 100) / SURE)}%
              {(piece.box ?? []).length > 0 && ` · ${t("boxed")}`}
              {piece.path && ` · ${piece.path}`}
            </span>
          </li>
        ))}
      </ul>
      {pieces.length === 0 && <p className="modalities-words">{seen.text}</p>}
      {told.parsed && (
        <dl className="modalities-facts" aria-label={t("draft")}>
          {draft?.number && (
            <div>
              <dt>{t("draftNumber")}</dt>
              <dd>{draft.number}</dd>
            </div>
          )}
          {(draft?.lines ?? []).map((line, at) => (
            <div key={at}>
              <dt>{t("draftLine", { n: at + 1 })}</dt>
              <dd>{`${line.title || line.sku} × ${count(line.quantity)}`}</dd>
            </div>
          ))}
          <div>
            <dt>{t("draftQuestions")}</dt>
            <dd>{count((told.parsed.questions ?? []).length)}</dd>
          </div>
        </dl>
      )}
    </>
  );
}
