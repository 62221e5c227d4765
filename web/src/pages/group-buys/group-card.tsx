import { Button, Progress } from "antd";
import { useTranslation } from "react-i18next";
import type { GroupBuyType, GroupWatched } from "@/api/types.gen";
import { count, dated, exact, leftWords, money } from "@/format";
import { byLocale } from "@/i18n";
import { useNow } from "@/live/use-live";
import { type Tone, ToneTag } from "@/parts/status-tag";

const TONES: Record<string, Tone> = { open: "primary", formed: "kept", failed: "excused" };
const FULL = 100;

interface Props {
  group: GroupWatched;
  kind: GroupBuyType | undefined;
  onOrders: () => void;
  onClose?: (() => void) | undefined;
}

/** One group: who leads it, how far it is, until when, or what came of it. */
export function GroupCard({ group, kind, onOrders, onClose }: Props) {
  const { t } = useTranslation(["group-buys", "common"]);
  const isOpen = group.state === "open";
  const share = Math.min(FULL, Math.floor((FULL * group.joined) / Math.max(1, group.minimum)));
  return (
    <li className="card group-buys-group" aria-label={t("groupOf", { code: group.code })}>
      <header>
        <h2 className="mono">{group.code}</h2>
        <span className="note">{kind ? byLocale(kind.zh, kind.en) : group.type}</span>
        <span className="card-extra">
          <ToneTag tone={TONES[group.state] ?? "primary"}>{t(`state.${group.state}`)}</ToneTag>
        </span>
      </header>
      <div className="card-body group-buys-body">
        <p>
          {t("leads", { leader: group.leader })}
          <span className="note"> · {[group.place, group.pickup].filter(Boolean).join(" · ")}</span>
        </p>
        <div className="group-buys-progress">
          <Progress
            percent={share}
            showInfo={false}
            size="small"
            status={group.state === "failed" ? "exception" : "normal"}
            aria-label={t("progress", { joined: count(group.joined), minimum: count(group.minimum) })}
          />
          <strong>{t("progress", { joined: count(group.joined), minimum: count(group.minimum) })}</strong>
        </div>
        <p className="note">
          {isOpen
            ? [
                group.needed > 0 ? t("needed", { n: count(group.needed) }) : t("enough"),
                group.waiting > 0 ? t("waiting", { n: count(group.waiting) }) : "",
              ]
                .filter(Boolean)
                .join(" · ")
            : t(`result.${group.state}`, {
                joined: count(group.joined),
                released: count(group.released),
                refunded: money(group.refunded),
                paid: money(group.paid),
              })}
        </p>
        <footer className="group-buys-acts">
          {isOpen ? <Left at={group.closes} /> : <time dateTime={group.decided} title={exact(group.decided)}>{t("decidedAt", { at: dated(group.decided) })}</time>}
          <span className="card-extra">
            <Button size="small" onClick={onOrders}>
              {t("orders", { n: count(group.joined + group.waiting) })}
            </Button>
            {onClose && (
              <Button size="small" onClick={onClose}>
                {t("close")}
              </Button>
            )}
          </span>
        </footer>
      </div>
    </li>
  );
}

/** When it closes; in its last minutes by the second. */
function Left({ at }: { at: string }) {
  const { t } = useTranslation("group-buys");
  const now = useNow(new Date(at).getTime());
  const isOver = new Date(at).getTime() <= now;
  return (
    <time dateTime={at} title={exact(at)}>
      {isOver ? t("settling") : t("closesIn", { left: leftWords(at, now), at: dated(at, now) })}
    </time>
  );
}
