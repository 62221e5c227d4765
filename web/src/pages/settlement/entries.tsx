import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Voucher, VoucherPage } from "@/api/types.gen";
import { ask } from "@/client";
import { count, money } from "@/format";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { ToneTag } from "@/parts/status-tag";
import { query } from "@/parts/use-asked";
import { useKeyset } from "@/parts/use-keyset";
import { KEY, useAccountName, usePeriodName } from "./model";

/** The word of vouchers that follow from facts of orders. */
const FACTS = 1;

interface Props {
  /** An account between two days, or a period. */
  asked: Readonly<Record<string, string | number>>;
  /** What may be done with an entry. */
  act?: (voucher: Voucher) => React.ReactNode;
}

/** Entries, each with its lines: whichever is asked for, page by page. */
export function Entries({ asked, act }: Props) {
  const { t } = useTranslation(["settlement", "common"]);
  const list = useKeyset<Voucher, VoucherPage>({
    queryKey: [...KEY, "entries", asked],
    fetch: (cursor, signal) =>
      ask<VoucherPage>(`/v1/settlement/entries?${query({ ...asked, cursor, limit: 50 })}`, { signal }),
  });
  return (
    <>
      {list.problem && <ProblemNote problem={list.problem} onRetry={list.onRetry} />}
      {list.isLoading && <Skeleton kind="rows" rows={4} />}
      {!list.isLoading && list.rows.length === 0 && <p className="note">{t("noEntries")}</p>}
      <ol className="settlement-entries">
        {list.rows.map((one) => (
          <Entry key={one.key} voucher={one} act={act} />
        ))}
      </ol>
      {list.hasMore && (
        <Button onClick={list.onMore} loading={list.isWaiting}>
          {t("more", { n: count(list.rows.length) })}
        </Button>
      )}
    </>
  );
}

/** 凭证: number, day, what it is for, and its lines. */
function Entry({ voucher, act }: { voucher: Voucher; act: Props["act"] }) {
  const { t } = useTranslation(["settlement", "common"]);
  const periodOf = usePeriodName();
  const number = `${t(`words.${voucher.word}`)}-${voucher.no}`;
  return (
    <li>
      <header>
        <b>{number}</b>
        <span>{voucher.day}</span>
        <span>{t(`sources.${voucher.source}`, { defaultValue: voucher.source })}</span>
        <span className="note mono" title={voucher.cause || voucher.key}>
          {voucher.word === FACTS ? t("fact", { no: voucher.key.split("/")[1] }) : ""}
        </span>
        {voucher.belongs > 0 && (
          <ToneTag tone="risk">{t("belongs", { period: periodOf(voucher.belongs) })}</ToneTag>
        )}
        {voucher.reverses && <ToneTag tone="pend">{t("reversal")}</ToneTag>}
        {act?.(voucher)}
      </header>
      <Lines postings={voucher.postings} currency={voucher.currency} caption={number} />
    </li>
  );
}

interface LinesProps {
  postings: Voucher["postings"];
  currency: string;
  caption: string;
}

/** The lines of a voucher, entered or not. */
export function Lines({ postings, currency, caption }: LinesProps) {
  const { t } = useTranslation("settlement");
  const nameOf = useAccountName();
  return (
    <table>
      <caption className="visually-hidden">{caption}</caption>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">{t("columns.account")}</th>
          <th scope="col">{t("columns.order")}</th>
          <th scope="col">{t("columns.debitOf")}</th>
          <th scope="col">{t("columns.creditOf")}</th>
        </tr>
      </thead>
      <tbody>
        {postings.map((one, at) => (
          <tr key={at} data-side={one.debit ? "debit" : "credit"}>
            <td>
              <span className="mono muted">{one.account}</span> {nameOf(one.account)}
            </td>
            <td>
              {one.order ? <Link to={`/orders/${one.order}`}>{t("order")}</Link> : one.shop || "—"}
            </td>
            <td className="num">{one.debit ? money(one.debit, currency) : ""}</td>
            <td className="num">{one.credit ? money(one.credit, currency) : ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
