import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { PerceiverView } from "@/api/types.gen";
import { count, share } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ToneTag } from "@/parts/status-tag";
import { costOfCall, price, standingOf, TONES, WHOLE } from "./model";
import { useKind } from "./words";

interface Props {
  items: readonly PerceiverView[];
  shown: string;
  onOpen: (one: PerceiverView) => void;
}

/** Every service with how it was in the last hour and what it costs today. */
export function ServiceTable({ items, shown, onOpen }: Props) {
  const { t } = useTranslation("modalities");
  const columns = useColumns();
  return (
    <LedgerTable<PerceiverView>
      caption={t("services")}
      columns={columns}
      rows={items}
      keyOf={(one) => one.id}
      nameOf={(one) => one.title}
      total={items.length}
      onOpen={onOpen}
      peeked={shown}
      height_px={Math.min(460, 84 + 40 * Math.max(items.length, 2))}
      empty={t("noServices")}
      card={(one) => (
        <button type="button" className="modalities-card" onClick={() => onOpen(one)}>
          <span>
            <b>{one.title}</b> <StandingTag one={one} />
          </span>
          <span className="note">
            {t(one.health.calls > 0 ? "cardNote" : "cardIdle", {
              answered: answered(one) ?? "—",
              p95: one.health.p95_ms,
              cost: price(one.health.cost_today),
            })}
          </span>
        </button>
      )}
    />
  );
}

export function StandingTag({ one }: { one: PerceiverView }) {
  const { t } = useTranslation("modalities");
  const standing = standingOf(one);
  return <ToneTag tone={TONES[standing]}>{t(`standings.${standing}`)}</ToneTag>;
}

function answered(one: PerceiverView): string | null {
  return one.health.calls > 0 ? share(one.health.answered / WHOLE) : null;
}

function useColumns() {
  const { t } = useTranslation("modalities");
  const kind = useKind();
  return useMemo<Column<PerceiverView>[]>(() => {
    const plain = (
      key: string,
      width: number,
      text: (one: PerceiverView) => string,
    ): Column<PerceiverView> => ({ key, title: t(`columns.${key}`), width, text, render: text });
    const number = (key: string, width: number, text: (one: PerceiverView) => string) => ({
      ...plain(key, width, text),
      align: "right" as const,
    });
    return [
      { ...plain("title", 190, (one) => one.title), fixed: true },
      plain("kind", 80, (one) => kind(one.kind)),
      {
        ...plain("state", 100, (one) => t(`standings.${standingOf(one)}`)),
        render: (one) => <StandingTag one={one} />,
      },
      number("answered", 90, (one) => answered(one) ?? "—"),
      number("p95", 100, (one) => (one.health.calls > 0 ? `${count(one.health.p95_ms)} ms` : "—")),
      number("calls", 90, (one) => count(one.health.calls)),
      number("costCall", 100, (one) => {
        const cost = costOfCall(one);
        return cost === null ? "—" : price(Math.round(cost));
      }),
      number("costToday", 100, (one) => price(one.health.cost_today)),
      number("quota", 130, (one) =>
        one.quota_day > 0 ? `${count(one.health.calls_today)} / ${count(one.quota_day)}` : t("noQuota"),
      ),
      plain("version", 170, (one) => one.version || one.label || "—"),
    ];
  }, [t, kind]);
}
