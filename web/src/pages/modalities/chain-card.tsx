import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ChainView, PerceiverView } from "@/api/types.gen";
import { ask } from "@/client";
import { count, near, share } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { ToneTag } from "@/parts/status-tag";
import { queries } from "@/queries";
import { CandidateForm } from "./candidate-form";
import { ChainForm } from "./chain-form";
import { StandingTag } from "./list";
import { CHAINS, KEY, PERCENT, SURE } from "./model";
import { scopeWords, titleOf, useKind } from "./words";

interface Props {
  chain: ChainView;
  services: readonly PerceiverView[];
  mayWrite: boolean;
}

/** Who is asked, one after another, and the candidate that is on trial. */
export function ChainCard({ chain, services, mayWrite }: Props) {
  const { t } = useTranslation("modalities");
  const kind = useKind()(chain.kind);
  const [form, open] = useState<"order" | "candidate" | null>(null);
  const act = useTrialActs(chain, kind);
  const candidate = chain.candidate ?? null;
  const mine = services.filter((one) => one.kind === chain.kind && !one.default);
  const others = mine.filter((one) => one.id !== chain.services[0]);
  return (
    <Card
      title={t("orderOf", { kind })}
      note={
        <>
          {scopeWords(t, chain.scope)}
          {!chain.set && ` · ${t("asRegistered")}`}
          {candidate && (
            <>
              {" "}
              <ToneTag tone="pend">{t(chain.shadow ? "shadow" : "canary")}</ToneTag>
            </>
          )}
        </>
      }
      extra={
        mayWrite && (
          <span className="modalities-acts">
            {candidate && (
              <Button loading={act.isPending} onClick={() => act.rollBack()}>
                {t("rollBack")}
              </Button>
            )}
            {candidate && (
              <Button
                loading={act.isPending}
                onClick={() => void act.promote(titleOf(services, candidate))}
              >
                {t("promote")}
              </Button>
            )}
            {chain.set && others.length > 0 && (
              <Button onClick={() => open("candidate")}>
                {t(candidate ? "changeShare" : "beginTrial")}
              </Button>
            )}
            {!candidate && <Button onClick={() => open("order")}>{t("editOrder")}</Button>}
          </span>
        )
      }
    >
      <ol className="modalities-order">
        {chain.services.map((id, at) => (
          <Step key={id} id={id} at={at} services={services} />
        ))}
      </ol>
      {candidate && <Candidate chain={chain} one={services.find((each) => each.id === candidate)} />}
      {form === "order" && <ChainForm chain={chain} services={mine} onClose={() => open(null)} />}
      {form === "candidate" && (
        <CandidateForm chain={chain} services={others} onClose={() => open(null)} />
      )}
    </Card>
  );
}

function Step({ id, at, services }: { id: string; at: number; services: readonly PerceiverView[] }) {
  const { t } = useTranslation("modalities");
  const one = services.find((each) => each.id === id);
  return (
    <li>
      <span className="note">{t(at === 0 ? "first" : "then")}</span> <b>{titleOf(services, id)}</b>{" "}
      {one && <StandingTag one={one} />}
    </li>
  );
}

function Candidate({ chain, one }: { chain: ChainView; one: PerceiverView | undefined }) {
  const { t } = useTranslation("modalities");
  if (!one) return null;
  return (
    <p className="modalities-candidate">
      <b>{one.title}</b> <StandingTag one={one} />{" "}
      {t(chain.shadow ? "shadowNote" : "canaryNote", {
        n: chain.share / PERCENT,
        at: near(chain.began),
      })}
      {one.health.compared > 0 &&
        ` ${t("agreedNote", { share: share(one.health.agreed / SURE, 1), n: count(one.health.compared) })}`}
      <br />
      <span className="note">{t("byItself")}</span>
    </p>
  );
}

function useTrialActs(chain: ChainView, kind: string) {
  const { t } = useTranslation("modalities");
  const notice = useNotice();
  const confirm = useConfirm();
  const sent = useMutation({
    mutationFn: (act: "roll-back" | "promote") =>
      ask(`${CHAINS}/${encodeURIComponent(chain.kind)}/${act}`, {
        method: "POST",
        json: { scope: chain.scope, reason: "" },
      }),
    onSuccess: async (_, act) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(act === "promote" ? "promoted" : "rolledBack", { kind }));
    },
    onError: (error) => notice.failed(error),
  });
  return {
    isPending: sent.isPending,
    rollBack: () => sent.mutate("roll-back"),
    promote: async (name: string) => {
      const isSure = await confirm({
        title: t("promoteAsk", { name }),
        text: t("promoteMeans"),
        act: t("promote"),
      });
      if (isSure) sent.mutate("promote");
    },
  };
}
