import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { dated } from "@/format";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { draftKey, OVERVIEW_KEY, readDraft, readOverview, readSet, readVocabulary, setKey } from "./api";
import { DraftWork } from "./draft";
import { RollBack, TONES } from "./moves";
import { SetRoad } from "./set-road";
import { PrintSheet } from "./sheet";
import { Views } from "./views";

/** What every work page needs: the words, what rules now, and its graphs to compare with. */
export function useSurroundings() {
  const words = useQuery({ queryKey: ["routing", "vocabulary"], queryFn: readVocabulary, staleTime: Infinity });
  const overview = useQuery({ queryKey: OVERVIEW_KEY, queryFn: readOverview });
  const digest = overview.data?.live?.digest ?? "";
  const live = useQuery({ queryKey: setKey(digest), queryFn: () => readSet(digest), enabled: digest !== "", staleTime: Infinity });
  return { words: words.data, overview: overview.data, live: digest ? live.data : null, error: words.error ?? overview.error };
}

/** A draft: drawn, checked, tried, submitted, approved. */
export function DraftPage({ id }: { id: string }) {
  const around = useSurroundings();
  const found = useQuery({ queryKey: draftKey(id), queryFn: () => readDraft(id), refetchOnMount: "always" });
  const error = found.error ?? around.error;
  if (error) return <Failed error={error} />;
  if (!found.data || !around.words || !around.overview || around.live === undefined) return <Skeleton kind="page" />;
  return (
    <DraftWork
      key={id}
      draft={found.data}
      words={around.words}
      overview={around.overview}
      live={around.live}
      onDraft={(draft) => queries.setQueryData(draftKey(id), draft)}
    />
  );
}

/** A published set: it never changes; it is tried on a share of the orders, rules, is rolled back. */
export function SetPage({ digest }: { digest: string }) {
  const { t } = useTranslation("policies");
  const around = useSurroundings();
  const found = useQuery({ queryKey: setKey(digest), queryFn: () => readSet(digest) });
  const error = found.error ?? around.error;
  if (error) return <Failed error={error} />;
  const shown = found.data;
  if (!shown || !around.words || !around.overview || around.live === undefined) return <Skeleton kind="page" />;
  const { set } = shown;
  return (
    <>
      <PageHead
        back="/policies"
        title={set.name}
        state={<ToneTag tone={TONES[set.state]}>{t(`states.${set.state}`)} {t("list.no", { no: set.no })}</ToneTag>}
        fact={t("set.fact", { at: dated(set.at), by: set.by, approved: set.approved_by })}
        actions={
          <>
            <PrintSheet
              name={`${t("list.no", { no: set.no })} ${set.name}`}
              body={shown}
              words={around.words}
              live={around.live?.set.digest === digest ? null : around.live}
              hex={digest}
              drawn={[set.by]}
              approved={set.approved_by}
              steps={shown.steps}
            />
            <RollBack overview={around.overview} />
          </>
        }
      />
      <div className="policy-work">
        <Views body={shown} words={around.words} live={around.live} isOpen={false} />
        <SetRoad shown={shown} overview={around.overview} />
      </div>
    </>
  );
}

function Failed({ error }: { error: unknown }) {
  return (
    <>
      <PageHead back="/policies" />
      <ProblemNote problem={asProblem(error)} />
    </>
  );
}
