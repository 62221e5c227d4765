import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { ConnectorRoute, ConnectorView } from "@/api/types.gen";
import { count, share } from "@/format";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { ToneTag } from "@/parts/status-tag";
import { PERCENT, standingOf, TONES, WHOLE } from "./model";
import { useCapability } from "./words";

interface Props {
  items: readonly ConnectorView[];
  routes: readonly ConnectorRoute[];
  shown: string;
  onOpen: (one: ConnectorView) => void;
}

/** Every connector with how it was in the last hour. */
export function ConnectorTable({ items, routes, shown, onOpen }: Props) {
  const { t } = useTranslation("connectors");
  const columns = useColumns(routes);
  return (
    <LedgerTable<ConnectorView>
      caption={t("caption")}
      columns={columns}
      rows={items}
      keyOf={(one) => one.id}
      nameOf={(one) => one.title}
      total={items.length}
      onOpen={onOpen}
      peeked={shown}
      height_px={Math.min(460, 84 + 40 * Math.max(items.length, 2))}
      empty={t("empty")}
      card={(one) => (
        <button type="button" className="connectors-card" onClick={() => onOpen(one)}>
          <span>
            <b>{one.title}</b> <Standing one={one} />
          </span>
          <span className="note">
            {t("cardNote", {
              answered: answered(one) ?? t("noCalls"),
              p95: one.health.p95_ms,
              waiting: count(one.waiting),
            })}
          </span>
        </button>
      )}
    />
  );
}

export function Standing({ one }: { one: ConnectorView }) {
  const { t } = useTranslation("connectors");
  const standing = standingOf(one);
  return <ToneTag tone={TONES[standing]}>{t(`standings.${standing}`)}</ToneTag>;
}

function answered(one: ConnectorView): string | null {
  return one.health.calls > 0 ? share(one.health.answered / WHOLE) : null;
}

/** What part of its capability's calls goes to a connector, in words. */
function partOf(one: ConnectorView, routes: readonly ConnectorRoute[]): string {
  const route = routes.find((each) => each.capability === one.capability);
  if (!route) return "—";
  const canary = route.canary;
  if (canary?.candidate === one.id) return `${canary.share / PERCENT}%`;
  if (!route.ways.some((way) => way.connector === one.id)) return "—";
  return canary?.replaces === one.id ? `${100 - canary.share / PERCENT}%` : "100%";
}

function useColumns(routes: readonly ConnectorRoute[]) {
  const { t } = useTranslation("connectors");
  const capability = useCapability();
  return useMemo<Column<ConnectorView>[]>(() => {
    const plain = (key: string, width: number, text: (one: ConnectorView) => string): Column<ConnectorView> => ({
      key, title: t(`columns.${key}`), width, text, render: text,
    });
    const number = (key: string, width: number, text: (one: ConnectorView) => string) => ({
      ...plain(key, width, text), align: "right" as const,
    });
    return [
      { ...plain("title", 200, (one) => one.title), fixed: true },
      plain("capability", 90, (one) => capability(one.capability)),
      {
        ...plain("state", 110, (one) => t(`standings.${standingOf(one)}`)),
        render: (one) => <Standing one={one} />,
      },
      number("part", 90, (one) => partOf(one, routes)),
      number("answered", 100, (one) => answered(one) ?? "—"),
      number("p95", 90, (one) => (one.health.calls > 0 ? `${count(one.health.p95_ms)} ms` : "—")),
      number("calls", 110, (one) => count(one.health.calls)),
      number("waiting", 90, (one) => count(one.waiting)),
      plain("adapter", 150, (one) => one.adapter),
    ];
  }, [t, capability, routes]);
}
