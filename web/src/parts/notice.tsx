import { App, Button } from "antd";
import { useCallback, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { keepSaid } from "@/frame/stores";
import { useKeys } from "@/keys/use-keys";
import { asProblem } from "@/problem";
import { useProblemWords } from "./problem-note";

/** How long 撤销 is offered, and how long a notice without it stays. */
export const UNDO_S = 10;
const STAY_S = 6;

interface Offer {
  /** Takes the act back; only where the domain has an inverse. */
  undo?: () => void | Promise<void>;
  /** Where the result is. */
  to?: string;
}

/** Say what happened, bottom left, one at a time; errors stay until they are closed. */
export function useNotice() {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  const go = useNavigate();
  const words = useProblemWords();
  const offered = useRef<(() => void) | null>(null);
  const key = "said";

  const done = useCallback(
    (text: string, offer: Offer = {}) => {
      keepSaid(text, offer.to);
      const take = () => {
        offered.current = null;
        notification.destroy(key);
        void offer.undo?.();
      };
      offered.current = offer.undo ? take : null;
      notification.open({
        key,
        title: text,
        duration: offer.undo ? UNDO_S : STAY_S,
        onClose: () => {
          offered.current = null;
        },
        actions: offer.undo ? (
          <Button size="small" onClick={take}>
            {t("acts.undo")}
          </Button>
        ) : offer.to ? (
          <Button
            size="small"
            onClick={() => {
              notification.destroy(key);
              void go(offer.to as string);
            }}
          >
            {t("acts.view")}
          </Button>
        ) : undefined,
      });
    },
    [notification, t, go],
  );
  const failed = useCallback(
    (error: unknown) => {
      const problem = asProblem(error);
      notification.error({
        key,
        title: words(problem),
        description: problem.requestId
          ? t("problems:number", { id: problem.requestId.slice(0, 8) })
          : undefined,
        duration: false,
      });
    },
    [notification, words, t],
  );
  useKeys([{ keys: "ctrl+z", label: t("acts.undo"), run: () => offered.current?.() }]);
  return useMemo(() => ({ done, failed }), [done, failed]);
}
