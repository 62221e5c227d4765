import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { dropUnanswered } from "@/api/sdk.gen";
import type { UnansweredQuestions } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, count } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { SmallTable } from "@/parts/small-table";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { KEY } from "./model";

const WIDTH_PX = 640;

/** What was asked and found no number: what stewards may still define. Nobody is named. */
export function Unanswered({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("assets");
  const key = [...KEY, "unanswered"];
  const found = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask<UnansweredQuestions>("/v1/catalogue/unanswered", { signal }),
  });
  const drop = useMutation({
    mutationFn: (q: string) => dropUnanswered({ query: { q } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  const problem = found.error ?? drop.error;
  return (
    <Drawer open onClose={onClose} size={WIDTH_PX} title={t("unanswered")}>
      <p className="note">{t("unansweredNote")}</p>
      {problem && <ProblemNote problem={asProblem(problem)} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton kind="rows" rows={4} />}
      {found.data && (
        <SmallTable
          caption={t("unanswered")}
          rows={found.data.items}
          keyOf={(one) => one.question}
          empty={t("noUnanswered")}
          columns={[
            { key: "question", title: t("columns.question"), render: (one) => one.question },
            { key: "verdict", title: t("columns.verdict"), render: (one) => t(`verdicts.${one.verdict}`) },
            { key: "asked", title: t("columns.asked"), isNumber: true, render: (one) => count(one.asked) },
            { key: "last", title: t("columns.last"), render: (one) => brief(one.last) },
            {
              key: "drop",
              title: t("columns.done"),
              render: (one) => (
                <Button size="small" onClick={() => drop.mutate(one.question)}>
                  {t("seenTo")}
                </Button>
              ),
            },
          ]}
        />
      )}
    </Drawer>
  );
}
