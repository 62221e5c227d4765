import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { dated } from "@/format";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { draftKey, overviewKey, type PolicyKind, readDraft, readOverview, readSet, readVocabulary, setKey } from "./api";
import { DraftWork } from "./draft";
import { homeOf, KindOf } from "./kind";
import { RollBack, TONES } from "./moves";
import { SetRoad } from "./set-road";
import { PrintSheet } from "./sheet";
import { Views } from "./views";

/** What every work page needs: the words, what rules now, and its graphs to compare with. */
export function useSurroundings(kind: PolicyKind | undefined) {
  const of = kind ?? "routing";
  const isKnown = kind !== undefined;
  const words = useQuery({ queryKey: ["routing", "vocabulary", of], queryFn: () => readVocabulary(of), staleTime: Infinity, enabled: isKnown });
  const overview = useQuery({ queryKey: overviewKey(of), queryFn: () => readOverview(of), enabled: isKnown });
  const digest = overview.data?.live?.digest ?? "";
  const live = useQuery({ queryKey: setKey(digest), queryFn: () => readSet(digest), enabled: digest !== "", staleTime: Infinity });
  return { words: words.data, overview: overview.data, live: digest ? live.data : null, error: words.error ?? overview.error };
}

/** A draft: drawn, checked, tried, submitted, approved. */
export function DraftPage({ id }: { id: string }) {
  const found = useQuery({ queryKey: draftKey(id), queryFn: () => readDraft(id), refetchOnMount: "always" });
  const around = useSurroundings(found.data?.kind);
  const error = found.error ?? around.error;
  if (error) return <Failed error={error} />;
  if (!found.data || !around.words || !around.overview || around.live === undefined) return <Skeleton kind="page" />;
  return (
    <KindOf value={found.data.kind}>
      <DraftWork
        key={id}
        draft={found.data}
        words={around.words}
        overview={around.overview}
        live={around.live}
        onDraft={(draft) => queries.setQueryData(draftKey(id), draft)}
      />
    </KindOf>
  );
}

/** A published set: it never changes; it is tried on a share of the orders, rules, is rolled back. */
export function SetPage({ digest }: { digest: string }) {
  const { t } = useTranslation("policies");
  const found = useQuery({ queryKey: setKey(digest), queryFn: () => readSet(digest) });
  const around = useSurroundings(found.data?.kind);
  const error = found.error ?? around.error;
  if (error) return <Failed error={error} />;
  const shown = found.data;
  if (!shown || !around.words || !around.overview || around.live === undefined) return <Skeleton kind="page" />;
  const { set } = shown;
  return (
    <KindOf value={shown.kind}>
      <PageHead
        back={homeOf(shown.kind)}
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
    </KindOf>
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
