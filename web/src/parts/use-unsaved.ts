import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker } from "react-router";
import { useConfirm } from "./confirm";

/** Ask once before a page with unsaved work is left, by a link or by closing the tab. */
export function useUnsaved(isDirty: boolean): void {
  const { t } = useTranslation();
  const ask = useConfirm();
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      isDirty && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (!isDirty) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isDirty]);
  useEffect(() => {
    if (blocker.state !== "blocked") return;
    const { proceed, reset } = blocker;
    void ask({ title: t("unsaved.title"), act: t("unsaved.leave"), isDanger: true }).then(
      (leaves) => (leaves ? proceed() : reset()),
    );
  }, [blocker, ask, t]);
}
