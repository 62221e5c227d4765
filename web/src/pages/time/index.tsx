import { useQuery } from "@tanstack/react-query";
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { age, exact, type Tile } from "@/format";
import { decimal } from "@/format/numbers";
import { PageHead } from "@/frame/page-head";
import { Card } from "@/parts/card";
import { Figure } from "@/parts/figure";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { Faults } from "./faults";
import { Sources } from "./sources";
import { StampNow, Stamps } from "./stamps";
import { type ClockWord, plusMinus, type TimeView, TIME_KEY } from "./time";
import "./time.css";

const TONES: Record<ClockWord, Tone> = {
  measured: "kept",
  unmeasured: "excused",
  faulted: "broken",
  stale: "broken",
};
/** The hub looks at its sources so often. */
const LOOK_MS = 10_000;

/** 可信时间: how far the clock may be off, who says so, and what a third party has stamped. */
export default function Time() {
  const { t } = useTranslation("time");
  const view = useQuery({
    queryKey: TIME_KEY,
    queryFn: ({ signal }) => ask<TimeView>("/v1/time", { signal }),
    refetchInterval: LOOK_MS,
  });
  const word = view.data?.state.word;
  return (
    <>
      <PageHead
        state={word && <ToneTag tone={TONES[word]}>{t(`words.${word}`)}</ToneTag>}
        fact={t("fact")}
      />
      {view.error && (
        <ProblemNote problem={asProblem(view.error)} onRetry={() => void view.refetch()} />
      )}
      {view.isLoading && <Skeleton kind="page" rows={6} />}
      {view.data && <Body view={view.data} />}
    </>
  );
}

const isBad = (word: ClockWord) => word === "faulted" || word === "stale";

function Body({ view }: { view: TimeView }) {
  const { t } = useTranslation("time");
  const { state, sources, trend, books } = view;
  const agreeing = sources.filter((source) => source.trouble === "").length;
  const stamps = books.flatMap((book) => book.stamps).filter((stamp) => stamp.gen !== "");
  const newest = stamps.reduce((last, stamp) => (stamp.gen > last ? stamp.gen : last), "");
  const isOwn = stamps.length > 0 && stamps.every((stamp) => stamp.own);
  // The last figures before a fault of another kind say nothing of the clock as it is.
  const isKnown = state.word === "measured" || state.why === "error";
  const unsure: Tile = { value: t(isBad(state.word) ? "unknown" : "unmeasured"), unit: "", exact: "" };
  return (
    <div className="time">
      {state.waits && (
        <Alert
          type={state.word === "unmeasured" ? "warning" : "error"}
          showIcon
          title={t(view.authorities > 0 ? "waits" : "suspended")}
          description={state.why ? t(`why.${state.why}`) : t(`words.${state.word}Note`)}
        />
      )}
      <div className="figures">
        <Figure
          label={t("bound")}
          scope={t("boundLimit")}
          tile={isKnown ? plusMinus(state.err_us) : unsure}
          tone={state.ok ? "kept" : isBad(state.word) ? "broken" : "plain"}
          trend={trend.map((minute) => minute.error_us / 1000)}
          note={
            state.sampled ? (
              <span title={exact(state.sampled)}>{t(isKnown ? "sampled" : "lastSampled", { age: age(state.sampled) })}</span>
            ) : (
              t(view.servers.length > 0 ? "noAnswer" : "noSource")
            )
          }
        />
        <Figure
          label={t("offset")}
          tile={
            isKnown
              ? {
                  value: decimal(state.off_us / 1000, 1),
                  unit: "ms",
                  exact: `${decimal(state.off_us, 0)} µs`,
                }
              : unsure
          }
          note={isKnown ? t("spokenBy", { source: state.src }) : "—"}
        />
        <Figure
          label={t("sources")}
          tile={{
            value: `${agreeing} / ${sources.length}`,
            unit: "",
            exact: `${agreeing} / ${sources.length}`,
          }}
          note={t(view.configured ? "configured" : view.servers.length ? "byDefault" : "noSource")}
        />
        <Figure
          label={t("newest")}
          tile={{ value: newest ? age(newest) : t("none"), unit: "", exact: exact(newest) }}
          tone={isOwn ? "risk" : "plain"}
          note={t(view.authorities === 0 ? "noAuthority" : isOwn ? "own" : "byAuthority")}
        />
      </div>
      <Card title={t("sources")} note={t("sourcesNote")} isFlush>
        <Sources sources={sources} />
      </Card>
      <Card title={t("stamps")} note={t("stampsNote")} extra={<StampNow books={books} />} isFlush>
        <Stamps books={books} authorities={view.authorities} />
      </Card>
      <Card title={t("faults")} note={t("faultsNote")} isFlush>
        <Faults faults={view.faults} />
      </Card>
    </div>
  );
}
