import { PrinterOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { createPortal, flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { digest, exact } from "@/format";
import { useSession } from "@/session";
import { type Body, type Content, readTrial, type SetShown, type Step, type Vocabulary } from "./api";
import { RuleText } from "./clauses";
import { compare } from "./model";
import { useSayer } from "./sayer";
import { FigureTable } from "./trial";

interface Props {
  name: string;
  body: Body;
  words: Vocabulary;
  live: SetShown | null;
  hex: string;
  /** Who drew it, by number. */
  drawn: readonly string[];
  /** Who approved it; "" while it waits. */
  approved: string;
  steps: readonly Step[];
  /** The trial that it was submitted with, "" for none. */
  trial?: string;
}

/** 策略审批单: what changes, what the simulation says, who approves, the digest; A4, black on white. */
export function PrintSheet(props: Props) {
  const { t } = useTranslation("policies");
  const [at, setAt] = useState("");
  return (
    <>
      <Button
        icon={<PrinterOutlined />}
        onClick={() => {
          flushSync(() => setAt(new Date().toISOString()));
          window.print();
        }}
      >
        {t("sheet.act")}
      </Button>
      {at && createPortal(<Sheet {...props} at={at} />, document.body)}
    </>
  );
}

function Sheet({ name, body, words, live, hex, drawn, approved, steps, trial = "", at }: Props & { at: string }) {
  const { t } = useTranslation("policies");
  const sayer = useSayer(words);
  const { person, tenant } = useSession();
  const tried = useQuery({ queryKey: ["routing", "trial", trial], queryFn: () => readTrial(trial), enabled: trial !== "" });
  const changes = compare(live ?? { graphs: [], cases: [] }, body);
  const told = digest(hex, Infinity);
  return (
    <article className="policy-sheet" aria-label={t("sheet.title")}>
      <h1>{t("sheet.title")}</h1>
      <p>
        <b>{name}</b> · {tenant.name} · {live ? t("draft.live", { no: live.set.no, name: live.set.name }) : t("list.nothing")}
      </p>
      <h2>{t("sheet.changes", { count: changes.length })}</h2>
      <table>
        <thead>
          <tr>
            <th>{t("sheet.kind")}</th>
            <th>{t("sheet.policy")}</th>
            <th>{t("sheet.rule")}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((one) => (
            <tr key={`${one.kind}/${one.graph.code}/${one.node.id}/${one.row._id}`}>
              <td>{t(`compare.${one.kind}`)}</td>
              <td>{sayer.name(one.graph)}</td>
              <td>
                {one.was && (
                  <del>
                    <RuleText table={one.node.content as Content} row={one.was} sayer={sayer} />
                  </del>
                )}
                <RuleText table={one.node.content as Content} row={one.row} sayer={sayer} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>{t("trial.title")}</h2>
      {tried.data ? (
        <>
          <p>{t("trial.note", { day: tried.data.day, count: tried.data.figures.orders })} · {t("trial.changed", { count: tried.data.figures.changed })}</p>
          <FigureTable figures={tried.data.figures} />
        </>
      ) : (
        <p>{t(trial ? "sheet.waits" : "sheet.noTrial")}</p>
      )}
      <h2>{t("road.approval")}</h2>
      <p>{t("sheet.people", { drawn: drawn.join(t("comma")), approved: approved || "________________" })}</p>
      <ul>
        {steps.map((step, n) => (
          <li key={n}>{t(`steps.${step.act}`)} · {step.by} · {exact(step.at)}{step.note && ` · ${step.note}`}</li>
        ))}
      </ul>
      <footer>
        <span>SHA-256 {told}</span>
        <span>{t("sheet.printed", { at: exact(at), by: person.number })}</span>
      </footer>
    </article>
  );
}
