import "./say";
import {
  DecisionGraph,
  type DecisionGraphRef,
  type DecisionGraphType,
  DictionaryProvider,
  NodeKind,
  nodeSpecification,
  type Simulation,
  useWasmReady,
} from "@gorules/jdm-editor";
import "@gorules/jdm-editor/dist/style.css";
import { App, ConfigProvider, theme } from "antd";
import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { antdTheme } from "@/theme/antd";
import { useLook } from "@/theme/look";
import type { Graph, Vocabulary } from "./api";
import "./canvas.css";
import { dress, isSame, undress } from "./model";
import { useSayer } from "./sayer";

// Policies hold no programs: the palette does not offer what the linter refuses.
delete (nodeSpecification as { [kind in NodeKind]?: unknown })[NodeKind.Function];
// The editor's own messages: in the console's theme, with its nonce.
ConfigProvider.config({
  holderRender: (children) => (
    <ConfigProvider
      csp={{ nonce: globalThis.__jdmNonce }}
      theme={antdTheme(document.documentElement.dataset.look === "dark" ? "dark" : "light")}
    >
      {children}
    </ConfigProvider>
  ),
});

interface Props {
  graph: Graph;
  /** All policies of the set: what their selectors say is offered for choice. */
  graphs: readonly Graph[];
  words: Vocabulary;
  isOpen: boolean;
  /** The last run on the server: lights up the path and the rows. */
  simulation: Simulation | null;
  /** The node that a finding is about. */
  at: string;
  onChange: (graph: Graph) => void;
}

/** The editor of a graph: nodes, lines and tables by mouse. Its numbers come from the server alone. */
export default function Canvas({ graph, graphs, words, isOpen, simulation, at, onChange }: Props) {
  const { look } = useLook();
  const { i18n } = useTranslation();
  const sayer = useSayer(words);
  const editor = useRef<DecisionGraphRef>(null);
  const { token } = theme.useToken();
  const isReady = useWasmReady();
  // What the editor shows already: what it says of itself is no change, and is not put back in.
  const shown = useRef(graph);
  const latest = useRef(onChange);
  latest.current = onChange;
  const isOpenNow = useRef(isOpen);
  isOpenNow.current = isOpen;
  const value = useMemo(() => {
    if (!isSame(shown.current, graph)) shown.current = graph;
    return dress(graph, words) as unknown as DecisionGraphType;
  }, [graph, words]);
  const dictionaries = useMemo(() => sayer.dictionaries(graphs), [sayer, graphs]);
  const themed = useMemo(() => ({ token: { ...token, mode: look, motion: false } }), [token, look]);
  useEffect(() => {
    if (at) editor.current?.openTab(at);
  }, [at]);

  function change(told: DecisionGraphType) {
    const next = undress(graph.code, told, graph);
    if (isSame(next, shown.current)) return;
    shown.current = next;
    latest.current(next);
  }

  // The editor tells of a change a moment later: who leaves at once would lose the last keys.
  const last = useRef(change);
  last.current = change;
  useLayoutEffect(
    () => () => {
      const told = editor.current?.stateStore.getState().decisionGraph;
      if (told && isOpenNow.current) last.current(told);
    },
    [],
  );

  if (!isReady) return null;
  return (
    <ConfigProvider theme={themed} button={{ autoInsertSpace: false }}>
      <App component={false}>
        <DictionaryProvider value={dictionaries}>
          <div className="policy-canvas" data-theme={look}>
            <DecisionGraph
              key={`${graph.code}-${i18n.language}`}
              ref={editor}
              id="policy-canvas"
              name={graph.code}
              value={value}
              mode="business"
              disabled={!isOpen}
              hideLeftToolbar
              dictionaries={dictionaries}
              {...(simulation ? { simulate: simulation } : {})}
              onReactFlowInit={(flow) => void flow.fitView({ padding: 0.2, maxZoom: 1 })}
              onChange={change}
            />
          </div>
        </DictionaryProvider>
      </App>
    </ConfigProvider>
  );
}
