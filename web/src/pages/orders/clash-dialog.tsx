import { Button, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { near } from "@/format";
import { useFilterWords } from "@/parts/filter-words";
import { readFilters } from "@/parts/filters";
import { useFields } from "./fields";
import type { Clash } from "./use-views";
import { useWords } from "./use-words";

interface Props {
  clash: Clash;
  onTheirs: () => void;
  onMine: () => void;
  onClose: () => void;
}

/** Two people changed one view: both versions side by side, and which of them is to stay. */
export default function ClashDialog({ clash, onTheirs, onMine, onClose }: Props) {
  const { t } = useTranslation(["orders", "common"]);
  const fields = useFields(useWords().data);
  const words = useFilterWords();
  const { now, yours } = clash;
  const said = (f: string) =>
    readFilters(f)
      .map((one) => {
        const field = fields.find((each) => each.key === one.field);
        return field ? `${field.label} ${words(field, one)}` : one.field;
      })
      .join(t("comma")) || t("everything");
  const listed = (columns: readonly { name: string; visible?: boolean }[]) =>
    columns
      .filter((one) => one.visible ?? true)
      .map((one) => t(`columns.${one.name}`))
      .join(t("comma"));
  const rows: [string, string, string][] = [
    [t("viewName"), now.name, yours.name],
    [t("conditions"), said(now.f), said(yours.f ?? "")],
    [t("common:table.columns"), listed(now.columns), listed(yours.columns ?? [])],
  ];
  return (
    <Modal
      open
      width={640}
      title={t("clash", { who: now.changed_by, at: near(now.changed) })}
      onCancel={onClose}
      footer={
        <div className="orders-buttons">
          <Button onClick={onTheirs}>{t("takeTheirs")}</Button>
          <Button type="primary" onClick={onMine}>
            {t("takeMine")}
          </Button>
        </div>
      }
    >
      <table className="orders-clash">
        <caption className="visually-hidden">{t("clashBoth")}</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">{t("theirs")}</th>
            <th scope="col">{t("mine")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([what, theirs, mine]) => (
            <tr key={what} data-differs={theirs !== mine}>
              <th scope="row">{what}</th>
              <td>{theirs}</td>
              <td>{mine}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
