import type { UseQueryResult } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Offer, Offers } from "@/api/types.gen";
import { money } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ReversibilityTag } from "@/parts/status-tag";
import { asProblem } from "@/problem";
import { ofOrder } from "./head";
import type { Act } from "./use-acts";
import { wide } from "./words";

const KEYS: Record<string, string> = { hold: "h", unhold: "u" };

/** What the machine allows now: to this person as buttons, to others by their roles. */
export function NextCard({
  offers,
  query,
  onAct,
}: {
  offers: readonly Offer[];
  query: UseQueryResult<Offers, unknown>;
  onAct: Act;
}) {
  const { t } = useTranslation("order");
  const able = ofOrder(offers)
    .filter((one) => one.state !== "refused")
    .sort((a, b) => Number(b.primary) - Number(a.primary));
  return (
    <Card title={t("next.title")}>
      {query.error ? (
        <ProblemNote problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
      ) : !query.data ? (
        <Skeleton kind="card" />
      ) : able.length === 0 ? (
        <p className="muted">{t("next.none")}</p>
      ) : (
        <ul className="order-next">
          {able.map((one) => (
            <Line key={one.event} offer={one} onAct={onAct} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Line({ offer, onAct }: { offer: Offer; onAct: Act }) {
  const { t } = useTranslation(["order", "common"]);
  const key = offer.primary ? "n" : KEYS[offer.event];
  const isMine = offer.state === "allowed";
  const roles = offer.roles.map((role) => t(`common:roles.${role}`)).join(t("comma"));
  return (
    <li>
      <kbd data-empty={!(isMine && key)}>{isMine ? (key ?? "·") : "·"}</kbd>
      {isMine ? (
        <button type="button" className="as-link" onClick={() => onAct(offer)}>
          {offer.title}
        </button>
      ) : (
        <span>{offer.title}</span>
      )}
      <Side offer={offer} roles={roles} />
      <p className="note">
        {wide(offer.legal)}
        {isMine && roles && <span className="order-roles">{t("next.roles", { roles })}</span>}
      </p>
    </li>
  );
}

/** At the right: what follows from it, or who may. */
function Side({ offer, roles }: { offer: Offer; roles: string }) {
  const { t } = useTranslation("order");
  if (offer.state === "not_permitted") return <span className="note">{t("next.by", { roles })}</span>;
  const effect = offer.effect;
  const stops = effect?.freed.filter((one) => one.stop).length ?? 0;
  if (stops > 0) return <span data-tone="risk" className="order-side">{t("next.stops")}</span>;
  if (effect && effect.refund > 0) {
    return (
      <span data-tone="risk" className="order-side">
        {t("next.refund", { amount: money(effect.refund, effect.currency) })}
      </span>
    );
  }
  return <ReversibilityTag value={offer.reversible} />;
}
