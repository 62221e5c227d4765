import { Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  /** The layout that is coming: a page, a card's lines, a table's rows. */
  kind: "page" | "card" | "rows";
  rows?: number;
  onCancel?: () => void;
}

const QUIET_MS = 200;
const LONG_MS = 2_000;

/** Nothing for 200 ms, then the outline of what comes, after 2 s also how long it has taken. */
export function Skeleton({ kind, rows = kind === "page" ? 8 : 4, onCancel }: Props) {
  const { t } = useTranslation();
  const [passed, setPassed] = useState(0);
  useEffect(() => {
    const start = Date.now();
    const first = setTimeout(() => setPassed(QUIET_MS), QUIET_MS);
    const each = setInterval(() => setPassed(Date.now() - start), 1_000);
    return () => {
      clearTimeout(first);
      clearInterval(each);
    };
  }, []);
  if (passed < QUIET_MS) return null;
  return (
    <div className="skeleton" data-kind={kind} role="status" aria-label={t("state.loading")}>
      {kind === "page" && <i className="skeleton-head" />}
      {Array.from({ length: rows }, (_, at) => (
        <i key={at} />
      ))}
      {passed >= LONG_MS && (
        <p className="muted">
          {t("state.waited", { seconds: Math.floor(passed / 1000) })}{" "}
          {onCancel && (
            <Button size="small" onClick={onCancel}>
              {t("acts.cancel")}
            </Button>
          )}
        </p>
      )}
    </div>
  );
}
