import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Space, Tag } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AlertChannel, AlertChannels, AlertTrial } from "@/api/types.gen";
import { ask } from "@/client";
import { near } from "@/format";
import { PageHead } from "@/frame/page-head";
import { useConfirm } from "@/parts/confirm";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { useProven } from "@/parts/step-up";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { useMay } from "@/session";
import { ChannelForm } from "./channel-form";
import { CHANNELS } from "./paths";

/** 通知: groups and mailboxes that are told of incidents. */
export default function AlertChannelsPage() {
  const { t } = useTranslation("alerts");
  const [edited, setEdited] = useState<AlertChannel | "new" | null>(null);
  const mayWrite = useMay("merchant.write");
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const list = useQuery({
    queryKey: [CHANNELS],
    queryFn: ({ signal }) => ask<AlertChannels>(CHANNELS, { signal }),
  });
  const remove = useMutation({
    mutationFn: async (channel: AlertChannel) => {
      const isMeant = await confirm({
        title: t("removeAsk", { name: channel.name }),
        text: t("removeNote"),
        act: t("removeIt", { name: channel.name }),
        isDanger: true,
      });
      if (!isMeant) return undefined;
      return proven(() => ask<AlertChannels>(`${CHANNELS}/${channel.no}`, { method: "DELETE" }));
    },
    onSuccess: (kept) => kept && queries.setQueryData([CHANNELS], kept),
    onError: (error) => notice.failed(error),
  });
  const tried = useMutation({
    mutationFn: (channel: AlertChannel) =>
      proven(() => ask<AlertTrial>(`${CHANNELS}/${channel.no}/test`, { method: "POST", json: {} })),
    onSuccess: (trial) => {
      if (!trial) return;
      if (trial.trouble) notice.done(t("testFailed", { trouble: trial.trouble }));
      else notice.done(t("testDone"));
    },
    onError: (error) => notice.failed(error),
  });
  const { mutate: mutateRemove } = remove;
  const { mutate: mutateTry, isPending, variables } = tried;
  const columns = useMemo<Column<AlertChannel>[]>(() => {
    const plain = (key: string, width: number, text: (c: AlertChannel) => string): Column<AlertChannel> => ({
      key,
      title: t(`columns.${key}`),
      width,
      text,
      render: text,
    });
    const kind = (c: AlertChannel) => t(`adapters.${c.adapter}`, { defaultValue: c.adapter });
    const state = (c: AlertChannel) => t(c.is_on ? (c.trouble ? "troubled" : "on") : "off");
    return [
      { ...plain("name", 170, (c) => c.name), fixed: true },
      plain("adapter", 130, kind),
      plain("where", 260, (c) => c.where),
      plain("grade", 130, (c) => t(`grades.${c.grade}`)),
      {
        ...plain("state", 110, state),
        render: (c) => (
          <Tag color={!c.is_on ? "default" : c.trouble ? "error" : "success"}>{state(c)}</Tag>
        ),
      },
      plain("waiting", 80, (c) => String(c.waiting)),
      plain("told", 150, (c) => (c.told ? near(c.told) : t("never"))),
      plain("trouble", 220, (c) => c.trouble || "—"),
      ...(mayWrite
        ? [
            {
              ...plain("act", 210, () => ""),
              least: 200,
              render: (c: AlertChannel) => (
                <Space size={4}>
                  <Button
                    size="small"
                    loading={isPending && variables.no === c.no}
                    onClick={() => mutateTry(c)}
                  >
                    {t("test")}
                  </Button>
                  <Button size="small" onClick={() => setEdited(c)}>
                    {t("edit")}
                  </Button>
                  <Button size="small" danger onClick={() => mutateRemove(c)}>
                    {t("remove")}
                  </Button>
                </Space>
              ),
            },
          ]
        : []),
    ];
  }, [t, mayWrite, mutateRemove, mutateTry, isPending, variables]);
  const items = list.data?.items ?? [];
  const ailing = items.filter((c) => c.is_on && c.trouble).length;
  return (
    <>
      <PageHead
        fact={list.data && t(ailing ? "factAiling" : "fact", { n: items.length, ailing })}
        actions={
          mayWrite && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
              {t("add")}
            </Button>
          )
        }
      />
      <LedgerTable
        caption={t("caption")}
        columns={columns}
        rows={items}
        keyOf={(c) => String(c.no)}
        nameOf={(c) => c.name}
        total={list.data?.items.length}
        isLoading={list.isLoading}
        problem={list.error ? asProblem(list.error) : null}
        onRetry={() => void list.refetch()}
        empty={t("empty")}
      />
      {edited && (
        <ChannelForm
          found={edited === "new" ? null : edited}
          adapters={list.data?.adapters ?? []}
          onClose={() => setEdited(null)}
        />
      )}
    </>
  );
}
