import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ChannelRow, Overview, PromiseLine } from "@/api/types.gen";
import { count, decimal, share } from "@/format";
import { Card } from "@/parts/card";
import { ShareBar } from "@/parts/share-bar";

const SHOWN = 6;
/** The bars of promises begin here, for nobody promises less; the card's note says so. */
const LOWEST = 0.9;

/** 渠道: what each brought, and how its promises were kept. */
export function ChannelsCard({ board }: { board: Overview }) {
  const { t } = useTranslation(["overview", "common"]);
  const isWeek = board.range === "7d";
  const rows = board.channels;
  const cut = rows.length > SHOWN ? SHOWN - 1 : SHOWN;
  const all = rows.reduce((sum, row) => sum + row.orders, 0);
  const largest = Math.max(1, ...rows.map((row) => row.orders));
  const target = board.figures.promises.target;
  return (
    <Card title={t("channels.title")} note={t(isWeek ? "channels.note7d" : "channels.note")} isFlush>
      {rows.length === 0 ? (
        <p className="board-empty">{t("channels.empty")}</p>
      ) : (
        <table>
          <caption className="visually-hidden">{t("channels.title")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("channels.channel")}</th>
              <th scope="col" className="num">
                {t("channels.orders")}
              </th>
              <th scope="col">{t("channels.share")}</th>
              <th scope="col" className="num">
                {t("channels.kept")}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, cut).map((row) => (
              <tr key={row.channel}>
                <td className="board-name">
                  <Link to={row.link}>{t(`common:channels.${row.channel}`, { defaultValue: row.title })}</Link>
                </td>
                <td className="num">{count(row.orders)}</td>
                <td className="board-bar">
                  <ShareBar
                    share={row.orders / largest}
                    label={t("channels.of", { share: share(all ? row.orders / all : 0, 1) })}
                  />
                </td>
                <td className="num" data-tone={toneOf(row, target)}>
                  {share(row.share, 1)}
                </td>
              </tr>
            ))}
            {rows.length > SHOWN && <Others rows={rows.slice(cut)} largest={largest} all={all} />}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function Others({ rows, largest, all }: { rows: ChannelRow[]; largest: number; all: number }) {
  const { t } = useTranslation(["overview", "common"]);
  const orders = rows.reduce((sum, row) => sum + row.orders, 0);
  const kept = rows.reduce((sum, row) => sum + row.kept, 0);
  const judged = rows.reduce((sum, row) => sum + row.kept + row.broken, 0);
  return (
    <tr>
      <td title={rows
          .map((row) => t(`common:channels.${row.channel}`, { defaultValue: row.title }))
          .join("、")}>
        {t("channels.others", { count: rows.length })}
      </td>
      <td className="num">{count(orders)}</td>
      <td className="board-bar">
        <ShareBar
          share={orders / largest}
          label={t("channels.of", { share: share(all ? orders / all : 0, 1) })}
        />
      </td>
      <td className="num">{share(judged ? kept / judged : null, 1)}</td>
    </tr>
  );
}

const toneOf = (row: ChannelRow | PromiseLine, target: number) =>
  row.share !== null && row.share < target ? "risk" : undefined;

/** 承诺: the share kept of each clause, against its target. */
export function PromisesCard({ board }: { board: Overview }) {
  const { t, i18n } = useTranslation(["overview", "common"]);
  const isWeek = board.range === "7d";
  const target = board.figures.promises.target;
  const scaled = (value: number) => (value - LOWEST) / (1 - LOWEST);
  return (
    <Card
      title={t("clauses.title")}
      note={t("clauses.note", { target: share(target, 0), lowest: decimal(LOWEST * 100, 0) })}
      extra={<Link to="/promises/gaps">{t("clauses.gaps")}</Link>}
      isFlush
    >
      {board.promises.length === 0 ? (
        <p className="board-empty">{t("clauses.empty")}</p>
      ) : (
        <table>
          <caption className="visually-hidden">{t("clauses.title")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("clauses.clause")}</th>
              <th scope="col">
                <span className="visually-hidden">{t("clauses.bar")}</span>
              </th>
              <th scope="col" className="num">
                {t(isWeek ? "clauses.kept7d" : "clauses.kept")}
              </th>
            </tr>
          </thead>
          <tbody>
            {board.promises.slice(0, SHOWN).map((row) => (
              <tr key={row.code}>
                <td className="board-name">
                  <Link to={row.link} title={t("clauses.exact", { ...row })}>
                    {i18n.language === "en" ? row.name_en : row.name_zh}
                  </Link>
                </td>
                <td className="board-bar">
                  {row.share === null ? (
                    <span className="note">{t("clauses.running", { n: count(row.running) })}</span>
                  ) : (
                    <ShareBar
                      share={scaled(row.share)}
                      target={scaled(target)}
                      tone={row.share < target ? "risk" : "kept"}
                      label={t("clauses.of", { share: share(row.share), target: share(target) })}
                    />
                  )}
                </td>
                <td className="num" data-tone={toneOf(row, target)}>
                  {share(row.share)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
