import { DownloadOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { count, dated, exact } from "@/format";
import { useNotice } from "@/parts/notice";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { milliseconds, type Stamped, type StampedBook, TIME_KEY } from "./time";

interface Row extends Stamped {
  half: string;
  signed: number;
}

interface Props {
  books: readonly StampedBook[];
  authorities: number;
}

const DIGESTS: Record<string, string> = { sha256: "SHA-256", sm3: "SM3" };

/** How far each book is stamped, by authority and digest. */
export function Stamps({ books, authorities }: Props) {
  const { t } = useTranslation("time");
  const rows: Row[] = books.flatMap(({ half, signed, stamps }) =>
    stamps.map((stamp) => ({ ...stamp, half, signed })),
  );
  const word = (r: Row) => {
    if (r.trouble) return t(`refusals.${r.trouble}`, { defaultValue: r.trouble });
    return t(r.size === 0 ? "waiting" : r.size < r.signed ? "behind" : "covered");
  };
  const tone = (r: Row): Tone => (r.trouble ? "risk" : r.size < r.signed ? "excused" : "kept");
  const columns: SmallColumn<Row>[] = [
    { key: "book", title: t("columns.book"), render: (r) => <code>{r.half}</code> },
    {
      key: "authority",
      title: t("columns.authority"),
      render: (r) => (
        <span className="time-pair" title={r.signer || r.authority}>
          {hostOf(r.authority)}
          {r.own && <ToneTag tone="risk">{t("own")}</ToneTag>}
        </span>
      ),
    },
    { key: "digest", title: t("columns.digest"), render: (r) => DIGESTS[r.algorithm] },
    {
      key: "state",
      title: t("columns.state"),
      render: (r) => (
        <span title={r.detail || (r.checked && t("checkedBy", { by: r.checked })) || undefined}>
          <ToneTag tone={tone(r)}>{word(r)}</ToneTag>
        </span>
      ),
    },
    {
      key: "size",
      title: t("columns.size"),
      isNumber: true,
      render: (r) => `${r.size ? count(r.size) : "—"} / ${count(r.signed)}`,
    },
    {
      key: "gen",
      title: t("columns.gen"),
      render: (r) => (r.gen ? <span title={exact(r.gen)}>{genWords(r)}</span> : "—"),
    },
    {
      key: "acts",
      title: t("columns.acts"),
      render: (r) =>
        r.size > 0 && (
          <Button size="small" icon={<DownloadOutlined />} href={tokenAt(r)}>
            {t("download")}
          </Button>
        ),
    },
  ];
  return (
    <SmallTable
      caption={t("stamps")}
      columns={columns}
      rows={rows}
      keyOf={(r) => `${r.half} ${r.authority} ${r.algorithm}`}
      empty={t(authorities === 0 ? "noAuthorityNote" : "noTokens")}
    />
  );
}

/** Ask for a token over the newest checkpoint of the newest book. */
export function StampNow({ books }: { books: readonly StampedBook[] }) {
  const { t } = useTranslation("time");
  const mayStamp = useMay("time.stamp");
  const notice = useNotice();
  const asked = useMutation({
    mutationFn: (half: string) =>
      ask<{ size: number }>(`/v1/books/${half}/stamp`, { method: "POST" }),
    onSuccess: async ({ size }) => {
      notice.done(t("asked", { size: count(size) }));
      await queries.invalidateQueries({ queryKey: TIME_KEY });
    },
    onError: (error) => notice.failed(error),
  });
  const newest = books[0];
  if (!mayStamp || !newest?.stamps.some((stamp) => stamp.size < newest.signed)) return null;
  return (
    <Button size="small" loading={asked.isPending} onClick={() => asked.mutate(newest.half)}>
      {t("stamp")}
    </Button>
  );
}

function genWords(row: Row): string {
  const accuracy = row.accuracy_us === null ? "" : ` ±${milliseconds(row.accuracy_us)}`;
  return `${dated(row.gen)}${accuracy}`;
}

function tokenAt(row: Row): string {
  const authority = new URLSearchParams({ authority: row.authority });
  return `/v1/books/${row.half}/tokens/${row.size}/${row.algorithm}?${authority}`;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
