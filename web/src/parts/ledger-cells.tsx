import { SortAscendingOutlined, SortDescendingOutlined } from "@ant-design/icons";
import type { CSSProperties, HTMLAttributes, PointerEvent, ThHTMLAttributes } from "react";
import { useTranslation } from "react-i18next";
import { type Sort, WIDTH_MIN_PX } from "./ledger-columns";

/** antd draws the body of a virtual table with plain boxes: these give them back their roles. */
export function BodyRow(props: HTMLAttributes<HTMLDivElement>) {
  return <div role="row" {...props} />;
}

export function BodyCell(props: HTMLAttributes<HTMLDivElement>) {
  return <div role="gridcell" {...props} />;
}

export function HeadTable(props: HTMLAttributes<HTMLTableElement>) {
  return <table role="presentation" {...props} />;
}

export function HeadWrapper(props: HTMLAttributes<HTMLTableSectionElement>) {
  return <thead role="rowgroup" {...props} />;
}

export function HeadRow(props: HTMLAttributes<HTMLTableRowElement>) {
  return <tr role="row" {...props} />;
}

interface HeadProps extends ThHTMLAttributes<HTMLTableCellElement> {
  name?: string;
  width_px?: number;
  onWiden?: (width_px: number) => void;
  style?: CSSProperties;
}

const STEP_PX = 16;

/** A heading with a handle at its right edge: dragged, or moved by arrow keys. */
export function HeadCell({ name, width_px, onWiden, children, ...rest }: HeadProps) {
  const { t } = useTranslation();
  const grab = (event: PointerEvent<HTMLSpanElement>) => {
    if (!onWiden || width_px === undefined) return;
    event.preventDefault();
    const handle = event.currentTarget;
    const start = event.clientX;
    handle.setPointerCapture(event.pointerId);
    const drag = (moved: globalThis.PointerEvent) => onWiden(width_px + moved.clientX - start);
    const drop = () => {
      handle.removeEventListener("pointermove", drag);
      handle.removeEventListener("pointerup", drop);
    };
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("pointerup", drop);
  };
  return (
    <th role="columnheader" {...rest}>
      {children}
      {onWiden && width_px !== undefined && (
        <span
          role="separator"
          tabIndex={0}
          className="th-handle"
          aria-orientation="vertical"
          aria-label={t("table.resize", { column: name })}
          aria-valuenow={width_px}
          aria-valuemin={WIDTH_MIN_PX}
          onPointerDown={grab}
          onKeyDown={(event) => {
            const step = { ArrowLeft: -STEP_PX, ArrowRight: STEP_PX }[event.key];
            if (!step) return;
            event.preventDefault();
            onWiden(width_px + step);
          }}
        />
      )}
    </th>
  );
}

/** The heading's words; a sortable one is a button that turns its order. */
export function Heading({
  title,
  isSortable,
  sort,
  onSort,
  name,
}: {
  title: string;
  name: string;
  isSortable: boolean;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}) {
  const { t } = useTranslation();
  if (!isSortable || !onSort) return <>{title}</>;
  const isOn = sort?.key === name;
  const Icon = isOn && sort.descending ? SortDescendingOutlined : SortAscendingOutlined;
  return (
    <button
      type="button"
      className="th-sort"
      data-on={isOn}
      title={
        isOn
          ? t("table.sorted", {
              column: title,
              direction: t(sort.descending ? "table.descend" : "table.ascend"),
            })
          : undefined
      }
      onClick={() => onSort({ key: name, descending: isOn ? !sort.descending : false })}
    >
      {title} <Icon />
    </button>
  );
}

/** A native checkbox whose whole cell is its target. */
export function Tick({
  label,
  isOn,
  isPart,
  onClick,
}: {
  label: string;
  isOn: boolean;
  isPart?: boolean;
  onClick: (withShift: boolean) => void;
}) {
  return (
    <label className="tick" onClick={(event) => event.stopPropagation()}>
      <input
        type="checkbox"
        aria-label={label}
        checked={isOn}
        tabIndex={-1}
        ref={(box) => {
          if (box) box.indeterminate = isPart ?? false;
        }}
        onChange={(event) =>
          onClick(event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey)
        }
      />
    </label>
  );
}
