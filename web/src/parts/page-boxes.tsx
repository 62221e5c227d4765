import {
  LeftOutlined,
  RightOutlined,
  RotateRightOutlined,
  ZoomInOutlined,
  ZoomOutOutlined,
} from "@ant-design/icons";
import { Button, Tooltip } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type PageBox, type PageImage, pointsOf, surenessOf, turnsOf } from "./box-places";
import "./page-boxes.css";

const ZOOMS = [1, 1.5, 2, 3] as const;

interface PageBoxesProps {
  title: string;
  pages: readonly PageImage[];
  boxes: readonly PageBox[];
  /** Path of the field that is looked at, "" for none. */
  active: string;
  onHover: (path: string) => void;
  /** Boxes are buttons when they can be chosen. */
  onPick?: (path: string) => void;
}

/** A page with boxes over what was read, coloured by how sure it is; a label on the active one. */
export function PageBoxes({ title, pages, boxes, active, onHover, onPick }: PageBoxesProps) {
  const { t } = useTranslation("documents");
  const held = boxes.find((box) => box.path === active);
  const [chosen, setChosen] = useState(0);
  const [seen, setSeen] = useState(active);
  const [zoom, setZoom] = useState(0);
  const [turned, setTurned] = useState<number | null>(null);
  if (active !== seen) {
    setSeen(active);
    if (held) setChosen(held.page ?? 0);
  }
  const number = Math.min(chosen, pages.length - 1);
  const page = pages[number];
  if (!page) return <p className="muted">{t("boxes.none")}</p>;
  const here = boxes.filter((box) => (box.page ?? 0) === number && box.box.length === 8);
  const turns = turned ?? turnsOf(here);
  const isAcross = turns % 2 === 1;
  const shape = isAcross ? page.height / page.width : page.width / page.height;
  return (
    <div className="page-boxes">
      <div className="page-boxes-bar">
        {pages.length > 1 && (
          <>
            <Step name={t("boxes.previous")} icon={<LeftOutlined />} act={number > 0 ? () => setChosen(number - 1) : null} />
            <span className="note">{t("boxes.page", { page: number + 1, pages: pages.length })}</span>
            <Step
              name={t("boxes.next")}
              icon={<RightOutlined />}
              act={number < pages.length - 1 ? () => setChosen(number + 1) : null}
            />
          </>
        )}
        <Step name={t("boxes.smaller")} icon={<ZoomOutOutlined />} act={zoom > 0 ? () => setZoom(zoom - 1) : null} />
        <Step name={t("boxes.larger")} icon={<ZoomInOutlined />} act={zoom < ZOOMS.length - 1 ? () => setZoom(zoom + 1) : null} />
        <Step name={t("boxes.turn")} icon={<RotateRightOutlined />} act={() => setTurned((turns + 1) % 4)} />
      </div>
      <div className="page-boxes-stage" tabIndex={0} role="region" aria-label={title}>
        <div
          className="page-boxes-page"
          style={{ width: `${(ZOOMS[zoom] ?? 1) * 100}%`, aspectRatio: String(shape) }}
        >
          <div
            className="page-boxes-sheet"
            style={{
              width: isAcross ? `${(100 * page.width) / page.height}%` : "100%",
              transform: `translate(-50%, -50%) rotate(${turns * 90}deg)`,
            }}
          >
            <img src={page.src} alt={title} width={page.width} height={page.height} />
            <svg viewBox={`0 0 ${page.width} ${page.height}`} aria-hidden={!onPick}>
              {here.map((box) => (
                <polygon
                  key={box.path}
                  points={pointsOf(box.box)}
                  className={`${surenessOf(box.confidence)}${box.path === active ? " active" : ""}`}
                  onMouseEnter={() => onHover(box.path)}
                  onMouseLeave={() => onHover("")}
                  {...(onPick && {
                    role: "button",
                    tabIndex: 0,
                    "aria-label": box.label,
                    onClick: () => onPick(box.path),
                    onKeyDown: (event: React.KeyboardEvent) => event.key === "Enter" && onPick(box.path),
                  })}
                />
              ))}
            </svg>
            {held && (held.page ?? 0) === number && held.box.length === 8 && (
              <Label box={held} page={page} turns={turns} />
            )}
          </div>
        </div>
      </div>
    </div>
  );
}

function Step(props: { name: string; icon: React.ReactNode; act: (() => void) | null }) {
  return (
    <Tooltip title={props.name}>
      <Button
        size="small"
        aria-label={props.name}
        icon={props.icon}
        disabled={!props.act}
        onClick={() => props.act?.()}
      />
    </Tooltip>
  );
}

function Label({ box, page, turns }: { box: PageBox; page: PageImage; turns: number }) {
  const [x = 0, y = 0] = box.box;
  return (
    <span
      className={`page-boxes-label ${surenessOf(box.confidence)}`}
      style={{
        left: `${(100 * x) / page.width}%`,
        top: `${(100 * y) / page.height}%`,
        transform: `rotate(${-turns * 90}deg) translateY(-100%)`,
      }}
    >
      {box.label}
    </span>
  );
}
