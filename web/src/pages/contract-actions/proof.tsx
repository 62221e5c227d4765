import {
  BookOutlined,
  CheckCircleOutlined,
  CloseCircleOutlined,
  MinusCircleOutlined,
  WarningOutlined,
} from "@ant-design/icons";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { ActionProof } from "@/api/types.gen";
import { byLocale } from "@/i18n";
import { Card } from "@/parts/card";
import { DigestText } from "@/parts/digest-text";

const ICONS = {
  ok: CheckCircleOutlined,
  warning: WarningOutlined,
  error: CloseCircleOutlined,
  idle: MinusCircleOutlined,
};

/** 念出来是: the form as a sentence, for a lawyer who checks words. */
export function Sentence({ proof }: { proof: ActionProof }) {
  const { t, i18n } = useTranslation("contractActions");
  const said = i18n.language === "en" ? proof.sentence_en : proof.sentence_zh;
  return (
    <p className="action-sentence">
      <BookOutlined aria-hidden />
      <span>
        {t("sentence")}
        {said.map((piece, at) => (
          <Fragment key={at}>{piece.strong ? <b>{piece.text}</b> : piece.text}</Fragment>
        ))}
      </span>
    </p>
  );
}

/** 能否举证 and the YAML: what stands in the way, what would make it provable. */
export function ProofCards({ proof }: { proof: ActionProof }) {
  const { t } = useTranslation("contractActions");
  const counted = (state: string) => proof.checks.filter((one) => one.state === state).length;
  return (
    <div className="action-proof">
      <Card
        title={t("proof.title")}
        note={t("proof.note", {
          ok: counted("ok"),
          warnings: counted("warning"),
          errors: counted("error"),
        })}
      >
        <ul className="action-checks" aria-live="polite">
          {proof.checks.map((check) => {
            const Icon = ICONS[check.state];
            const said = proof.findings.filter((one) => one.check === check.check);
            return (
              <li key={check.check} data-state={check.state}>
                <Icon aria-label={t(`proof.states.${check.state}`)} role="img" />
                <div>
                  {said.length === 0 && <span>{t(`proof.${check.state}.${check.check}`)}</span>}
                  {said.map((one) => (
                    <p key={`${one.code}${one.pointer}`} data-severity={one.severity}>
                      {byLocale(one.zh, one.en)}
                      <span className="note">
                        {t("proof.fix")}
                        {byLocale(one.fix_zh, one.fix_en)}
                      </span>
                    </p>
                  ))}
                </div>
              </li>
            );
          })}
        </ul>
      </Card>
      <Card
        title="YAML"
        note={t("yaml")}
        extra={<DigestText hex={proof.digest} groups={2} />}
      >
        {/* It scrolls by keyboard. */}
        <pre className="action-yaml" tabIndex={0}>
          {proof.yaml.split("\n").map((line, at) => {
            const found = /^(\s*(?:- )?)([a-z_0-9']+)(:.*)$/.exec(line);
            return (
              <Fragment key={at}>
                {found ? (
                  <>
                    {found[1]}
                    <span data-kind="word">{found[2]}</span>
                    {found[3]}
                  </>
                ) : (
                  line
                )}
                {"\n"}
              </Fragment>
            );
          })}
        </pre>
      </Card>
    </div>
  );
}
