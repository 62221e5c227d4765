import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { count, money } from "@/format";
import { pagesOf } from "@/parts/box-places";
import { Card } from "@/parts/card";
import { PageBoxes } from "@/parts/page-boxes";
import { useMay } from "@/session";
import { useFieldNames } from "./names";
import { boxesOf, type OriginalView } from "./photo";

const TONES: Record<string, string> = {
  ordered: "kept",
  acted: "kept",
  review: "risk",
  asking: "risk",
  rejected: "broken",
  unreadable: "broken",
};

/** What became of a picture: an order, a review, or nothing, beside what was read where. */
export function Outcome({ view }: { view: OriginalView }) {
  const { t } = useTranslation("documents");
  const [active, setActive] = useState("");
  const nameOf = useFieldNames();
  const mayReview = useMay("review.read");
  const { row, parsed, draft } = view;
  const pages = parsed?.perceptions?.find((one) => (one.pages ?? []).length > 0)?.pages ?? [];
  const lines = draft?.lines ?? [];
  return (
    <div className="photo-outcome">
      <Card title={t(`states.${row.state}`)} className={`photo-state tone-${TONES[row.state] ?? "risk"}`}>
        <p>{t(`next.${row.state}`)}</p>
        {row.troubles.length > 0 && (
          <p className="note">
            {row.troubles.map((code) => t(`troubles.${code}`, { defaultValue: code })).join(t("comma"))}
          </p>
        )}
        <div className="photo-acts">
          {row.order && (
            <Link to={`/orders/${row.order}`}>
              <Button type="primary">{t("photo.order")}</Button>
            </Link>
          )}
          {(row.state === "review" || row.state === "asking" || row.state === "unreadable") && mayReview && (
            <Link to={`/review/${row.id}`}>
              <Button type="primary">{t("photo.review")}</Button>
            </Link>
          )}
        </div>
      </Card>
      {lines.length > 0 && (
        <Card title={t("photo.draft")} note={row.amount_fen > 0 ? money(row.amount_fen) : undefined} isFlush>
          <ul className="photo-lines">
            {lines.map((line, n) => (
              // eslint-disable-next-line react/no-array-index-key -- lines of a draft have no other name
              <li key={n} onMouseEnter={() => setActive(`/lines/${n}/sku`)} onMouseLeave={() => setActive("")}>
                <span>{line.title || line.sku || t("photo.unknown")}</span>
                <span className="mono muted">{line.sku}</span>
                <b>{count(line.quantity)}</b>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {pages.length > 0 && (
        <Card title={t("photo.original")} note={row.name}>
          <PageBoxes
            title={t("photo.original")}
            pages={pagesOf(row.id, row.media_type, pages.map(([w = 0, h = 0]) => [w, h] as const))}
            boxes={boxesOf(view, nameOf)}
            active={active}
            onHover={setActive}
          />
        </Card>
      )}
    </div>
  );
}
