import { useMutation, useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { getPaidReviewOptions } from "@/api/@tanstack/react-query.gen";
import type { PaidReview, PartyShown } from "@/api/types.gen";
import { ask } from "@/client";
import { brief, exact } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { langOf } from "./words";

interface Props {
  id: string;
  onDone: () => Promise<void>;
}

const TONES: Record<string, string> = {
  agreed: "kept",
  refused: "broken",
  undone: "excused",
  undoing: "pend",
  stuck: "risk",
  asked: "primary",
};

/** 已付款协同: only there when others were asked about the payment, or are about to be. */
export function ReviewCard({ id, onDone }: Props) {
  const { t } = useTranslation("paid");
  const mayAsk = useMay("order.unhold");
  const notice = useNotice();
  const proven = useProven();
  const read = useQuery(getPaidReviewOptions({ path: { order_id: id } }));
  const again = useMutation({
    mutationFn: () =>
      proven(() => ask<PaidReview>(`/v1/orders/${id}/paid-review`, { method: "POST" })),
    onSuccess: (done) => done && notice.done(t("askedAgain")),
    onError: (error) => notice.failed(error),
    onSettled: onDone,
  });
  const review = read.data;
  if (!read.error && !review?.parties.length && !review?.holds.length) return null;
  const isAskable = review?.outcome === "refused" && review.over && mayAsk;
  return (
    <div data-part="progress">
      <Card title={t("title")} note={review && t(`outcomes.${outcomeOf(review)}`)}>
        {read.error && (
          <ProblemNote problem={asProblem(read.error)} onRetry={() => void read.refetch()} />
        )}
        {review && !review.parties.length && <p className="note">{t("toBeAsked")}</p>}
        <ul className="order-review">
          {review?.parties.map((party) => (
            <li key={party.name}>
              <Row party={party} />
            </li>
          ))}
        </ul>
        {isAskable && (
          <Button onClick={() => again.mutate()} loading={again.isPending}>
            {t("askAgain")}
          </Button>
        )}
      </Card>
    </div>
  );
}

function outcomeOf(review: PaidReview): string {
  if (review.outcome) return review.over ? review.outcome : `${review.outcome}Undoing`;
  return review.holds.includes("paid_review_overdue") ? "overdue" : "open";
}

function Row({ party }: { party: PartyShown }) {
  const { t, i18n } = useTranslation("paid");
  const name = langOf(i18n.language) === "zh" ? party.zh : party.en;
  const tone = TONES[party.state] ?? "plain";
  const told = [
    party.reference && t("reference", { reference: party.reference }),
    party.reason,
    party.undos > 1 && t("undos", { count: party.undos }),
  ].filter(Boolean);
  const at = party.answered || party.asked;
  return (
    <>
      <span className="order-review-name">
        {name}
        {!party.required && <span className="note">{t("toldOnly")}</span>}
      </span>
      <span className="status" data-tone={tone} data-outline="tint">
        {t(`states.${party.state}`)}
      </span>
      <span className="note order-review-told">
        {told.join(" · ")}
        {at && (
          <time dateTime={at} title={exact(at)}>
            {t(party.answered ? "answeredAt" : "askedAt", { at: brief(at) })}
          </time>
        )}
        {party.state === "asked" && party.due && <span>{t("dueAt", { at: brief(party.due) })}</span>}
        {party.state === "asked" && party.late && <span>{t(`otherwise.${party.otherwise}`)}</span>}
        {party.state === "asked" && party.trouble && <span>{t("noAnswer")}</span>}
      </span>
    </>
  );
}
