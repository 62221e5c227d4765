import { EllipsisOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Dropdown, Tabs } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NewView, SavedView } from "@/api/types.gen";
import { count } from "@/format";
import { useConfirm } from "@/parts/confirm";
import { useNotice } from "@/parts/notice";
import { useMay } from "@/session";
import type { Shown } from "./model";
import { type Clash, isClash, useViewActs, useViewCounts, useViewName } from "./use-views";

const ClashDialog = lazy(() => import("./clash-dialog"));
const ViewDialog = lazy(() => import("./view-dialog"));

interface Props {
  views: readonly SavedView[];
  view: SavedView;
  /** What the page shows now. */
  shown: Shown;
  isChanged: boolean;
  onOpen: (id: string) => void;
  onRevert: () => void;
  onSaved: (view: SavedView) => void;
  onRenamed: (view: SavedView) => void;
}

type Asking = "new" | "copy" | "rename" | null;

/** The views as tabs with their counts; what was changed can be kept, kept apart or taken back. */
export function ViewsBar(props: Props) {
  const { views, view, shown, isChanged, onOpen, onRevert, onSaved, onRenamed } = props;
  const { t } = useTranslation(["orders", "common"]);
  const { done, failed } = useNotice();
  const confirm = useConfirm();
  const name = useViewName();
  const mayShare = useMay("view.share");
  const counts = useViewCounts(views);
  const { create, change, drop } = useViewActs();
  const [asking, askFor] = useState<Asking>(null);
  const [clash, setClash] = useState<Clash | null>(null);
  const isOwn = view.version > 0 && (view.mine || view.shared) && (!view.shared || mayShare);
  const mayKeep = isOwn || view.version === 0;

  const write = async (wanted: Partial<NewView>, version = view.version) => {
    const json = { ...bodyOf(view, name(view)), ...wanted, version };
    const told = await change.mutateAsync({ id: view.id, json });
    if (isClash(told)) setClash(told);
    else {
      // A new name leaves alone what is shown and not kept yet.
      if (wanted.f === undefined) onRenamed(told);
      else onSaved(told);
      done(t("viewSaved", { name: name(told) }));
    }
  };
  const keep = async () => {
    if (view.version > 0) return write(shown);
    // A shipped view is the product's: the person's own stands in its place.
    const made = await create.mutateAsync({
      ...shown,
      name: t(`views.${view.shipped}`),
      shipped: view.shipped,
    });
    done(t("viewSaved", { name: name(made) }));
    onOpen(made.id);
  };
  const finish = async (wanted: Partial<NewView> & { name: string }) => {
    if (asking === "rename") await write(wanted);
    else {
      const base = asking === "new" ? shown : bodyOf(view, "");
      const made = await create.mutateAsync({ ...base, ...wanted, shipped: "" });
      done(t("viewSaved", { name: name(made) }));
      onOpen(made.id);
    }
    askFor(null);
  };
  const forget = async () => {
    const isMeant = await confirm({
      title: t("dropAsk", { name: name(view) }),
      text: view.shared ? t("dropShared") : view.shipped ? t("dropBack") : undefined,
      act: t("dropIt", { name: name(view) }),
      isDanger: true,
    });
    if (!isMeant) return;
    await drop.mutateAsync(view.id);
    done(t("dropped", { name: name(view) }));
    onOpen(view.shipped || "all");
  };
  const items = [
    { key: "copy", label: t("copyView"), run: () => askFor("copy") },
    ...(isOwn
      ? [
          { key: "rename", label: t("editView"), run: () => askFor("rename") },
          { key: "drop", label: t("dropView"), danger: true, run: () => void forget().catch(failed) },
        ]
      : []),
  ];
  return (
    <div className="orders-views">
      <Tabs
        activeKey={view.id}
        onChange={onOpen}
        items={views.map((one) => {
          const told = counts.get(one.id);
          return {
            key: one.id,
            label: (
              <>
                {name(one)}
                {told && (
                  <small>
                    {told.exact ? "" : t("about")}
                    {count(told.count)}
                  </small>
                )}
              </>
            ),
          };
        })}
      />
      <Button type="link" size="small" icon={<PlusOutlined />} onClick={() => askFor("new")}>
        {t("saveAs")}
      </Button>
      <span className="orders-view-state">
        {view.shared && view.version > 0 && (
          <span className="note">{t("sharedBy", { who: view.changed_by })}</span>
        )}
        {isChanged && (
          <>
            <span className="orders-unsaved">{t("unsaved")}</span>
            {mayKeep && (
              <Button
                size="small"
                type="primary"
                ghost
                loading={change.isPending || create.isPending}
                onClick={() => void keep().catch(failed)}
              >
                {t("common:acts.save")}
              </Button>
            )}
            <Button size="small" onClick={onRevert}>
              {t("revert")}
            </Button>
          </>
        )}
        <Dropdown
          trigger={["click"]}
          menu={{
            items: items.map(({ key, label, ...more }) => ({
              key,
              label,
              ...("danger" in more ? { danger: true } : {}),
            })),
            onClick: ({ key }) => items.find((one) => one.key === key)?.run(),
          }}
        >
          <Button size="small" type="text" icon={<EllipsisOutlined />} aria-label={t("viewActs")} />
        </Dropdown>
      </span>
      <Suspense>
        {asking && (
          <ViewDialog
            title={t(asking === "rename" ? "editView" : asking === "copy" ? "copyView" : "saveAs")}
            start={
              asking === "new"
                ? { name: "", shared: false, roles: [] }
                : {
                    name: asking === "copy" ? t("copyOf", { name: name(view) }) : name(view),
                    shared: asking === "rename" && view.shared,
                    roles: asking === "rename" ? view.roles : [],
                  }
            }
            onClose={() => askFor(null)}
            onSave={finish}
          />
        )}
        {clash && (
          <ClashDialog
            clash={clash}
            onTheirs={() => {
              const { now } = clash;
              setClash(null);
              onSaved(now);
            }}
            onMine={() => {
              const { yours, now } = clash;
              setClash(null);
              void write({ ...yours }, now.version).catch(failed);
            }}
            onClose={() => setClash(null)}
          />
        )}
      </Suspense>
    </div>
  );
}

/** A view as it is written. */
function bodyOf(view: SavedView, called: string): NewView {
  const { f, sort, columns, density, shared, shipped, roles } = view;
  return {
    name: called,
    f,
    columns,
    shared,
    shipped,
    sort,
    density,
    roles: roles as NonNullable<NewView["roles"]>,
  };
}
