import { useTranslation } from "react-i18next";
import { Card } from "@/parts/card";
import { ToneTag, type Tone } from "@/parts/status-tag";
import type { Body, Content, SetShown, Vocabulary } from "./api";
import { RuleText } from "./clauses";
import { compare, isSame, type RowChange } from "./model";
import { useSayer } from "./sayer";

const TONES: Readonly<Record<RowChange["kind"], Tone>> = {
  added: "kept",
  removed: "broken",
  changed: "risk",
  moved: "info",
};

/** 对比: what a set says otherwise than the one that rules, row by row. */
export function Compare({ before, after, words }: { before: SetShown | null; after: Body; words: Vocabulary }) {
  const { t } = useTranslation("policies");
  const sayer = useSayer(words);
  const changes = compare(before ?? { graphs: [], cases: [] }, after);
  const known = new Set(changes.map((one) => one.graph.code));
  const others = after.graphs.filter(
    (graph) => !known.has(graph.code) && !isSame(graph, before?.graphs.find((one) => one.code === graph.code)),
  );
  const title = before ? t("compare.title", { no: before.set.no, name: before.set.name }) : t("compare.first");
  return (
    <Card title={title} note={t("compare.count", { count: changes.length })}>
      {changes.length === 0 && others.length === 0 && <p className="note">{t("compare.same")}</p>}
      <ul className="policy-compare">
        {changes.map((one) => (
          <li key={`${one.kind}/${one.graph.code}/${one.node.id}/${one.row._id}`} className="policy-rule">
            <div className="policy-rule-head">
              <ToneTag tone={TONES[one.kind]}>{t(`compare.${one.kind}`)}</ToneTag>
              <span>{[...new Set([sayer.name(one.graph), one.node.name, one.row._description])].filter(Boolean).join(" · ")}</span>
            </div>
            {one.was && (
              <del>
                <RuleText table={one.node.content as Content} row={one.was} sayer={sayer} marked={one.columns} />
              </del>
            )}
            <div data-removed={one.kind === "removed"}>
              <RuleText table={one.node.content as Content} row={one.row} sayer={sayer} marked={one.columns} />
            </div>
          </li>
        ))}
        {others.map((graph) => (
          <li key={graph.code} className="policy-rule">
            <ToneTag tone="info">{t("compare.drawn")}</ToneTag> {sayer.name(graph)}
          </li>
        ))}
      </ul>
    </Card>
  );
}
