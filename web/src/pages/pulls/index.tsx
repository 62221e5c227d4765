import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Dropdown, Space } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { PulledShops, PullPlatform, PullTrial, Shop } from "@/api/types.gen";
import { ask } from "@/client";
import { count, near } from "@/format";
import { PageHead } from "@/frame/page-head";
import { byLocale } from "@/i18n";
import { useConfirm } from "@/parts/confirm";
import type { Column } from "@/parts/ledger-columns";
import { LedgerTable } from "@/parts/ledger-table";
import { useNotice } from "@/parts/notice";
import { type Tone, ToneTag } from "@/parts/status-tag";
import { useProven } from "@/parts/step-up";
import { query } from "@/parts/use-asked";
import { asProblem } from "@/problem";
import { queries } from "@/queries";
import { Coverage } from "./coverage";
import { asKept, keyOf, PULLS, PULLS_KEY, type Standing, standingOf } from "./model";
import { ShopForm } from "./shop-form";
import { TrialNote } from "./trial-note";
import "./pulls.css";

const REST_MS = 10_000;
const SOON_MS = 1_000;
const TONES: Record<Standing, Tone> = { on: "kept", numbers: "primary", troubled: "broken", resting: "excused" };
const NONE: readonly Shop[] = [];

/** 店铺拉单: the shops whose platform lists their orders, how far that was compared, what is wrong. */
export default function Pulls() {
  const { t } = useTranslation("pulls");
  const [edited, setEdited] = useState<Shop | "new" | null>(null);
  const [picked, pick] = useState("");
  const list = useQuery({
    queryKey: PULLS_KEY,
    queryFn: ({ signal }) => ask<PulledShops>(PULLS, { signal }),
    refetchInterval: (kept) =>
      kept.state.data?.items.some((one) => one.is_on && one.adapter && !one.asked) ? SOON_MS : REST_MS,
  });
  const acts = useShopActs();
  const items = list.data?.items ?? NONE;
  const shop =
    items.find((one) => keyOf(one) === picked) ??
    items.find((one) => standingOf(one) === "troubled") ??
    items.find((one) => one.adapter) ??
    items[0];
  const ailing = items.filter((one) => standingOf(one) === "troubled").length;
  const columns = useColumns(list.data?.platforms ?? [], (one) => (
    <ShopActs shop={one} acts={acts} onEdit={() => setEdited(one)} />
  ));
  const trial = acts.trial && shop && acts.trial.key === keyOf(shop) ? acts.trial.told : undefined;
  return (
    <>
      <PageHead
        fact={list.data && t(ailing ? "factAiling" : "fact", { n: items.length, ailing })}
        actions={
          <>
            <Link to="/channels">{t("toChannels")}</Link>
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
              {t("connect")}
            </Button>
          </>
        }
      />
      <div className="pulls">
        <LedgerTable<Shop>
          caption={t("caption")}
          columns={columns}
          rows={items}
          keyOf={keyOf}
          nameOf={(one) => one.shop}
          total={list.data?.items.length}
          isLoading={list.isLoading}
          problem={list.error ? asProblem(list.error) : null}
          onRetry={() => void list.refetch()}
          onOpen={(one) => pick(keyOf(one))}
          peeked={shop ? keyOf(shop) : ""}
          height_px={Math.min(420, 84 + 40 * Math.max(items.length, 2))}
          empty={t("empty")}
          card={(one) => (
            <div className="pulls-card">
              <button type="button" onClick={() => pick(keyOf(one))}>
                <b>{one.shop}</b> <Standing shop={one} />
                {one.adapter && (
                  <span className="note">{t("uptoNote", { time: near(one.upto) })}</span>
                )}
              </button>
              <ShopActs shop={one} acts={acts} onEdit={() => setEdited(one)} />
            </div>
          )}
        />
        {trial && <TrialNote trial={trial} />}
        {shop?.trouble && (
          <p className="pulls-left" role="status">
            {t("trouble", { trouble: shop.trouble })}
          </p>
        )}
        {shop && <Coverage key={keyOf(shop)} shop={shop} />}
      </div>
      {edited && (
        <ShopForm
          shop={edited === "new" ? null : edited}
          platforms={list.data?.platforms ?? []}
          onClose={() => setEdited(null)}
        />
      )}
    </>
  );
}

function Standing({ shop }: { shop: Shop }) {
  const { t } = useTranslation("pulls");
  const standing = standingOf(shop);
  return <ToneTag tone={TONES[standing]}>{t(`standings.${standing}`)}</ToneTag>;
}

