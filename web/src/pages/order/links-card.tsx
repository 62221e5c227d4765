import { CopyOutlined, LinkOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, QRCode, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LinkSettings } from "@/api/types.gen";
import { ask } from "@/client";
import { count, near } from "@/format";
import { Card } from "@/parts/card";
import { useNotice } from "@/parts/notice";
import { ProblemNote } from "@/parts/problem-note";
import { Skeleton } from "@/parts/skeleton";
import { asProblem } from "@/problem";
import { useMay } from "@/session";

interface Link {
  id: string;
  state: "open" | "expired" | "revoked";
  purpose: string;
  issued: string;
  expires: string;
  viewed: string;
  views: number;
  by: string;
  url: string;
}

const DAYS: readonly number[] = [7, 30, 90, 365];

/** Links by which the customer sees this order's evidence: make, copy, scan, revoke. */
export function LinksCard({ id }: { id: string }) {
  const { t } = useTranslation("links");
  const mayWrite = useMay("link.write");
  const queries = useQueryClient();
  const notice = useNotice();
  const [chosen, setDays] = useState<number>();
  const path = `/v1/orders/${id}/links`;
  const key = ["order-links", id];
  const list = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ask<{ items: readonly Link[] }>(path, { signal }),
  });
  const settings = useQuery({
    queryKey: ["link-settings"],
    queryFn: ({ signal }) => ask<LinkSettings>("/v1/link-settings", { signal }),
    enabled: mayWrite,
  });
  // Without a choice the merchant's setting holds; the hub knows it best.
  const days = chosen ?? settings.data?.days ?? null;
  const offered = [...new Set([...DAYS, ...(settings.data ? [settings.data.days] : [])])].sort(
    (a, b) => a - b,
  );
  const again = () => queries.invalidateQueries({ queryKey: key });
  const make = useMutation({
    mutationFn: () => ask<Link>(path, { method: "POST", json: { days } }),
    onSuccess: again,
    onError: (error) => notice.failed(error),
  });
  const revoke = useMutation({
    mutationFn: (link: Link) => ask(`${path}/${link.id}`, { method: "DELETE" }),
    onSuccess: async (_, link) => {
      if (make.data?.id === link.id) make.reset();
      notice.done(t("revokedSaid"));
      await again();
    },
    onError: (error) => notice.failed(error),
  });
  const items = list.data?.items ?? [];
  const open = items.filter((link) => link.state === "open").length;
  return (
    <Card title={t("title")} note={list.data && t("note", { count: open })}>
      {list.error ? (
        <ProblemNote problem={asProblem(list.error)} onRetry={() => void list.refetch()} />
      ) : !list.data ? (
        <Skeleton kind="card" />
      ) : (
        <>
          {make.data && <Made url={make.data.url} />}
          {items.length === 0 && <p className="muted">{t("none")}</p>}
          <ul className="order-evidence">
            {items.map((link) => (
              <li key={link.id}>
                <LinkOutlined />
                <span title={t("made", { at: near(link.issued), by: link.by })}>
                  {t(`purposes.${link.purpose}`)} ·{" "}
                  {link.state === "open"
                    ? t("until", { at: near(link.expires) })
                    : t(`states.${link.state}`)}
                </span>
                <span className="note" title={link.viewed && t("viewed", { at: near(link.viewed) })}>
                  {t("views", { count: link.views, views: count(link.views) })}
                </span>
                {mayWrite && link.state === "open" && (
                  <Button
                    size="small"
                    loading={revoke.isPending && revoke.variables.id === link.id}
                    onClick={() => revoke.mutate(link)}
                  >
                    {t("revoke")}
                  </Button>
                )}
              </li>
            ))}
          </ul>
          {mayWrite && (
            <div className="order-buttons">
              <Select
                aria-label={t("days")}
                value={days}
                loading={settings.isPending}
                options={offered.map((one) => ({ value: one, label: t("lives", { count: one }) }))}
                onChange={setDays}
              />
              <Button
                icon={<LinkOutlined />}
                loading={make.isPending}
                onClick={() => make.mutate()}
              >
                {t("make")}
              </Button>
            </div>
          )}
        </>
      )}
    </Card>
  );
}

/** The address of a link that was just made: nobody can show it again. */
function Made({ url }: { url: string }) {
  const { t } = useTranslation("links");
  const notice = useNotice();
  return (
    <div className="order-link">
      <QRCode value={url} size={132} type="svg" bordered={false} aria-label={t("qr")} />
      <div>
        <p className="note">{t("once")}</p>
        <Space.Compact block>
          <Input readOnly value={url} aria-label={t("address")} onFocus={(e) => e.target.select()} />
          <Button
            icon={<CopyOutlined />}
            onClick={() => {
              void navigator.clipboard.writeText(url).then(() => notice.done(t("copied")));
            }}
          >
            {t("copy")}
          </Button>
        </Space.Compact>
      </div>
    </div>
  );
}
