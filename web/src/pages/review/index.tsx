import { CheckOutlined, CloseOutlined, ExperimentOutlined, LockOutlined, PhoneOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import type { Review, ReviewWaiting } from "@/api/types.gen";
import { count, duration, money } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useKeys } from "@/keys/use-keys";
import { useNow } from "@/live/use-live";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";
import { DirectedPart } from "@/parts/directed";
import { NewsPill } from "@/parts/news-pill";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { useAsked } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { Counters } from "./counters";
import { Ask, Reject } from "./decide";
import { Answers, Fields } from "./fields";
import { marksOf } from "./marks";
import { OriginalBody } from "./original";
import { Queue, useWaitingWords } from "./queue";
import { useDesk } from "./use-desk";
import { useClaim, useQueue, useReview, useSandbox } from "./use-review";
import "./review.css";

/** 人工复核: the original that waits longest beside how it was read. */
export default function ReviewPage() {
  const { t } = useTranslation("review");
  const { id = "" } = useParams();
  const go = useNavigate();
  const now = useNow();
  const { asked, ask: put } = useAsked();
  const modality = asked("modality");
  const queue = useQueue(modality);
  const words = useWaitingWords();
  const total = queue.counts.reduce((sum, one) => sum + one.count, 0);
  const oldest = queue.counts.map((one) => one.oldest).filter(Boolean).sort()[0];
  const waits = oldest ? now - new Date(oldest).getTime() : 0;
  const free = queue.items.filter((item) => !item.holder || item.mine);
  const chosen = id || (free[0] ?? queue.items[0])?.id || "";
  const at = queue.items.findIndex((item) => item.id === chosen);
  const step = (by: number) => {
    const next = queue.items[at + by];
    if (next) void go(`/review/${next.id}${window.location.search}`);
  };
  const moveOn = () => {
    const rest = queue.items.filter((item) => item.id !== chosen && (!item.holder || item.mine));
    const next = rest.find((item) => queue.items.indexOf(item) > at) ?? rest[0];
    void go(`/review${next ? `/${next.id}` : ""}${window.location.search}`, { replace: true });
  };
  useKeys([
    { keys: "j", label: t("next"), run: () => step(1) },
    { keys: "k", label: t("previous"), run: () => step(-1) },
  ]);
  const bar = (
    <>
      <NewsPill news={queue.news} unit={t("unit")} onLoad={queue.load} />
      <Segmented
        aria-label={t("modality")}
        value={modality}
        options={[
          { value: "", label: `${t("all")} ${count(total)}` },
          ...queue.counts.map((one) => ({
            value: one.modality,
            label: `${words.kind(one.modality)} ${count(one.count)}`,
          })),
        ]}
        onChange={(value) => put({ modality: value })}
      />
      <Link to="/review/sandbox">
        <Button icon={<ExperimentOutlined />}>{t("sandbox")}</Button>
      </Link>
    </>
  );
  return (
    <>
      <PageHead
        fact={queue.isLoading ? undefined : <QueueFact queue={queue} total={total} waits={waits} />}
        actions={bar}
      />
      {queue.problem ? (
        <ProblemNote problem={queue.problem} onRetry={() => void queue.refetch()} />
      ) : queue.isLoading ? (
        <Skeleton kind="page" />
      ) : !chosen ? (
        <p className="review-none">
          {t("none")} <Link to="/review/sandbox">{t("sandbox")}</Link>
        </p>
      ) : (
        <div className="review">
          <Queue items={queue.items} chosen={chosen} now={now} />
          <One key={chosen} id={chosen} item={queue.items[at]} onNext={moveOn} />
        </div>
      )}
    </>
  );
}

function QueueFact({ queue, total, waits }: {
  queue: ReturnType<typeof useQueue>;
  total: number;
  waits: number;
}) {
  const { t } = useTranslation("review");
  const { pace } = queue;
  const told = [
    waits > 0
      ? t("fact", { n: count(total), wait: duration(waits) })
      : t("factPlain", { n: count(total) }),
  ];
  if (pace?.done) told.push(t("pace", { n: count(pace.done), took: duration(pace.took_ms) }));
  return <>{told.join(" · ")}</>;
}

/** One original, its fields and what is decided on it. */
function One({ id, item, onNext }: { id: string; item: ReviewWaiting | undefined; onNext: () => void }) {
  const { t } = useTranslation("review");
  const mayDecide = useMay("review.decide");
  const { data: review, error, isLoading, refetch } = useReview(id);
  const holder = review && !review.mine ? review.holder : "";
  const taken = useClaim(id, mayDecide && Boolean(review?.open) && !holder);
  if (error) return <ProblemNote problem={asProblem(error)} onRetry={() => void refetch()} />;
  if (isLoading || !review) return <Skeleton kind="page" />;
  return (
    <Desk
      key={review.id}
      review={review}
      title={item ? "" : t("settled", { state: t(`states.${review.state}`, { defaultValue: review.state }) })}
      isOff={!mayDecide || !review.open || taken !== null || holder !== ""}
      note={
        holder ? (
          <p className="problem" role="alert" data-tone="risk">
            <LockOutlined /> {t("heldNote", { who: holder })}
          </p>
        ) : taken ? (
          <ProblemNote problem={taken} />
        ) : null
      }
      onNext={onNext}
    />
  );
}

