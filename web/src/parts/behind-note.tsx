import { Alert, Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Draft } from "./use-draft";

interface BehindNoteProps {
  draft: Pick<Draft<unknown>, "isBehind" | "base" | "drop">;
  version: number;
}

/** Somebody saved a newer version meanwhile: what was written stands until its writer lets it go. */
export function BehindNote({ draft, version }: BehindNoteProps) {
  const { t } = useTranslation("common");
  if (!draft.isBehind) return null;
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title={t("draft.behind", { version, base: draft.base })}
      action={<Button onClick={draft.drop}>{t("draft.drop")}</Button>}
    />
  );
}
