import { DeleteOutlined, PlusOutlined, ThunderboltOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import type { Body, Case, Context, Ran, Vocabulary } from "./api";
import { fieldsOf } from "./model";
import { ContextForm, EffectList } from "./run";
import { useSayer } from "./sayer";

interface Props {
  body: Body;
  words: Vocabulary;
  isOpen: boolean;
  /** The case that a finding is about. */
  picked?: string;
  onRun?: (graph: string, context: Context) => Promise<Ran>;
  onChange: (cases: readonly Case[]) => void;
}

/** 用例: what the set is held to. The check runs each; every rule must be tried by one. */
export function Cases({ body, words, isOpen, picked = "", onRun, onChange }: Props) {
  const { t } = useTranslation("policies");
  const sayer = useSayer(words);
  const notice = useNotice();
  const [busy, setBusy] = useState(-1);
  const put = (at: number, changes: Partial<Case>) =>
    onChange(body.cases.map((one, n) => (n === at ? { ...one, ...changes } : one)));
  const paths = fieldsOf(body.graphs, words);

  async function fill(at: number) {
    const one = body.cases[at];
    if (!one || !onRun) return;
    setBusy(at);
    try {
      const expect: [string, string][] = [];
      for (const graph of body.graphs) {
        const ran = await onRun(graph.code, one.context);
        if (ran.error) throw new Error(ran.error);
        expect.push(...ran.effects.map((effect): [string, string] => [effect.effect, effect.where]));
      }
      put(at, { expect });
      notice.done(t("cases.filled", { name: one.name, count: expect.length }));
    } catch (error) {
      notice.failed(error);
    }
    setBusy(-1);
  }

  return (
    <div className="policy-cases">
      {body.cases.length === 0 && <p className="note">{t("cases.none")}</p>}
      {body.cases.map((one, at) => (
        <Card
          key={at}
          className={`policy-case ${one.name !== "" && one.name === picked ? "policy-case-at" : ""}`}
          title={one.name || t("cases.one", { no: at + 1 })}
          extra={
            isOpen && (
              <span className="policy-rule-acts">
                {onRun && (
                  <Button size="small" icon={<ThunderboltOutlined />} loading={busy === at} onClick={() => void fill(at)}>
                    {t("cases.fill")}
                  </Button>
                )}
                <Button size="small" type="text" danger icon={<DeleteOutlined />} aria-label={t("cases.remove", { name: one.name })}
                  onClick={() => onChange(body.cases.filter((_, n) => n !== at))} />
              </span>
            )
          }
        >
          {isOpen && (
            <label className="policy-cell">
              <span>{t("cases.name")}</span>
              <Input value={one.name} maxLength={100} onChange={(event) => put(at, { name: event.target.value })} />
            </label>
          )}
          <ContextForm paths={paths} context={one.context} sayer={sayer} isDisabled={!isOpen} onChange={(context) => put(at, { context })} />
          <h3>{t("cases.expect")}</h3>
          <EffectList
            sayer={sayer}
            effects={one.expect.map(([effect, where]) => ({ effect, where, fen: 0, most: 0, reason: "" }))}
          />
        </Card>
      ))}
      {isOpen && (
        <Button icon={<PlusOutlined />} onClick={() => onChange([...body.cases, { name: t("cases.one", { no: body.cases.length + 1 }), context: {}, expect: [] }])}>
          {t("cases.add")}
        </Button>
      )}
    </div>
  );
}
