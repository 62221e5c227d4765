import { CheckOutlined, FireOutlined, FlagOutlined } from "@ant-design/icons";
import { Button, Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { HealthBoard, HealthRow } from "@/api/types.gen";
import { count, decimal } from "@/format";
import { Card } from "@/parts/card";
import { type SmallColumn, SmallTable } from "@/parts/small-table";
import { useAsked } from "@/parts/use-asked";
import { isAiling, took } from "./model";

const PAGES: Record<string, string> = {
  connector: "/connectors",
  webhook: "/events",
  channel: "/channels",
  feed: "/signals",
  alert: "/settings/notices",
};

interface Props {
  board: HealthBoard;
  onMaintain: ((scope: string) => void) | undefined;
}

/** Each capability, room and far side with 30 cells of two minutes. */
export function Rows({ board, onMaintain }: Props) {
  const { t } = useTranslation("health-board");
  const { asked, ask } = useAsked();
  const isOnly = asked("only") === "ailing";
  const showsRooms = asked("rooms") === "all";
  const ailing = board.rows.filter(isAiling);
  const rows = isOnly ? ailing : board.rows.filter((row) => showsRooms || row.kind !== "room" || isAiling(row));
  const units = (unit: string) => t(`units.${unit}`);
  const columns: SmallColumn<HealthRow>[] = [
    { key: "name", title: t("columns.name"), render: (row) => <Name row={row} /> },
    { key: "nodes", title: t("columns.nodes"), isNumber: true, render: (row) => (row.nodes ? count(row.nodes) : "—") },
    { key: "cells", title: t("columns.cells"), render: (row) => <Cells row={row} /> },
    {
      key: "availability",
      title: t("columns.availability"),
      isNumber: true,
      render: (row) => (
        <span data-bad={(row.availability ?? 100) < 99}>{percent(row.availability)}</span>
      ),
    },
    { key: "p50", title: t("columns.p50"), isNumber: true, render: (row) => took(row.p50_us, units) },
    { key: "p99", title: t("columns.p99"), isNumber: true, render: (row) => took(row.p99_us, units) },
    { key: "errors", title: t("columns.errors"), isNumber: true, render: (row) => percent(row.errors) },
    { key: "busy", title: t("columns.busy"), isNumber: true, render: (row) => percent(row.busy, 1) },
    { key: "backlog", title: t("columns.backlog"), isNumber: true, render: (row) => count(row.backlog) },
    { key: "state", title: t("columns.state"), render: (row) => <State row={row} /> },
    {
      key: "act",
      title: t("columns.act"),
      render: (row) => <Act row={row} onMaintain={onMaintain} />,
    },
  ];
  return (
    <Card
      title={t("rows")}
      note={t("rowsNote", { n: count(rows.length) })}
      isFlush
      extra={
        <span className="health-filter">
          <Checkbox checked={isOnly} onChange={(e) => ask({ only: e.target.checked ? "ailing" : "" })}>
            {t("onlyAiling", { n: count(ailing.length) })}
          </Checkbox>
          <Checkbox checked={showsRooms} onChange={(e) => ask({ rooms: e.target.checked ? "all" : "" })}>
            {t("allRooms")}
          </Checkbox>
          {board.dead > 0 && <Link to="/events">{t("dead", { n: count(board.dead) })}</Link>}
        </span>
      }
    >
      <div className="health-rows">
        <SmallTable
          caption={t("rows")}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.subject}
          empty={t(isOnly ? "noneAiling" : "noRows")}
        />
      </div>
    </Card>
  );
}

function percent(value: number | null | undefined, digits = 2) {
  return value === null || value === undefined ? "—" : `${decimal(value, digits)}%`;
}

function Name({ row }: { row: HealthRow }) {
  const { t } = useTranslation("health-board");
  const name =
    row.kind === "capability"
      ? t(`capabilities.${row.name}`)
      : row.kind === "room"
        ? t(`rooms.${row.name}`, { defaultValue: row.name })
        : row.kind === "channel"
          ? t(`common:channels.${row.name}`, { defaultValue: row.name })
          : row.kind === "errand"
            ? t(`errands.${row.name}`)
            : row.name;
  if (row.kind === "capability") return <b>{name}</b>;
  return (
    <span title={row.trouble || undefined}>
      <b>
        {t(`kinds.${row.kind}`)} · {name}
      </b>
    </span>
  );
}

const LOOKS = ["none", "well", "limited", "failing"] as const;

function Cells({ row }: { row: HealthRow }) {
  const { t } = useTranslation("health-board");
  const n = (look: number) => row.cells.filter((cell) => cell === look).length;
  const label = t("cells", { well: n(1), limited: n(2), failing: n(3), none: n(0) });
  return (
    <span className="health-cells" role="img" aria-label={label} title={label}>
      {row.cells.map((cell, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
        <i key={at} data-look={LOOKS[cell]} />
      ))}
    </span>
  );
}

function State({ row }: { row: HealthRow }) {
  const { t } = useTranslation("health-board");
  const word = t(`states.${row.state}`);
  if (row.state === "normal") {
    return (
      <span className="health-well">
        <CheckOutlined /> {word}
      </span>
    );
  }
  if (row.state === "silent") return <span className="note">{word}</span>;
  const isRed = row.state !== "limited";
  return (
    <span className="status" data-tone={isRed ? "broken" : "risk"} data-outline="tint">
      {isRed ? <FireOutlined /> : <FlagOutlined />}
      <span>{word}</span>
    </span>
  );
}

function Act({ row, onMaintain }: { row: HealthRow; onMaintain: Props["onMaintain"] }) {
  const { t } = useTranslation("health-board");
  const page = PAGES[row.kind];
  const mayPause = onMaintain && (row.kind === "connector" || row.kind === "webhook");
  return (
    <span className="health-acts">
      {page && <Link to={page}>{t("details")}</Link>}
      {mayPause && isAiling(row) && (
        <Button size="small" onClick={() => onMaintain(row.subject)}>
          {t("maintain")}
        </Button>
      )}
    </span>
  );
}
