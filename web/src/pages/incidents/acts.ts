import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { FindingPage, FindingsHandled, Remedied } from "@/api/types.gen";
import { ask } from "@/client";
import { count } from "@/format";
import { byLocale } from "@/i18n";
import { useNotice } from "@/parts/notice";
import { query } from "@/parts/use-asked";

export interface Handling {
  act: "assign" | "close" | "suppress" | "reopen";
  owner?: string;
  reason?: string;
  until?: string;
}

const AT_ONCE = 200;

/** The acts on findings; each says what it did, and the board is asked anew. */
export function useFindingActs() {
  const { t } = useTranslation("incidents");
  const { done, failed } = useNotice();
  const client = useQueryClient();
  const renew = useCallback(() => client.invalidateQueries({ queryKey: ["findings"] }), [client]);

  const handle = useCallback(
    async (findings: readonly number[], handling: Handling) => {
      let changed = 0;
      try {
        for (let at = 0; at < findings.length; at += AT_ONCE) {
          const told = await ask<FindingsHandled>("/v1/findings/acts", {
            method: "POST",
            json: { ...handling, findings: findings.slice(at, at + AT_ONCE) },
          });
          changed += told.changed;
        }
        done(t(`done.${handling.act}`, { n: count(changed) }));
      } catch (error) {
        failed(error);
      }
      await renew();
    },
    [done, failed, renew, t],
  );

  const remedy = useCallback(
    async (no: number) => {
      try {
        const told = await ask<Remedied>(`/v1/findings/${no}/remedy`, { method: "POST" });
        const why = byLocale(told.reason ?? "", told.reason_en ?? "");
        done(told.code ? t("refused", { why }) : t("remedied", { what: t(`remedies.${told.remedy}`) }));
      } catch (error) {
        failed(error);
      }
      await renew();
    },
    [done, failed, renew, t],
  );

  /** The numbers of all that waits in an incident. */
  const numbersOf = useCallback(async (incident: string) => {
    const numbers: number[] = [];
    let cursor = "";
    do {
      const asked = query({ incident, limit: AT_ONCE, cursor });
      const page = await ask<FindingPage>(`/v1/findings?${asked}`);
      numbers.push(...page.items.map((one) => one.no));
      cursor = page.next;
    } while (cursor);
    return numbers;
  }, []);

  return { handle, remedy, numbersOf };
}
