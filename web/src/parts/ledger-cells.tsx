import { SortAscendingOutlined, SortDescendingOutlined } from "@ant-design/icons";
import type { DragEvent, PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Sort } from "./ledger-columns";

interface HandleProps {
  width_px: number;
  onWiden: (width_px: number) => void;
}

/** The edge of a heading that is dragged; the column list has the same for the keyboard. */
export function Handle({ width_px, onWiden }: HandleProps) {
  const grab = (event: PointerEvent<HTMLSpanElement>) => {
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
  return <span className="ledger-handle" aria-hidden onPointerDown={grab} />;
}

interface HeadingProps {
  title: string;
  name: string;
  isSortable: boolean;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
  /** Another heading was dropped here; absent = this one stays where it is. */
  onMove?: (key: string) => void;
}

const DRAGGED = "application/x-danshu-column";

/** The heading's words; a sortable one is a button that turns its order; both can be dragged. */
export function Heading({ title, name, isSortable, sort, onSort, onMove }: HeadingProps) {
  const drag = onMove && {
    draggable: true,
    onDragStart: (event: DragEvent) => event.dataTransfer.setData(DRAGGED, name),
    onDragOver: (event: DragEvent) => {
      if (event.dataTransfer.types.includes(DRAGGED)) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      onMove(event.dataTransfer.getData(DRAGGED));
    },
  };
  if (!isSortable || !onSort) {
    return (
      <span className="ledger-words ledger-title" {...drag}>
        {title}
      </span>
    );
  }
  const isOn = sort?.key === name;
  const Icon = isOn && sort.descending ? SortDescendingOutlined : SortAscendingOutlined;
  return (
    <button
      type="button"
      className="th-sort"
      data-on={isOn}
      onClick={() => onSort({ key: name, descending: isOn ? !sort.descending : false })}
      {...drag}
    >
      {title} <Icon aria-hidden />
    </button>
  );
}

interface TickProps {
  label: string;
  isOn: boolean;
  isPart?: boolean;
  onClick: (withShift: boolean) => void;
}

/** A native checkbox whose whole cell is its target. */
export function Tick({ label, isOn, isPart, onClick }: TickProps) {
  return (
    <label className="tick">
      <input
        type="checkbox"
        aria-label={label}
        checked={isOn}
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

/** j k 上下 · x 选择 · Enter 打开: what the keys do, under a table. */
export function KeyHints({ hints }: { hints: readonly (readonly [keys: string, word: string])[] }) {
  const { t } = useTranslation();
  return (
    <span className="hints" aria-label={t("frame.keys")}>
      {hints.map(([keys, word]) => (
        <span key={keys}>
          {keys.split(" ").map((key) => (
            <kbd key={key}>{key}</kbd>
          ))}
          {word}
        </span>
      ))}
    </span>
  );
}