function useColumns(platforms: readonly PullPlatform[], acts: (shop: Shop) => React.ReactNode) {
  const { t } = useTranslation(["pulls", "common"]);
  return useMemo<Column<Shop>[]>(() => {
    const named = new Map(platforms.map((one) => [one.code, byLocale(one.title, one.title_en)]));
    const plain = (key: string, width: number, text: (shop: Shop) => string): Column<Shop> => ({
      key, title: t(`columns.${key}`), width, text, render: text,
    });
    const channel = (one: Shop) =>
      named.get(one.channel) ?? t(`common:channels.${one.channel}`, { defaultValue: one.channel });
    return [
      { ...plain("shop", 190, (one) => one.shop), fixed: true },
      plain("channel", 110, channel),
      {
        ...plain("state", 110, (one) => t(`standings.${standingOf(one)}`)),
        render: (one) => <Standing shop={one} />,
      },
      plain("upto", 140, (one) => (one.adapter && one.upto ? near(one.upto) : "—")),
      plain("asked", 140, (one) => (one.asked ? near(one.asked) : "—")),
      { ...plain("listed", 100, (one) => count(one.listed)), align: "right" },
      plain("every", 90, (one) => (one.adapter ? t("everyS", { n: one.every_s }) : "—")),
      { ...plain("act", 230, () => ""), least: 220, render: acts },
    ];
  }, [t, platforms, acts]);
}

type Acts = ReturnType<typeof useShopActs>;

function ShopActs({ shop, acts, onEdit }: { shop: Shop; acts: Acts; onEdit: () => void }) {
  const { t } = useTranslation("pulls");
  const key = keyOf(shop);
  return (
    <Space size={4}>
      {shop.adapter && (
        <Button size="small" loading={acts.trying === key} onClick={() => acts.tryIt(shop)}>
          {t("try")}
        </Button>
      )}
      <Button size="small" onClick={() => acts.turn(shop)}>
        {t(shop.is_on ? "rest" : "resume")}
      </Button>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            { key: "edit", label: t("change"), onClick: onEdit },
            { key: "drop", label: t("drop"), danger: true, onClick: () => acts.drop(shop) },
          ],
        }}
      >
        <Button size="small" aria-label={t("moreOf", { name: shop.shop })}>
          …
        </Button>
      </Dropdown>
    </Space>
  );
}

/** What is done to a shop that is pulled; each says what it did. */
function useShopActs() {
  const { t } = useTranslation("pulls");
  const notice = useNotice();
  const confirm = useConfirm();
  const proven = useProven();
  const failed = (error: unknown) => notice.failed(error);
  const tried = useMutation({
    mutationFn: async (shop: Shop) => ({
      key: keyOf(shop),
      told: await proven(() =>
        ask<PullTrial>(`${PULLS}/try`, { method: "POST", json: asKept(shop) }),
      ),
    }),
    onError: failed,
  });
  const turned = useMutation({
    mutationFn: ({ channel, shop, is_on }: Shop) =>
      proven(() =>
        ask<PulledShops>(`${PULLS}/turn`, { method: "POST", json: { channel, shop, is_on: !is_on } }),
      ),
    onSuccess: (kept, shop) => {
      if (!kept) return;
      queries.setQueryData(PULLS_KEY, kept);
      notice.done(t(shop.is_on ? "rested" : "resumed", { name: shop.shop }));
    },
    onError: failed,
  });
  const dropped = useMutation({
    mutationFn: async ({ channel, shop }: Shop) => {
      const isMeant = await confirm({
        title: t("dropAsk", { name: shop }),
        text: t("dropNote"),
        act: t("dropIt", { name: shop }),
        isDanger: true,
      });
      if (!isMeant) return false;
      let isDone = false;
      await proven(async () => {
        await ask(`${PULLS}?${query({ channel, shop })}`, { method: "DELETE" });
        isDone = true;
      });
      return isDone;
    },
    onSuccess: (isDone, shop) => {
      if (!isDone) return;
      queries.setQueryData<PulledShops>(PULLS_KEY, (kept) =>
        kept && { ...kept, items: kept.items.filter((one) => keyOf(one) !== keyOf(shop)) },
      );
    },
    onError: failed,
  });
  return {
    tryIt: tried.mutate,
    trying: tried.isPending ? keyOf(tried.variables) : "",
    trial: tried.data,
    turn: turned.mutate,
    drop: dropped.mutate,
  };
}
