import { Segmented } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams, useSearchParams } from "react-router";
import type { Doable, Offer } from "@/api/types.gen";
import { PageHead } from "@/frame/page-head";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";
import { AfterSalesCard } from "./after-sales-card";
import { ContractCard } from "./contract-card";
import { CompensationCard } from "./compensation-card";
import { DecisionCard } from "./decision-card";
import { EvidenceCard } from "./evidence-card";
import type { OverrideWish } from "./override-lines";
import { GoodsCard } from "./goods-card";
import { OrderHead, RefusalLine } from "./head";
import { LinksCard } from "./links-card";
import { NextCard } from "./next-card";
import { OriginalsCard } from "./originals-card";
import "./order.css";
import { ParcelsCard } from "./parcels-card";
import { PromisesCard } from "./promises-card";
import { ReceiverCard } from "./receiver-card";
import { RequestsCard } from "./requests-card";
import { ReviewCard } from "./review-card";
import { TimelineCard } from "./timeline-card";
import { useActs } from "./use-acts";
import { useOrder, useOrderStream, useRefresh } from "./use-order";

const ActDialog = lazy(() => import("./act-dialog"));
const AmendDialog = lazy(() => import("./amend-dialog"));
const HoldDialog = lazy(() => import("./hold-dialog"));
const ContractDialog = lazy(() => import("./contract-dialog"));
const RawDrawer = lazy(() => import("./raw-drawer"));
const EraseDialog = lazy(() => import("./erase-dialog"));
const OverrideDialog = lazy(() => import("./override-dialog"));
const TrialDrawer = lazy(() => import("./trial-drawer"));

const TABS = ["progress", "decision", "goods", "promises", "evidence"] as const;
export type Opened = "raw" | "erase" | "trial" | "amend" | null;

/** 订单详情: where it stands, what may be done, why this warehouse, what was promised. */
export default function Order() {
  const { id = "" } = useParams();
  return <Page key={id} id={id} />;
}

function Page({ id }: { id: string }) {
  const { t } = useTranslation("order");
  const [asked, setAsked] = useSearchParams();
  const asks = useOrder(id);
  const mayLinks = useMay("link.read");
  const refresh = useRefresh(id);
  const [dialog, setDialog] = useState<Offer | null>(null);
  const [opened, open] = useState<Opened>(null);
  const [doing, setDoing] = useState<Doable | null>(null);
  const [wanted, override] = useState<OverrideWish | null>(null);
  useOrderStream(id, asks.sheet.data?.seq, refresh);
  const { act } = useActs(id, refresh, setDialog);
  const sheet = asks.sheet.data;
  if (!sheet) {
    if (!asks.sheet.error) return <Skeleton kind="page" />;
    return (
      <>
        <PageHead title={t("none")} back="/orders" />
        <ProblemNote
          problem={asProblem(asks.sheet.error)}
          onRetry={() => void asks.sheet.refetch()}
        />
      </>
    );
  }
  const offers = asks.actions.data?.items ?? [];
  const tab = TABS.find((one) => one === asked.get("tab")) ?? "progress";
  return (
    <div className="order" data-tab={tab}>
      <OrderHead sheet={sheet} offers={offers} onAct={act} onOpen={open} />
      <RefusalLine offers={offers} onAct={act} />
      <Segmented
        className="order-tabs"
        aria-label={t("tabs.label")}
        value={tab}
        options={TABS.map((one) => ({ value: one, label: t(`tabs.${one}`) }))}
        onChange={(next) =>
          setAsked(
            (old) => {
              old.set("tab", next);
              return old;
            },
            { replace: true },
          )
        }
      />
      <div className="order-columns">
        <div className="order-column" data-part="progress">
          <TimelineCard query={asks.timeline} id={id} />
        </div>
        <div className="order-column">
          <div data-part="decision">
            <DecisionCard
              query={asks.decision}
              overrides={asks.overrides.data}
              sheet={sheet}
              onTrial={() => open("trial")}
              onOverride={override}
              onDone={refresh}
            />
          </div>
          <div className="order-column" data-part="goods">
            <GoodsCard sheet={sheet} />
            <ParcelsCard sheet={sheet} offers={offers} onAct={act} onDone={refresh} />
          </div>
        </div>
        <div className="order-column">
          <div className="order-column" data-part="promises">
            <PromisesCard promises={sheet.promises} />
          </div>
          <ReviewCard id={id} onDone={refresh} />
          <AfterSalesCard id={id} parcels={sheet.parcels} onDone={refresh} />
          <CompensationCard id={id} promises={sheet.promises} onDecided={refresh} />
          <RequestsCard
            id={id}
            currency={sheet.currency}
            promises={sheet.promises}
            onDecided={refresh}
          />
          <div className="order-column" data-part="evidence">
            <OriginalsCard id={id} channel={sheet.channel} />
            <EvidenceCard query={asks.proof} id={id} onRaw={() => open("raw")} />
            {mayLinks && <LinksCard id={id} />}
          </div>
          <div className="order-column" data-part="progress">
            <NextCard offers={offers} query={asks.actions} onAct={act} />
            <ContractCard query={asks.doables} onAct={setDoing} />
            <ReceiverCard sheet={sheet} id={id} onSaid={refresh} />
          </div>
        </div>
      </div>
      <Suspense>
        {opened === "amend" && (
          <AmendDialog id={id} sheet={sheet} onClose={() => open(null)} onDone={refresh} />
        )}
        {dialog?.event === "hold" && (
          <HoldDialog
            id={id}
            offer={dialog}
            sheet={sheet}
            onClose={() => setDialog(null)}
            onDone={refresh}
          />
        )}
        {dialog && dialog.event !== "hold" && (
          <ActDialog
            key={`${dialog.event} ${dialog.fulfilment}`}
            id={id}
            offer={dialog}
            sheet={sheet}
            onClose={() => setDialog(null)}
            onDone={refresh}
            onTrial={() => open("trial")}
          />
        )}
        {doing && asks.doables.data && (
          <ContractDialog
            key={doing.action}
            id={id}
            doable={doing}
            doables={asks.doables.data}
            onClose={() => setDoing(null)}
            onDone={refresh}
          />
        )}
        {opened === "raw" && <RawDrawer id={id} onClose={() => open(null)} onSaid={refresh} />}
        {opened === "erase" && (
          <EraseDialog id={id} onClose={() => open(null)} onDone={refresh} />
        )}
        {wanted && asks.decision.data?.decision && (
          <OverrideDialog
            id={id}
            wish={wanted}
            sheet={sheet}
            decision={asks.decision.data.decision}
            onClose={() => override(null)}
            onDone={refresh}
          />
        )}
        {opened === "trial" && asks.decision.data?.decision && (
          <TrialDrawer
            id={id}
            sheet={sheet}
            decision={asks.decision.data.decision}
            onClose={() => open(null)}
          />
        )}
      </Suspense>
    </div>
  );
}
