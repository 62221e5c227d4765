import { Alert, Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Draft } from "./use-draft";

interface BehindNoteProps {
  draft: Pick<Draft<unknown>, "isBehind" | "base" | "drop">;
  version: number;
  /** Saving goes over what the other saved; else it is refused. */
  isReplaced?: boolean;
}

/** Somebody saved a newer version meanwhile: what was written stands until its writer lets it go. */
export function BehindNote({ draft, version, isReplaced = false }: BehindNoteProps) {
  const { t } = useTranslation("common");
  if (!draft.isBehind) return null;
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title={t("draft.behind", { version, base: draft.base })}
      description={isReplaced && t("draft.replaced")}
      action={<Button onClick={draft.drop}>{t("draft.drop")}</Button>}
    />
  );
}
