import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { listIntentsOptions } from "@/api/@tanstack/react-query.gen";
import { tryIntents } from "@/api/sdk.gen";
import type { Directed, IntentGraph } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import "./directed.css";
import { ProblemNote } from "./problem-note";
import { ToneTag } from "./status-tag";

/** What a code of the graph is called, whatever its kind. */
export function called(graph: IntentGraph, code: string): string {
  const nodes = [
    ...(graph.symptoms ?? []),
    ...(graph.actions ?? []),
    ...(graph.equipment ?? []),
    ...(graph.regulations ?? []),
  ];
  const found = nodes.find((one) => one.code === code);
  if (!found) return code;
  const name = byLocale(found.title ?? "", found.title_en ?? "") || code;
  return "number" in found && found.number ? `${found.number} ${name}` : name;
}

/** What the intent graph says: the action, what is forbidden, why a person decides, and the way. */
export function DirectedAnswer({ directed, graph }: { directed: Directed; graph: IntentGraph }) {
  const { t } = useTranslation("intents");
  const names = (codes: readonly string[]) =>
    codes.map((code) => called(graph, code)).join(t("comma"));
  const forbids = directed.forbids ?? [];
  const why = directed.why ?? [];
  return (
    <>
      <p>
        {directed.contradiction ? (
          <ToneTag tone="pend">{t("person")}</ToneTag>
        ) : (
          <ToneTag tone="kept">{t("decided")}</ToneTag>
        )}{" "}
        <b>
          {(directed.actions ?? []).map((one) => byLocale(one.title, one.title_en)).join(t("comma"))}
        </b>
      </p>
      {directed.contradiction && (
        <p>
          {t(`contradictions.${directed.contradiction}`, { asked: names(directed.asked ?? []) })}
        </p>
      )}
      {directed.regulation && (
        <p className="note">
          {directed.regulation} {directed.regulation_title} {directed.clause}{" "}
          {!directed.verified && t("unverified")}
        </p>
      )}
      {forbids.length > 0 && (
        <p className="directed-forbidden">{t("forbidden", { actions: names(forbids) })}</p>
      )}
      {why.length > 0 && (
        <ol className="directed-path" aria-label={t("path")}>
          {why.map((one) => (
            <li key={`${one.origin}${one.link}${one.target}`} data-link={one.link}>
              {called(graph, one.origin)} <i>{t(`links.${one.link as "requires"}`)}</i>{" "}
              {called(graph, one.target)}
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

interface Props {
  device: string;
  symptoms: readonly string[];
  /** What was said, where somebody said it: what they ask for is read there. */
  said: string;
}

/** What would be done about a device's symptoms, asked of the graph that is followed. */
export function DirectedPart({ device, symptoms, said }: Props) {
  const { t } = useTranslation("intents");
  const may = useMay("intent.read");
  const graph = useQuery({ ...listIntentsOptions(), enabled: may });
  const read = useQuery({
    queryKey: ["directed", device, symptoms, said],
    queryFn: async ({ signal }) =>
      (await tryIntents({ body: { device, symptoms: [...symptoms], words: said }, signal })).data,
    enabled: may,
    retry: false,
  });
  if (!may) return null;
  return (
    <section className="directed" aria-label={t("whatIsDone")}>
      <h3>{t("whatIsDone")}</h3>
      {read.error && <ProblemNote problem={asProblem(read.error)} />}
      {read.data && graph.data && (
        <DirectedAnswer directed={read.data.directed} graph={graph.data.graph} />
      )}
    </section>
  );
}
