import {
  DownloadOutlined,
  FileTextOutlined,
  InboxOutlined,
  LockOutlined,
  PictureOutlined,
  SafetyCertificateOutlined,
  SignatureOutlined,
  UserOutlined,
  VideoCameraOutlined,
} from "@ant-design/icons";
import { type UseQueryResult, useMutation } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { verifyOrder } from "@/api/sdk.gen";
import type { EvidenceItem, ProofState } from "@/api/types.gen";
import { bytes, count, digest, near } from "@/format";
import { Card } from "@/parts/card";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

const ICONS: Record<string, ComponentType> = {
  raw: InboxOutlined,
  receiver: UserOutlined,
  photo: PictureOutlined,
  video: VideoCameraOutlined,
  scans: FileTextOutlined,
  signature: SignatureOutlined,
};

interface Props {
  query: UseQueryResult<ProofState, unknown>;
  id: string;
  onRaw: () => void;
}

/** What proves the order: evidence by kind, the log, the seal, the bundle. */
export function EvidenceCard({ query, id, onRaw }: Props) {
  const { t } = useTranslation("order");
  const proof = query.data;
  const mayExport = useMay("order.evidence");
  const verify = useMutation({
    mutationFn: async () => {
      const { data } = await verifyOrder({ path: { order_id: id }, throwOnError: true });
      return data;
    },
  });
  return (
    <Card
      title={t("evidence.title")}
      note={
        proof &&
        t("evidence.note", {
          count: proof.evidence.length,
          sealed: count(proof.sealed),
          facts: count(proof.facts),
        })
      }
    >
      {query.error ? (
        <ProblemNote problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
      ) : !proof ? (
        <Skeleton kind="card" />
      ) : (
        <>
          <ul className="order-evidence">
            {grouped(proof.evidence).map(({ item, times, size }) => (
              <Item
                key={`${item.kind} ${item.fact}`}
                item={item}
                times={times}
                size={size}
                onRaw={onRaw}
              />
            ))}
          </ul>
          <Books proof={proof} />
          <div className="order-buttons">
            {mayExport && (
              <Button
                icon={<DownloadOutlined />}
                href={`/v1/orders/${id}/evidence`}
                disabled={proof.pending > 0}
                title={proof.pending > 0 ? t("evidence.pending") : undefined}
              >
                {t("evidence.bundle")}
              </Button>
            )}
            <Button
              icon={<SafetyCertificateOutlined />}
              loading={verify.isPending}
              onClick={() => verify.mutate()}
            >
              {t("evidence.verify")}
            </Button>
          </div>
          {verify.error && <ProblemNote problem={asProblem(verify.error)} />}
          {verify.data && (
            <Alert
              type={verify.data.passed ? "success" : "error"}
              showIcon
              title={t(verify.data.passed ? "evidence.passed" : "evidence.failed", {
                checks: count(verify.data.checks),
                failed: count(verify.data.failed.length),
              })}
              description={t("evidence.trust")}
            />
          )}
        </>
      )}
    </Card>
  );
}

interface Grouped {
  item: EvidenceItem;
  times: number;
  size: number;
}

/** Pieces of one kind of one fact stand together: 出库照 2 张. */
function grouped(items: readonly EvidenceItem[]): Grouped[] {
  const groups = new Map<string, Grouped>();
  for (const item of items) {
    const key = `${item.fact} ${item.kind}`;
    const known = groups.get(key);
    if (known) {
      known.times += 1;
      known.size += item.size;
    } else groups.set(key, { item, times: 1, size: item.size });
  }
  return [...groups.values()];
}

function Item({ item, times, size, onRaw }: Grouped & { onRaw: () => void }) {
  const { t } = useTranslation("order");
  const Kind = ICONS[item.kind] ?? FileTextOutlined;
  const name = t(`evidence.kinds.${item.kind}`, { defaultValue: item.kind });
  const words = times > 1 ? t("evidence.many", { name, count: times }) : name;
  return (
    <li title={`SHA-256 ${digest(item.digest, Infinity)}`}>
      <Kind />
      {item.kind === "raw" && item.is_kept ? (
        <button type="button" className="as-link" onClick={onRaw}>
          {words}
        </button>
      ) : (
        <span>{words}</span>
      )}
      <span className="note">{item.is_kept ? bytes(size) : t("evidence.erased")}</span>
    </li>
  );
}

function Books({ proof }: { proof: ProofState }) {
  const { t } = useTranslation("order");
  const book = proof.books.at(-1);
  if (!book) return <p className="note">{t("evidence.unsealed")}</p>;
  return (
    <p className="note order-book" title={`${book.origin} ${digest(book.root, Infinity)}`}>
      <LockOutlined />{" "}
      {t("evidence.book", {
        first: count(book.first),
        last: count(book.last),
        size: count(book.size),
        at: near(book.signed),
      })}
    </p>
  );
}
