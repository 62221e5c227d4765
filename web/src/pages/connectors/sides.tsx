import { useTranslation } from "react-i18next";
import type { ConnectorCanary, ConnectorSide, ConnectorView } from "@/api/types.gen";
import { count, share } from "@/format";
import { PERCENT } from "./model";
import { scopeWords, titleOf } from "./words";

interface Props {
  canary: ConnectorCanary;
  desks: readonly ConnectorView[];
}

/** Both sides of a canary beside one another: tries, failures, refusals, p95. */
export function Sides({ canary, desks }: Props) {
  const { t } = useTranslation("connectors");
  const part = canary.share / PERCENT;
  return (
    <div className="connectors-sides">
      <Side name={titleOf(desks, canary.replaces)} kind={t("stable")} part={100 - part} did={canary.replaced_did} />
      <Side name={titleOf(desks, canary.candidate)} kind={t("candidate")} part={part} did={canary.candidate_did} isNew />
      {(canary.shares ?? []).length > 0 && (
        <ul className="connectors-ways">
          {(canary.shares ?? []).map((rule, no) => (
            <li key={no}>
              <span>{scopeWords(t, rule.warehouses, rule.channels)}</span>
              <b>{t("shareOf", { n: rule.share / PERCENT })}</b>
            </li>
          ))}
        </ul>
      )}
      <p className="note">{t("byItself")}</p>
    </div>
  );
}

function Side({ name, kind, part, did, isNew }: { name: string; kind: string; part: number; did: ConnectorSide; isNew?: boolean }) {
  const { t } = useTranslation("connectors");
  const tries = did.done + did.refused + did.failed;
  const of = (n: number) => (tries > 0 ? share(n / tries) : "—");
  return (
    <section className="connectors-side" data-new={isNew ?? false} aria-label={`${kind} ${name}`}>
      <header>
        <span className="note">{kind}</span> <b>{name}</b>
        <span className="connectors-part">{t("shareOf", { n: Math.round(part * 100) / 100 })}</span>
      </header>
      <div className="connectors-bar" aria-hidden>
        <i style={{ width: `${part}%` }} />
      </div>
      <dl>
        <dt>{t("tries")}</dt>
        <dd>{count(tries)}</dd>
        <dt>{t("failed")}</dt>
        <dd data-bad={did.failed > 0}>{of(did.failed)}</dd>
        <dt>{t("refused")}</dt>
        <dd>{of(did.refused)}</dd>
        <dt>{t("p95")}</dt>
        <dd>{tries > 0 ? `${count(did.p95_ms)} ms` : "—"}</dd>
      </dl>
    </section>
  );
}
