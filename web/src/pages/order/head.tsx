import { InfoCircleOutlined, MoreOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Offer, OrderSheet } from "@/api/types.gen";
import { age, exact, near } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useKeys } from "@/keys/use-keys";
import { useNow } from "@/live/use-live";
import { ToneTag, type Tone } from "@/parts/status-tag";
import { useMay } from "@/session";
import type { Opened } from "./index";
import { Icon } from "./icons";
import type { Act } from "./use-acts";
import { wide } from "./words";

/** Acts that stand in the head when the machine speaks of them; the others are behind ⋮. */
const HEAD = ["hold", "unhold", "reroute", "cancel"] as const;
/** Refusals that only say that the act is past; nothing is to be done about them. */
const PAST = new Set(["not_held", "ended_already", "not_at_reroute", "allocated_already"]);
const ENDED = new Set(["cancelled", "completed", "delivered"]);
const CALLED: Record<string, string> = { hold: "h", unhold: "u" };

/** The offers for the order as a whole. */
export function ofOrder(offers: readonly Offer[]): Offer[] {
  return offers.filter((one) => one.fulfilment === 0);
}

function inHead(offers: readonly Offer[]): Offer[] {
  const whole = ofOrder(offers);
  const shown = HEAD.flatMap((event) => whole.filter((one) => one.event === event));
  return shown.filter(
    (one) => one.state === "allowed" || (one.state === "refused" && !PAST.has(one.code ?? "")),
  );
}

interface Props {
  sheet: OrderSheet;
  offers: readonly Offer[];
  onAct: Act;
  onOpen: (what: Opened) => void;
}

/** Number, state, where it came from, when, and what may be done. */
export function OrderHead({ sheet, offers, onAct, onOpen }: Props) {
  const { t } = useTranslation(["order", "common"]);
  const now = useNow(null);
  const mayAmend = useMay("order.amend") && sheet.kind === "order" && !ENDED.has(sheet.state);
  const primary = ofOrder(offers).find((one) => one.primary);
  const shown = inHead(offers).filter((one) => one !== primary);
  const able = ofOrder(offers).filter((one) => one.state === "allowed");
  useKeys(
    able
      .filter((one) => CALLED[one.event] !== undefined)
      .map((one) => ({ keys: CALLED[one.event] ?? "", label: one.title, run: () => onAct(one) })),
  );
  useKeys(
    primary ? [{ keys: "n", label: primary.title, run: () => onAct(primary) }] : [],
    primary !== undefined,
  );
  return (
    <PageHead
      title={sheet.number}
      isCode
      back="/orders"
      state={
        <>
          <ToneTag tone={toneOf(sheet.state)}>{stateWord(t, sheet)}</ToneTag>
          <ToneTag>{[t(`common:channels.${sheet.channel}`, { defaultValue: sheet.channel_title }), sheet.shop].filter(Boolean).join(" ")}</ToneTag>
          {sheet.flag && <ToneTag>{sheet.flag}</ToneTag>}
        </>
      }
      fact={
        <span title={exact(sheet.placed)}>
          {t("placed", { at: near(sheet.placed, now), age: age(sheet.placed, now) })}
        </span>
      }
      actions={
        <>
          {mayAmend && (
            <Button icon={<Icon name="edit" />} onClick={() => onOpen("amend")}>
              {t("amend")}
            </Button>
          )}
          {shown.map((one) => (
            <OfferButton key={one.event} offer={one} onAct={onAct} />
          ))}
          {primary && (
            <Button
              type="primary"
              icon={<Icon name={primary.icon} />}
              onClick={() => onAct(primary)}
            >
              {primary.title}
            </Button>
          )}
          <MoreMenu
            sheet={sheet}
            offers={able.filter((one) => one !== primary && !shown.includes(one))}
            onAct={onAct}
            onOpen={onOpen}
          />
        </>
      }
    />
  );
}

function stateWord(t: TFunction<["order", "common"]>, sheet: OrderSheet): string {
  return t(`common:stages.${sheet.state}`, { defaultValue: t(`states.${sheet.state}`) });
}

function toneOf(state: string): Tone {
  if (state === "held") return "risk";
  return state === "cancelled" || state === "completed" ? "excused" : "primary";
}

/** An act; what the machine refuses stays, dashed, with its reason. */
function OfferButton({ offer, onAct }: { offer: Offer; onAct: Act }) {
  const { t } = useTranslation("order");
  const isRefused = offer.state === "refused";
  const reason = wide(offer.reason ?? "");
  return (
    <Button
      icon={<Icon name={offer.icon} />}
      type={isRefused ? "dashed" : "default"}
      className={isRefused ? "order-refused" : undefined}
      aria-disabled={isRefused}
      title={isRefused ? reason : undefined}
      aria-label={isRefused ? t("refusedAct", { act: offer.title, reason }) : offer.title}
      onClick={() => !isRefused && onAct(offer)}
    >
      {offer.title}
    </Button>
  );
}

function MoreMenu({ sheet, offers, onAct, onOpen }: Props) {
  const { t } = useTranslation("order");
  const mayErase = useMay("order.erase");
  const isErased = sheet.receiver.erased !== "";
  const items = [
    ...offers.map((one) => ({
      key: one.event,
      icon: <Icon name={one.icon} />,
      label: one.title,
      onClick: () => onAct(one),
    })),
    { type: "divider" as const },
    {
      key: "raw",
      icon: <Icon name="inbox" />,
      label: t("raw.open"),
      onClick: () => onOpen("raw"),
    },
    ...(mayErase && !isErased
      ? [
          {
            key: "erase",
            icon: <Icon name="delete" />,
            danger: true,
            label: t("erase.open"),
            onClick: () => onOpen("erase"),
          },
        ]
      : []),
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <Button icon={<MoreOutlined />} aria-label={t("more")} />
    </Dropdown>
  );
}

/** Why the first refused act of the head is refused, and the way out. */
export function RefusalLine({
  offers,
  onAct,
}: {
  offers: readonly Offer[];
  onAct: Act;
}) {
  const { t } = useTranslation(["order", "common"]);
  const refused = inHead(offers).find((one) => one.state === "refused");
  if (!refused) return null;
  const first = ofOrder(offers).find((one) => one.event === refused.way_event);
  const way = first?.state === "allowed" ? first : undefined;
  const roles = (first?.roles ?? []).map((role) => t(`common:roles.${role}`)).join(t("comma"));
  const others = first?.state === "not_permitted" && roles !== "";
  return (
    <p className="order-reason" data-tone="info" role="status">
      <InfoCircleOutlined />
      <span>
        {t("refused", { act: refused.title, reason: wide(refused.reason ?? "") })}
        {others && t("wayBy", { act: first.title, roles })}
        {!first && refused.way && t("way", { way: wide(refused.way) })}
      </span>
      {way && (
        <button type="button" className="as-link" onClick={() => onAct(way)}>
          {way.title}
        </button>
      )}
    </p>
  );
}
