import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  ColumnWidthOutlined,
  SettingOutlined,
  VerticalAlignMiddleOutlined,
} from "@ant-design/icons";
import { Button, Popover } from "antd";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { arrange, type Column, isShown, type Layout, move, toggle, widen } from "./ledger-columns";

interface Props<Row> {
  columns: readonly Column<Row>[];
  layout: Layout;
  onLayout: (layout: Layout) => void;
}

const STEP_PX = 24;

/** 列: which columns, in which order. Fixed ones stay first and shown. */
export function ColumnPicker<Row>({ columns, layout, onLayout }: Props<Row>) {
  const { t } = useTranslation();
  const list = (
    <div className="columns">
      <ul>
        {arrange(columns, layout).map((column) => (
          <li key={column.key}>
            <label>
              <input
                type="checkbox"
                checked={isShown(column, layout)}
                disabled={column.fixed ?? false}
                onChange={() => onLayout(toggle(column, layout))}
              />
              {column.title}
            </label>
            <Act word="narrower" column={column} Icon={VerticalAlignMiddleOutlined} isTurned
              onClick={() => onLayout(widen(layout, column.key, column.width - STEP_PX))} />
            <Act word="wider" column={column} Icon={ColumnWidthOutlined}
              onClick={() => onLayout(widen(layout, column.key, column.width + STEP_PX))} />
            <Act word="up" column={column} Icon={ArrowUpOutlined}
              onClick={() => onLayout(move(columns, layout, column.key, -1))} />
            <Act word="down" column={column} Icon={ArrowDownOutlined}
              onClick={() => onLayout(move(columns, layout, column.key, 1))} />
          </li>
        ))}
      </ul>
      <Button size="small" onClick={() => onLayout({})}>
        {t("table.reset")}
      </Button>
    </div>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={list} title={t("table.columns")}>
      <Button icon={<SettingOutlined />}>{t("table.columns")}</Button>
    </Popover>
  );
}

interface ActProps<Row> {
  word: "narrower" | "wider" | "up" | "down";
  column: Column<Row>;
  Icon: ComponentType<{ rotate?: number }>;
  isTurned?: boolean;
  onClick: () => void;
}

function Act<Row>({ word, column, Icon, isTurned, onClick }: ActProps<Row>) {
  const { t } = useTranslation();
  const words = t(`table.${word}`);
  return (
    <Button
      type="text"
      size="small"
      icon={isTurned ? <Icon rotate={90} /> : <Icon />}
      title={words}
      aria-label={`${column.title} ${words}`}
      onClick={onClick}
    />
  );
}
