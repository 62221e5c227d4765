import { type CSSProperties, memo, type MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import { Tick } from "./ledger-cells";
import type { Column } from "./ledger-columns";

/** Where a fixed column stands when the table is scrolled sideways. */
export type Places = ReadonlyMap<string, number>;

interface Props<Row> {
  id: string;
  row: Row;
  name: string;
  index: number;
  top_px: number;
  columns: readonly Column<Row>[];
  places: Places;
  hasTick: boolean;
  isAt: boolean;
  isOn: boolean;
  isPeeked: boolean;
  isChanged: boolean;
  isGone: boolean;
  onTick: (index: number, withShift: boolean) => void;
  onClick: (index: number, event: MouseEvent) => void;
  onAuxClick: (index: number, event: MouseEvent) => void;
}

/** The style of a cell that stays at the left. */
export function fixedAt(left_px: number | undefined): CSSProperties | undefined {
  return left_px === undefined ? undefined : { left: left_px };
}

function LineBody<Row>(props: Props<Row>) {
  const { row, index, columns, places } = props;
  const { t } = useTranslation();
  const state = [
    props.isAt && "at",
    props.isOn && "on",
    props.isPeeked && "peeked",
    props.isChanged && "changed",
    props.isGone && "gone",
  ].filter(Boolean);
  return (
    <div
      role="row"
      id={props.id}
      className="ledger-row"
      data-row={state.join(" ")}
      aria-rowindex={index + 2}
      aria-selected={props.hasTick ? props.isOn : undefined}
      style={{ top: props.top_px }}
      onClick={(event) => props.onClick(index, event)}
      onAuxClick={(event) => props.onAuxClick(index, event)}
    >
      {props.hasTick && (
        <div role="gridcell" className="ledger-cell ledger-tick" data-fixed style={{ left: 0 }}>
          <Tick
            label={t("table.selectRow", { row: props.name })}
            isOn={props.isOn}
            onClick={(withShift) => props.onTick(index, withShift)}
          />
        </div>
      )}
      {columns.map((column) => (
        <div
          key={column.key}
          role="gridcell"
          className="ledger-cell"
          data-align={column.align}
          data-fixed={column.fixed}
          style={fixedAt(places.get(column.key))}
          // Numbers are never cut; words are, and then they have a tooltip.
          title={column.align === "right" ? undefined : column.text(row)}
        >
          <span className="ledger-words">{column.render(row)}</span>
        </div>
      ))}
    </div>
  );
}

/** One row. It is drawn again only when something of it has changed. */
export const Line = memo(LineBody) as typeof LineBody;
