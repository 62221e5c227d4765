import { EditOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { declineOverride } from "@/api/sdk.gen";
import type { MapNode, OrderOverrides, OverrideShown, OverrideWaiting } from "@/api/types.gen";
import { exact, money, near } from "@/format";
import { type Grade, GradeBadge } from "@/parts/grade-badge";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { asProblem } from "@/problem";
import { useMay, useSession } from "@/session";

/** What the dialog opens for: a new choice, or the second signature over one that waits. */
export type OverrideWish = { warehouse: string; isBack: boolean; waiting: OverrideWaiting | null };

interface ButtonProps {
  overrides: OrderOverrides | undefined;
  onOverride: (wish: OverrideWish) => void;
}

/** The way to choose a warehouse against the router, and back. */
export function OverrideButton({ overrides, onOverride }: ButtonProps) {
  const { t } = useTranslation("overrides");
  if (!useMay("routing.override")) return null;
  const holds = overrides?.items.some((one) => one.holds) ?? false;
  const ask = (isBack: boolean) => onOverride({ warehouse: "", isBack, waiting: null });
  return (
    <>
      {holds && (
        <button type="button" className="as-link" onClick={() => ask(true)}>
          {t("back")}
        </button>
      )}
      <button type="button" className="as-link" onClick={() => ask(false)}>
        {t("open")}
      </button>
    </>
  );
}

interface LinesProps {
  id: string;
  overrides: OrderOverrides;
  nodes: readonly MapNode[];
  onOverride: (wish: OverrideWish) => void;
  onDone: () => Promise<void>;
}

/** Who chose the warehouse against the router, why and at what cost; what waits for a second person. */
export function OverrideLines({ id, overrides, nodes, onOverride, onDone }: LinesProps) {
  const newest = overrides.items.find((one) => one.holds) ?? overrides.items[0];
  const names = new Map(nodes.map((node) => [node.code, node.name]));
  const name = (code: string) => names.get(code) ?? code;
  return (
    <>
      {overrides.waiting.map((one) => (
        <Waiting key={one.override} id={id} one={one} name={name} onOverride={onOverride} onDone={onDone} />
      ))}
      {newest && <Holding one={newest} name={name} />}
    </>
  );
}

type Name = (code: string) => string;

/** What a choice costs beside the router's, in words. */
export function moreOf(t: TFunction<"overrides">, more_fen: number): string {
  if (more_fen === 0) return t("same");
  return t(more_fen > 0 ? "more" : "less", { cost: money(Math.abs(more_fen)) });
}

function figures(t: TFunction<"overrides">, one: OverrideShown | OverrideWaiting, name: Name) {
  return {
    by: one.by,
    to: name(one.to),
    more: moreOf(t, one.cost_fen - one.router_fen),
    reason: t(`reasons.${one.reason}`, { defaultValue: one.reason }),
    note: one.note,
  };
}

function Holding({ one, name }: { one: OverrideShown; name: Name }) {
  const { t } = useTranslation("overrides");
  const { t: common } = useTranslation("order");
  const router = one.router.map(name).join(common("comma"));
  return (
    <section className="order-override" data-holds={one.holds}>
      <h3>
        <EditOutlined aria-hidden /> {t(one.holds ? "holds" : "given")}{" "}
        <GradeBadge grade={one.grade as Grade} />
      </h3>
      <p>{t(one.to ? "line" : "lineBack", { ...figures(t, one, name), router })}</p>
      <p className="note" title={exact(one.at)}>
        {[
          t("at", { at: near(one.at) }),
          one.second && t("second", { by: one.second }),
          one.lifted.length > 0 && t("lifts", { rules: one.lifted.join(common("comma")) }),
        ]
          .filter(Boolean)
          .join(common("comma"))}
      </p>
    </section>
  );
}

interface WaitingProps {
  id: string;
  one: OverrideWaiting;
  name: Name;
  onOverride: (wish: OverrideWish) => void;
  onDone: () => Promise<void>;
}

function Waiting({ id, one, name, onOverride, onDone }: WaitingProps) {
  const { t } = useTranslation("overrides");
  const { done } = useNotice();
  const may = useMay("routing.override");
  const { person } = useSession();
  const isOwn = person.number === one.by;
  const drop = useMutation({
    mutationFn: async () => {
      const path = { order_id: id, override_id: one.override };
      await declineOverride({ path, throwOnError: true });
      done(t("declined"));
      await onDone();
    },
  });
  return (
    <section className="order-override" data-waits>
      <p>{t(one.to ? "waiting" : "waitingBack", figures(t, one, name))}</p>
      {may && (
        <div className="order-buttons">
          {!isOwn && (
            <Button
              type="primary"
              size="small"
              onClick={() => onOverride({ warehouse: one.to, isBack: !one.to, waiting: one })}
            >
              {t("confirm")}
            </Button>
          )}
          <Button size="small" loading={drop.isPending} onClick={() => drop.mutate()}>
            {t("decline")}
          </Button>
        </div>
      )}
      {drop.error && <ProblemNote problem={asProblem(drop.error)} />}
    </section>
  );
}
