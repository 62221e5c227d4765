import { RollbackOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConnectorRoute, ConnectorView } from "@/api/types.gen";
import { ask } from "@/client";
import { near } from "@/format";
import { Card } from "@/parts/card";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { Books } from "./books";
import { CanaryForm } from "./canary-form";
import { KEY, mayRollBack, ROUTES } from "./model";
import { Sides } from "./sides";
import { WaysForm } from "./ways-form";
import { scopeWords, titleOf, useCapability, type Words } from "./words";

const TONES: Record<ConnectorRoute["stage"], Tone> = {
  steady: "plain",
  canary: "pend",
  full: "kept",
  rolled_back: "risk",
};

interface Props {
  route: ConnectorRoute;
  desks: readonly ConnectorView[];
}

/** A capability's route: where its calls go, its canary with both sides, the way back. */
export function RouteCard({ route, desks }: Props) {
  const { t } = useTranslation("connectors");
  const capability = useCapability()(route.capability);
  const mayRoute = useMay("connector.route");
  const [form, open] = useState<"ways" | "canary" | "books" | null>(null);
  const act = useRouteActs(route, capability);
  const waiting = desks.find((one) => one.id === route.drains)?.waiting ?? 0;
  const others = desks.filter(
    (one) =>
      one.capability === route.capability &&
      one.state === "on" &&
      !route.ways.some((way) => way.connector === one.id),
  );
  return (
    <Card
      title={t("routeOf", { capability })}
      note={
        <>
          <ToneTag tone={TONES[route.stage]}>{t(`stages.${route.stage}`)}</ToneTag>{" "}
          {t("setBy", { version: route.version, by: byWhom(t, route.by), at: near(route.set_at) })}
        </>
      }
      extra={
        <span className="connectors-acts">
          {mayRoute && mayRollBack(route) && (
            <Button danger icon={<RollbackOutlined />} loading={act.isPending} onClick={() => act.rollBack()}>
              {t("rollBack")}
            </Button>
          )}
          {mayRoute && route.canary && (
            <Button loading={act.isPending} onClick={() => void act.promote(titleOf(desks, route.canary?.candidate ?? ""))}>
              {t("promote")}
            </Button>
          )}
          {mayRoute && (route.canary || others.length > 0) && (
            <Button onClick={() => open("canary")}>{t(route.canary ? "changeShare" : "beginCanary")}</Button>
          )}
          {mayRoute && !route.canary && <Button onClick={() => open("ways")}>{t("editWays")}</Button>}
          <Button onClick={() => open("books")}>{t("books")}</Button>
        </span>
      }
    >
      {route.reason && <p className="note">{t("because", { reason: route.reason })}</p>}
      <ul className="connectors-ways">
        {route.ways.map((way, no) => (
          <li key={no}>
            <span>{scopeWords(t, way.warehouses, way.channels)}</span>
            <b>→ {titleOf(desks, way.connector)}</b>
          </li>
        ))}
      </ul>
      {route.canary && <Sides canary={route.canary} desks={desks} />}
      {route.drains && waiting > 0 && (
        <p className="note">
          {t(route.stage === "rolled_back" ? "leftOver" : "draining", {
            name: titleOf(desks, route.drains),
            n: waiting,
          })}
        </p>
      )}
      {form === "ways" && <WaysForm route={route} desks={desks} onClose={() => open(null)} />}
      {form === "canary" && (
        <CanaryForm route={route} desks={desks} others={others} onClose={() => open(null)} />
      )}
      {form === "books" && <Books capability={route.capability} desks={desks} mayRoute={mayRoute} onClose={() => open(null)} />}
    </Card>
  );
}

function byWhom(t: Words, by: string): string {
  return by === "connectors" ? t("bySystem") : by;
}

function useRouteActs(route: ConnectorRoute, capability: string) {
  const { t } = useTranslation("connectors");
  const notice = useNotice();
  const confirm = useConfirm();
  const sent = useMutation({
    mutationFn: (act: "roll-back" | "promote") =>
      ask(`${ROUTES}/${encodeURIComponent(route.capability)}/${act}`, { method: "POST", json: { reason: "" } }),
    onSuccess: async (_, act) => {
      await queries.invalidateQueries({ queryKey: KEY });
      notice.done(t(act === "promote" ? "promoted" : "rolledBack", { capability }));
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
