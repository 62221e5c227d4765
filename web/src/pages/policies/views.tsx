import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Modal, Segmented, Select } from "antd";
import { lazy, type ReactNode, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { Skeleton } from "@/parts/skeleton";
import type { Body, Case, Graph, Ran, SetShown, Vocabulary } from "./api";
import { Cases } from "./cases";
import { type At, Clauses, GraphNames } from "./clauses";
import { Compare } from "./compare";
import { addInput, blankGraph, tablesOf } from "./model";
import { Run } from "./run";
import { useSayer } from "./sayer";

const Canvas = lazy(() => import("./canvas"));
const TABS = ["canvas", "clauses", "compare", "cases"] as const;
type Tab = (typeof TABS)[number];
const narrow = window.matchMedia("(max-width: 767px)");
const useNarrow = () =>
  useSyncExternalStore(
    (hear) => {
      narrow.addEventListener("change", hear);
      return () => narrow.removeEventListener("change", hear);
    },
    () => narrow.matches,
  );

interface Props {
  body: Body;
  words: Vocabulary;
  live: SetShown | null;
  isOpen: boolean;
  at?: At | null;
  /** Run a policy on a context, on the server; absent where there is nothing to run. */
  onRun?: (graph: string, context: Case["context"]) => Promise<Ran>;
  /** At the right of the tabs. */
  extra?: ReactNode;
  onGraphs?: (graphs: readonly Graph[]) => void;
  onCases?: (cases: readonly Case[]) => void;
}

/** 画布, 条文, 对比, 用例: four looks at one set. A narrow window shows the clauses, to read. */
export function Views({ body, words, live, isOpen, at = null, extra, onRun, onGraphs, onCases }: Props) {
  const { t } = useTranslation("policies");
  const isNarrow = useNarrow();
  const [search, setSearch] = useSearchParams();
  const wanted = search.get("tab") as Tab;
  const tab: Tab = isNarrow ? "clauses" : TABS.includes(wanted) ? wanted : "canvas";
  const isEdited = isOpen && !isNarrow;
  const put = (graph: Graph) =>
    onGraphs?.(body.graphs.map((one) => (one.code === graph.code ? graph : one)));
  return (
    <div className="policy-views">
      {!isNarrow && (
        <div className="policy-tabs">
        <Segmented<Tab>
          aria-label={t("tabs.label")}
          value={tab}
          options={TABS.map((one) => ({ value: one, label: t(`tabs.${one}`, { count: body.cases.length }) }))}
          onChange={(next) => {
            search.set("tab", next);
            setSearch(search, { replace: true });
          }}
        />
        {extra}
        </div>
      )}
      {tab === "canvas" && (
        <Drawing {...{ body, words, isOpen: isEdited, at }} {...(onRun ? { onRun } : {})} onGraph={put} onGraphs={onGraphs ?? (() => undefined)} />
      )}
      {tab === "clauses" && <Clauses graphs={body.graphs} words={words} isOpen={isEdited} at={at} onChange={put} />}
      {tab === "compare" && <Compare before={live} after={body} words={words} />}
      {tab === "cases" && <Cases body={body} words={words} isOpen={isEdited} picked={at?.row ?? ""} onChange={onCases ?? (() => undefined)} {...(onRun ? { onRun } : {})} />}
    </div>
  );
}

interface DrawingProps {
  body: Body;
  words: Vocabulary;
  isOpen: boolean;
  at: At | null;
  onRun?: NonNullable<Props["onRun"]>;
  onGraph: (graph: Graph) => void;
  onGraphs: (graphs: readonly Graph[]) => void;
}

function Drawing({ body, words, isOpen, at, onRun, onGraph, onGraphs }: DrawingProps) {
  const { t } = useTranslation("policies");
  const sayer = useSayer(words);
  const ask = useConfirm();
  const [picked, pick] = useState(body.graphs[0]?.code ?? "");
  const [isNew, make] = useState(false);
  const [ran, setRan] = useState<{ code: string; graph: Graph; ran: Ran } | null>(null);
  const isCompiling = useCompiling();
  useEffect(() => {
    if (at?.graph) pick(at.graph);
  }, [at]);
  const graph = body.graphs.find((one) => one.code === picked) ?? body.graphs[0];
  const node = at && graph && at.graph === graph.code ? (graph.nodes.find((one) => one.name === at.node)?.id ?? "") : "";
  async function remove(one: Graph) {
    const name = sayer.name(one);
    if (await ask({ title: t("graphs.remove", { name }), act: t("graphs.removeIt", { name }), isDanger: true })) {
      onGraphs(body.graphs.filter((other) => other.code !== one.code));
    }
  }
  return (
    <>
      <Card
        title={t("tabs.canvas")}
        note={t("canvas.note", { count: graph?.nodes.length ?? 0 })}
        isFlush
        extra={
          <span className="policy-graphs">
            {body.graphs.length > 0 && (
              <Select
                aria-label={t("graphs.pick")}
                value={graph?.code ?? ""}
                popupMatchSelectWidth={false}
                options={body.graphs.map((one) => ({ value: one.code, label: sayer.name(one) || one.code }))}
                onChange={pick}
              />
            )}
            {isOpen && (
              <>
                {graph && <AddColumn graph={graph} words={words} onGraph={onGraph} />}
                <Button icon={<PlusOutlined />} onClick={() => make(true)}>
                  {t("graphs.add")}
                </Button>
                {graph && <Button danger onClick={() => void remove(graph)}>{t("graphs.drop")}</Button>}
              </>
            )}
          </span>
        }
      >
        {!graph && <p className="note policy-none">{t("graphs.none")}</p>}
        {graph && isCompiling && (
          <Suspense fallback={<Skeleton kind="card" />}>
            <Canvas
              key={graph.code}
              graph={graph}
              graphs={body.graphs}
              words={words}
              isOpen={isOpen}
              at={node}
              simulation={
                ran && ran.code === graph.code && ran.ran.trace
                  ? { result: { performance: "", result: ran.ran.result, trace: ran.ran.trace, snapshot: ran.graph } as never }
                  : null
              }
              onChange={onGraph}
            />
          </Suspense>
        )}
      </Card>
      {graph && (
        <Card title={t("graphs.about")} note={<span className="mono">{graph.code}</span>}>
          <GraphNames graph={graph} isOpen={isOpen} onChange={onGraph} />
        </Card>
      )}
      {graph && onRun && (
        <Card title={t("run.title")} note={t("run.note")}>
          <Run graph={graph} words={words} onRun={onRun} onRan={(result) => setRan({ code: graph.code, graph, ran: result })} />
        </Card>
      )}
      {isNew && (
        <NewGraph
          codes={body.graphs.map((one) => one.code)}
          onClose={() => make(false)}
          onMade={(made) => {
            onGraphs([...body.graphs, made]);
            pick(made.code);
            make(false);
          }}
        />
      )}
    </>
  );
}

/**
 * The editor's WASM is compiled only where the document came with the permission: /policies/…. Who
 * came here from another page loads the document anew.
 */
function useCompiling(): boolean {
  const [entry] = performance.getEntriesByType("navigation");
  const first = entry ? new URL(entry.name).pathname : "";
  const may = import.meta.env.DEV || first.startsWith("/policies/");
  useEffect(() => {
    if (!may) window.location.reload();
  }, [may]);
  return may;
}

/** A condition column by the field's label: nobody has to know its name in the graph. */
function AddColumn({ graph, words, onGraph }: { graph: Graph; words: Vocabulary; onGraph: (graph: Graph) => void }) {
  const { t } = useTranslation("policies");
  const sayer = useSayer(words);
  const tables = tablesOf(graph);
  if (tables.length === 0) return null;
  const groups = tables.map(({ node, table }) => ({
    label: node.name,
    options: words.context
      .filter((field) => !table.inputs?.some((one) => one.field === field.path))
      .map((field) => ({ value: `${node.id}/${field.path}`, label: sayer.name(field) })),
  }));
  return (
    <Select
      className="policy-add-input"
      aria-label={t("clauses.addInput")}
      placeholder={t("clauses.addInput")}
      value={null}
      showSearch={{ optionFilterProp: "label" }}
      popupMatchSelectWidth={false}
      options={groups}
      onChange={(picked: string | null) => {
        const [node = "", path = ""] = (picked ?? "").split("/");
        const field = sayer.context.get(path);
        if (field) onGraph(addInput(graph, node, sayer.name(field), path));
      }}
    />
  );
}

function NewGraph({ codes, onMade, onClose }: { codes: readonly string[]; onMade: (graph: Graph) => void; onClose: () => void }) {
  const { t } = useTranslation(["policies", "common"]);
  const [zh, setZh] = useState("");
  const [code, setCode] = useState("");
  const isFit = /^[a-z][a-z0-9_]{1,31}$/.test(code) && !codes.includes(code);
  return (
    <Modal
      open
      width={416}
      title={t("graphs.new")}
      okText={t("graphs.addIt")}
      okButtonProps={{ disabled: !isFit || !zh.trim() }}
      cancelText={t("common:acts.back")}
      onCancel={onClose}
      onOk={() => onMade(blankGraph(code, zh.trim(), zh.trim()))}
    >
      <div className="policy-form">
        <label>
          <span>{t("names.zh")}</span>
          <Input value={zh} maxLength={64} autoFocus onChange={(event) => setZh(event.target.value)} />
        </label>
        <label>
          <span>{t("names.code")}</span>
          <Input className="mono" value={code} maxLength={32} onChange={(event) => setCode(event.target.value)} />
        </label>
        <p className="note">{t("names.codeNote")}</p>
      </div>
    </Modal>
  );
}
