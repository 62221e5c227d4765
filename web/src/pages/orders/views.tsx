import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { App, Button, Checkbox, Input, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ask } from "@/client";
import { count } from "@/format";
import { useConfirm } from "@/parts/confirm";
import type { Layout } from "@/parts/ledger-columns";
import { useNotice } from "@/parts/notice";
import { queries } from "@/queries";
import { useMay } from "@/session";

export interface ViewColumn {
  name: string;
  width: number;
  visible: boolean;
}

/** A saved view: what is asked, in which columns; `version` 0 = shipped. */
export interface View {
  id: string;
  name: string;
  mine: boolean;
  shared: boolean;
  shipped: string;
  roles: readonly string[];
  f: string;
  sort: string;
  columns: readonly ViewColumn[];
  density: string;
  version: number;
  changed_by: string;
}

/** What the page shows now, in a view's terms. */
export interface Shown {
  f: string;
  sort: string;
  columns: readonly ViewColumn[];
}

export const VIEWS_KEY = ["views"];
const COUNTS_MS = 15_000;

/** The views that the person sees, and the one that he begins with. */
export function useViews() {
  return useQuery({
    queryKey: VIEWS_KEY,
    queryFn: () => ask<{ items: View[]; first: string }>("/v1/views"),
  });
}

/** A view's columns as the table's layout. */
export function layoutOf(columns: readonly ViewColumn[]): Layout {
  return {
    order: columns.map((column) => column.name),
    widths: Object.fromEntries(columns.filter((c) => c.width > 0).map((c) => [c.name, c.width])),
    hidden: columns.filter((column) => !column.visible).map((column) => column.name),
    shown: columns.filter((column) => column.visible).map((column) => column.name),
  };
}

/** The table's layout as a view keeps it. */
export function columnsOf(
  keys: readonly { key: string; isExtra?: boolean }[],
  layout: Layout,
): ViewColumn[] {
  const place = new Map((layout.order ?? []).map((key, at) => [key, at]));
  return [...keys]
    .sort((a, b) => (place.get(a.key) ?? 99) - (place.get(b.key) ?? 99))
    .map(({ key, isExtra }) => ({
      name: key,
      width: Math.round(layout.widths?.[key] ?? 0),
      visible: isExtra
        ? (layout.shown?.includes(key) ?? false)
        : !(layout.hidden?.includes(key) ?? false),
    }));
}

interface Props {
  views: readonly View[];
  view: View;
  shown: Shown;
  isChanged: boolean;
  onPick: (view: View) => void;
}

/** The views as tabs with live counts; changes are kept, kept apart, or taken back. */
export function ViewTabs({ views, view, shown, isChanged, onPick }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const { modal } = App.useApp();
  const notice = useNotice();
  const confirm = useConfirm();
  const mayShare = useMay("view.share");
  const counts = useQuery({
    queryKey: [...VIEWS_KEY, "counts"],
    queryFn: () => ask<{ items: { id: string; count: number; exact: boolean }[] }>("/v1/views/counts"),
    refetchInterval: COUNTS_MS,
  });
  const counted = new Map(counts.data?.items.map((one) => [one.id, one]));
  const change = useMutation({
    mutationFn: async (act: () => Promise<string>) => act(),
    onSuccess: async (said) => {
      await queries.invalidateQueries({ queryKey: VIEWS_KEY });
      if (said) notice.done(said);
    },
    onError: (error) => notice.failed(error),
  });
  const nameOf = (one: View) => one.name || t(`views.${one.id}`);
  const body = { ...shown, density: "" };

  const save = () =>
    change.mutate(async () => {
      const json = {
        ...body,
        name: nameOf(view),
        shared: view.shared,
        roles: view.roles,
        shipped: view.shipped,
        version: view.version,
      };
      await ask(`/v1/views/${view.id}`, { method: "PUT", json });
      return t("viewSaved", { name: nameOf(view) });
    });

  function saveAs() {
    modal.confirm({
      title: t("saveAs"),
      icon: null,
      okText: t("saveView"),
      cancelText: t("common:acts.back"),
      content: <NewView mayShare={mayShare} onChange={(next) => Object.assign(wanted, next)} />,
      onOk: async () => {
        if (!wanted.name.trim()) return Promise.reject(new Error("no name"));
        const made = await ask<View>("/v1/views", {
          method: "POST",
          json: { ...body, name: wanted.name.trim(), shared: wanted.shared },
        });
        await queries.invalidateQueries({ queryKey: VIEWS_KEY });
        onPick(made);
        notice.done(t("viewSaved", { name: made.name }));
      },
    });
    const wanted = { name: "", shared: false };
  }

  const drop = () =>
    change.mutate(async () => {
      const isMeant = await confirm({
        title: t("dropAsk", { name: nameOf(view) }),
        act: t("dropIt", { name: nameOf(view) }),
        isDanger: true,
      });
      if (!isMeant) return "";
      await ask(`/v1/views/${view.id}`, { method: "DELETE" });
      const first = views.find((one) => one.id !== view.id);
      if (first) onPick(first);
      return t("dropped", { name: nameOf(view) });
    });

  const isOwn = view.version > 0 && (view.mine || (view.shared && mayShare));
  return (
    <Tabs
      className="orders-views"
      activeKey={view.id}
      onChange={(id) => {
        const picked = views.find((one) => one.id === id);
        if (picked) onPick(picked);
      }}
      items={views.map((one) => {
        const told = counted.get(one.id);
        return {
          key: one.id,
          label: (
            <>
              {nameOf(one)}{" "}
              <small>{told && `${told.exact ? "" : t("about")}${count(told.count)}`}</small>
            </>
          ),
        };
      })}
      tabBarExtraContent={
        <span className="orders-view-acts">
          {isChanged && <span className="note">{t("unsaved")}</span>}
          {isChanged && isOwn && (
            <Button size="small" onClick={save}>
              {t("saveView")}
            </Button>
          )}
          {isChanged && (
            <Button size="small" onClick={() => onPick(view)}>
              {t("revert")}
            </Button>
          )}
          {isOwn && !isChanged && (
            <Button size="small" type="text" onClick={drop}>
              {t("drop")}
            </Button>
          )}
          <Button size="small" type="link" icon={<PlusOutlined />} onClick={saveAs}>
            {t("saveAs")}
          </Button>
        </span>
      }
    />
  );
}

interface NewViewProps {
  mayShare: boolean;
  onChange: (next: { name?: string; shared?: boolean }) => void;
}

function NewView({ mayShare, onChange }: NewViewProps) {
  const { t } = useTranslation("orders");
  const [shared, setShared] = useState(false);
  return (
    <div className="orders-new-view">
      <Input
        autoFocus
        maxLength={60}
        aria-label={t("viewName")}
        placeholder={t("viewName")}
        onChange={(event) => onChange({ name: event.target.value })}
      />
      {mayShare && (
        <Checkbox
          checked={shared}
          onChange={(event) => {
            setShared(event.target.checked);
            onChange({ shared: event.target.checked });
          }}
        >
          {t("shareView")}
        </Checkbox>
      )}
    </div>
  );
}