function Desk({ review, title, isOff, note, onNext }: {
  review: Review;
  title: string;
  isOff: boolean;
  note: React.ReactNode;
  onNext: () => void;
}) {
  const { t } = useTranslation("review");
  const sandbox = useSandbox();
  const desk = useDesk(review, isOff, onNext);
  const marks = useMemo(() => marksOf(review), [review]);
  const { counter } = review;
  const isOver = review.limit_fen < review.amount_fen;
  const progress =
    counter.stage === "auto"
      ? t("isAuto", { share: counter.sample / 10 })
      : t("first", { n: count(counter.accepted), of: count(counter.needed) });
  return (
    <>
      <div className="review-middle">
        <Card
          title={t("original")}
          note={
            <>
              {review.name} {review.name && "·"} {t("digest")} <DigestText hex={review.digest} />
            </>
          }
        >
          <OriginalBody
            review={review}
            marks={marks}
            active={desk.active}
            nameOf={desk.nameOf}
            onHover={desk.hover}
          />
        </Card>
        <Card className="review-progress" title={t("sandbox")} note={t("sandboxNote", { n: count(counter.needed) })} extra={<Link to="/review/sandbox">{t("details")}</Link>}>
          <Counters counters={(sandbox.data?.counters ?? []).slice(0, 5)} mine={counter.key} />
        </Card>
      </div>
      <Card
        className="review-right"
        title={t("read")}
        note={t("model", { modality: t(`modalities.${review.modality}`, { defaultValue: review.modality }), version: review.version || "—" })}
        extra={<ToneTag tone="pend">{review.turn === 2 ? t("second") : progress}</ToneTag>}
        isFlush
      >
        <div className="review-scroll">
          {note}
          {title && <p className="review-note">{title}</p>}
          <Reasons review={review} />
          <Fields
            review={review}
            rows={desk.rows}
            titles={desk.titles}
            active={desk.active}
            doubtful={desk.doubtful}
            settled={desk.settled}
            isOff={isOff}
            nameOf={desk.nameOf}
            onHover={desk.hover}
            onChange={desk.change}
            onAddLine={desk.addLine}
            onDropLine={desk.dropLine}
          />
          {desk.repair && (
            <DirectedPart
              device={desk.repair.device ?? ""}
              symptoms={desk.repair.symptoms ?? []}
              said={desk.repair.said ?? ""}
            />
          )}
          {desk.doubtful && !isOff && (
            <Answers
              row={desk.doubtful}
              name={desk.nameOf(desk.doubtful.path)}
              review={review}
              onAnswer={desk.answer}
              onOther={desk.other}
            />
          )}
        </div>
        <footer className="review-foot">
          <p className="note" data-over={isOver}>
            {review.amount_fen > 0 && t("amount", { amount: money(review.amount_fen) })}
            {isOver && t("overLimit", { limit: money(review.limit_fen) })}
          </p>
          {!isOff && (
            <span>
              {review.turn === 1 && (
                <>
                  <Button icon={<PhoneOutlined />} onClick={() => desk.open("ask")}>
                    {t("ask")} <kbd>q</kbd>
                  </Button>
                  <Button icon={<CloseOutlined />} onClick={() => desk.open("reject")}>
                    {t("reject")} <kbd>r</kbd>
                  </Button>
                </>
              )}
              <Button
                type="primary"
                icon={<CheckOutlined />}
                loading={desk.isWaiting}
                onClick={desk.confirm}
              >
                {review.turn === 2 ? t("agree") : t("confirm")} <kbd>Enter</kbd>
              </Button>
            </span>
          )}
        </footer>
      </Card>
      {desk.dialog === "reject" && <Reject onReject={desk.reject} onClose={() => desk.open("")} />}
      {desk.dialog === "ask" && (
        <Ask
          code={desk.doubtful?.question?.code ?? ""}
          path={desk.doubtful?.path ?? ""}
          name={desk.doubtful ? desk.nameOf(desk.doubtful.path) : ""}
          onAsk={desk.ask}
          onClose={() => desk.open("")}
        />
      )}
    </>
  );
}

/** Why it does not go by itself. */
function Reasons({ review }: { review: Review }) {
  const { t } = useTranslation("review");
  if (review.reasons.length === 0) return null;
  return (
    <ul className="review-why" aria-label={t("why")}>
      {review.reasons.map((one) => {
        const [code = one, trouble] = one.split(":");
        const told = trouble
          ? t(`troubles.${trouble}`, { defaultValue: trouble })
          : t(`gates.${code}`, { defaultValue: code });
        return <li key={one}>{told}</li>;
      })}
    </ul>
  );
}
