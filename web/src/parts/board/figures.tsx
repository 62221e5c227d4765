import { useTranslation } from "react-i18next";
import type { Overview } from "@/api/types.gen";
import {
  brief,
  count,
  countTile,
  decimal,
  duration,
  growth,
  left,
  moneyTile,
  share,
  timeOfDay,
} from "@/format";
import { Figure } from "@/parts/figure";

/** Changes below this are told as none. */
const LEAST = 0.0005;

const HOUR_MS = 3_600_000;

/** Beyond a day whole hours are enough. */
const waited = (length_ms: number | null) =>
  duration(
    length_ms !== null && length_ms > 24 * HOUR_MS
      ? Math.floor(length_ms / HOUR_MS) * HOUR_MS
      : length_ms,
  );

const known = (values: readonly (number | null)[]) => values.filter((one) => one !== null);

/** The five figures, each with its target or comparison, and the way to the rows. */
export function BoardFigures({ board }: { board: Overview }) {
  return (
    <div className="figures board-figures">
      <OrdersTile board={board} />
      <PromisesTile board={board} />
      <DueTile board={board} />
      <ExceptionsTile board={board} />
      <LatencyTile board={board} />
    </div>
  );
}

function OrdersTile({ board }: { board: Overview }) {
  const { t } = useTranslation("overview");
  const { count: placed, change, link } = board.figures.orders;
  const isWeek = board.range === "7d";
  const against = isWeek ? "orders.before7d" : "orders.weekAgo";
  const size = growth(Math.abs(change ?? 0)).replace("+", "");
  const moved =
    change === null ? "none" : Math.abs(change) < LEAST ? "same" : change < 0 ? "less" : "more";
  return (
    <Figure
      label={t(isWeek ? "orders.label7d" : "orders.label")}
      scope={t("until", { at: timeOfDay(board.as_of).slice(0, 5) })}
      tile={countTile(placed, t("orders.unit"))}
      note={t(`${against}.${moved}`, { change: size })}
      tone="plain"
      trend={board.pace.values}
      to={link}
    />
  );
}

function PromisesTile({ board }: { board: Overview }) {
  const { t } = useTranslation("overview");
  const figure = board.figures.promises;
  const tile = {
    value: figure.share === null ? "—" : decimal(figure.share * 100, 2),
    unit: figure.share === null ? "" : "%",
    exact: t("promises.exact", {
      kept: count(figure.kept),
      broken: count(figure.broken),
      own: count(figure.kept_self),
    }),
  };
  const isGood = figure.share === null || figure.share >= figure.target;
  return (
    <Figure
      label={t("promises.label")}
      scope={t("promises.scope", { hours: figure.hours })}
      tile={tile}
      note={
        figure.share === null
          ? t("promises.none", { target: share(figure.target) })
          : t("promises.note", {
              target: share(figure.target),
              broken: count(figure.broken_today),
            })
      }
      tone={figure.share === null ? "plain" : isGood ? "kept" : "risk"}
      trend={known(figure.spark)}
      to={figure.link}
    />
  );
}

function DueTile({ board }: { board: Overview }) {
  const { t } = useTranslation("overview");
  const figure = board.figures.due;
  const note = figure.unallocated > 0 ? "due.unallocated" : "due.note";
  return (
    <Figure
      label={t("due.label")}
      scope={t("live")}
      tile={countTile(figure.count, t("due.unit"))}
      note={t(note, { until: brief(figure.until), n: count(figure.unallocated) })}
      tone={figure.count > 0 ? "risk" : "plain"}
      trend={figure.spark}
      to={figure.link}
    />
  );
}

function ExceptionsTile({ board }: { board: Overview }) {
  const { t } = useTranslation("overview");
  const figure = board.figures.exceptions;
  const { value, unit } = moneyTile(figure.amount_fen);
  const tile = countTile(figure.count, t("exceptions.unit"));
  const parts = {
    held: count(figure.held),
    owed: count(figure.owed),
    inbox: count(figure.inbox),
  };
  return (
    <Figure
      label={t("exceptions.label")}
      scope={t("live")}
      tile={{
        ...tile,
        value: figure.inbox_exact ? tile.value : t("about", { value: tile.value }),
        exact: t("exceptions.exact", parts),
      }}
      note={
        figure.count === 0
          ? t("exceptions.none")
          : t("exceptions.note", {
              oldest: waited(left(board.as_of, figure.oldest)),
              amount: `${value}${unit ? ` ${unit}` : ""}`,
            })
      }
      tone={figure.count > 0 ? "broken" : "plain"}
      trend={figure.spark}
      to={figure.link}
    />
  );
}

function LatencyTile({ board }: { board: Overview }) {
  const { t } = useTranslation("overview");
  const figure = board.figures.latency;
  const answer = figure.answer_p99_us;
  const decision = figure.decision_p99_us;
  return (
    <Figure
      label={t("latency.label")}
      scope={t("latency.scope", { minutes: figure.minutes })}
      tile={{
        value: answer === null ? "—" : decimal(answer / 1000, answer < 100_000 ? 1 : 0),
        unit: answer === null ? "" : t("latency.unit"),
        exact: t("latency.exact", { node: figure.node, samples: figure.samples }),
      }}
      note={
        decision === null
          ? t("latency.none", { minutes: figure.minutes })
          : t("latency.note", {
              decision:
                decision < 1000
                  ? t("latency.micro", { value: decimal(decision, 0) })
                  : t("latency.milli", { value: decimal(decision / 1000, 1) }),
            })
      }
      trend={known(figure.spark)}
    />
  );
}
