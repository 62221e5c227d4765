import { SaveOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { PageHead } from "@/frame/page-head";
import { useKeys } from "@/keys/use-keys";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ToneTag } from "@/parts/status-tag";
import { useUnsaved } from "@/parts/use-unsaved";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import {
  type Check,
  checkDraft,
  discardDraft,
  type Draft,
  overviewKey,
  type Overview,
  runDraft,
  saveDraft,
  type SetShown,
  type Vocabulary,
} from "./api";
import type { At } from "./clauses";
import { homeOf } from "./kind";
import { isSame } from "./model";
import { RollBack } from "./moves";
import { Road } from "./road";
import { PrintSheet } from "./sheet";
import { Views } from "./views";

interface Props {
  draft: Draft;
  words: Vocabulary;
  overview: Overview;
  live: SetShown | null;
  onDraft: (draft: Draft) => void;
}

/** A draft at work: four looks at the left, the way to live at the right. */
export function DraftWork({ draft, words, overview, live, onDraft }: Props) {
  const { t } = useTranslation(["policies", "common"]);
  const notice = useNotice();
  const ask = useConfirm();
  const go = useNavigate();
  const [search, setSearch] = useSearchParams();
  const mayWrite = useMay("routing.write");
  const [base, setBase] = useState(draft);
  const [name, setName] = useState(draft.name);
  const [body, setBody] = useState({ graphs: draft.graphs, cases: draft.cases });
  const [at, setAt] = useState<At | null>(null);
  const [clash, setClash] = useState<Draft | null>(null);
  const isOpen = mayWrite && base.state === "draft";
  const isDirty = useMemo(
    () => name !== base.name || !isSame(body, { graphs: base.graphs, cases: base.cases }),
    [name, body, base],
  );
  useUnsaved(isDirty && isOpen);
  const check = useQuery<Check>({
    queryKey: ["routing", "check", base.id, base.digest],
    queryFn: () => checkDraft(base.id),
    enabled: mayWrite,
    staleTime: Infinity,
  });

  function keep(saved: Draft) {
    setBase(saved);
    onDraft(saved);
    void queries.invalidateQueries({ queryKey: overviewKey(draft.kind) });
  }

  /** Save what is drawn when it differs; null when it could not be. */
  async function save(): Promise<Draft | null> {
    if (!isDirty || !isOpen) return base;
    try {
      const saved = await saveDraft(base.id, base.revision, name.trim() || base.name, body);
      keep(saved);
      return saved;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.code === "draft_changed") setClash(problem.parameters.now as Draft);
      else notice.failed(error);
      return null;
    }
  }

  async function saveByHand() {
    const saved = await save();
    if (saved) notice.done(t("saved", { revision: saved.revision }));
  }

  async function discard() {
    if (!(await ask({ title: t("discard.ask", { name: base.name }), act: t("discard.it"), isDanger: true }))) return;
    try {
      await discardDraft(base.id);
      setBody({ graphs: base.graphs, cases: base.cases });
      setName(base.name);
      await queries.invalidateQueries({ queryKey: overviewKey(draft.kind) });
      void go(homeOf(draft.kind));
    } catch (error) {
      notice.failed(error);
    }
  }

  /** Lead to what a finding is about: a row in the clauses or on the canvas, or a case. */
  function goTo(place: At) {
    setAt({ ...place });
    const tab = search.get("tab") ?? "canvas";
    const isRow = place.node !== "" || !body.cases.some((one) => one.name === place.row);
    const next = !isRow ? "cases" : tab === "canvas" ? "canvas" : "clauses";
    search.set("tab", next);
    setSearch(search, { replace: true });
  }

  useKeys([{ keys: "ctrl+s", label: t("save"), run: () => void (isOpen && isDirty && saveByHand()) }]);
  return (
    <>
      <PageHead
        back={homeOf(draft.kind)}
        title={name || base.name}
        state={<ToneTag tone="pend">{t(`states.${base.state}`)}</ToneTag>}
        fact={live ? t("draft.live", { no: live.set.no, name: live.set.name }) : t(`list.${draft.kind === "intercept" ? "nothingStops" : "nothing"}`)}
        actions={
          <>
            {!isDirty && (
              <PrintSheet
                name={base.name}
                body={body}
                words={words}
                live={live}
                hex={base.digest}
                drawn={base.editors}
                approved=""
                steps={base.steps}
                trial={base.simulation}
              />
            )}
            <RollBack overview={overview} />
            {isOpen && (
              <>
                <Button danger onClick={() => void discard()}>
                  {t("discard.act")}
                </Button>
                <Button icon={<SaveOutlined />} disabled={!isDirty} onClick={() => void saveByHand()}>
                  {t("save")}
                </Button>
              </>
            )}
          </>
        }
      />
      {clash && (
        <div className="policy-clash" role="alert">
          <span>{t("clash.told", { who: clash.editor, revision: clash.revision })}</span>
          <Button
            onClick={() => {
              keep(clash);
              setBody({ graphs: clash.graphs, cases: clash.cases });
              setName(clash.name);
              setClash(null);
            }}
          >
            {t("clash.theirs")}
          </Button>
          <Button
            onClick={() => {
              setBase(clash);
              setClash(null);
            }}
          >
            {t("clash.mine")}
          </Button>
        </div>
      )}
      <div className="policy-work">
        <Views
          body={body}
          words={words}
          live={live}
          isOpen={isOpen}
          at={at}
          extra={
            isOpen && (
              <label className="policy-name">
                <span>{t("names.set")}</span>
                <Input value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />
              </label>
            )
          }
          {...(mayWrite
            ? {
                onRun: async (graph: string, context: Parameters<typeof runDraft>[2]) => {
                  const saved = await save();
                  if (!saved) throw new Error(t("unsavedRun"));
                  return runDraft(saved.id, graph, context);
                },
              }
            : {})}
          onGraphs={(graphs) => setBody((old) => ({ ...old, graphs }))}
          onCases={(cases) => setBody((old) => ({ ...old, cases }))}
        />
        <Road
          draft={base}
          isDirty={isDirty}
          check={check.data ?? null}
          isChecking={check.isFetching}
          onCheck={async () => {
            const saved = await save();
            if (saved && saved.digest === base.digest) await check.refetch();
          }}
          onSave={save}
          onDraft={keep}
          onGo={goTo}
        />
      </div>
    </>
  );
}
