import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import {
  EAST,
  GRID_DEGREES,
  NORTH,
  placeLabels,
  project,
  radius,
  settle,
  SOUTH,
  type Spot,
  WEST,
} from "./places";
import { useSize } from "./use-size";

export type NodeKind = "usable" | "candidate" | "chosen" | "limited" | "stopped" | "out";

/** A warehouse on the map. */
export interface MapNode {
  id: string;
  name: string;
  lon: number;
  lat: number;
  kind: NodeKind;
  /** Open orders. */
  size: number;
  /** Words beside it when it is labelled: 苏州高架 ¥18.42. */
  label?: string;
  /** How it stands, instead of the word for its kind. */
  state?: string;
}

interface Props {
  nodes: readonly MapNode[];
  /** Orders that moved, as dashed lines. */
  moves?: readonly { from: string; to: string }[];
  selected?: string | undefined;
  onSelect?: ((id: string) => void) | undefined;
  height_px?: number;
  /** How many of the largest are labelled. */
  labels?: number;
  label: string;
}

const LABELLED: readonly NodeKind[] = ["chosen", "limited", "stopped"];
const WIDTH_PX = 340;
const RADIUS_PX: Partial<Record<NodeKind, number>> = { out: 3, chosen: 9 };

/** Nodes on a graticule: no borders, on purpose. */
export function NodeMap(props: Props) {
  const { nodes, moves = [], selected, onSelect, height_px = 300, labels = 6, label } = props;
  const { t } = useTranslation();
  const box = useRef<HTMLElement>(null);
  const width = useSize(box).width || WIDTH_PX;
  const spots = useMemo(() => spotsOf(nodes, width, height_px), [nodes, width, height_px]);
  const names = useMemo(() => {
    const named = namedNodes(nodes, labels, selected).map((at) => ({
      at,
      spot: spots[at] as Spot,
      words: nodes[at]?.label ?? nodes[at]?.name ?? "",
    }));
    const places = placeLabels(spots, named, width, height_px);
    return named.flatMap((one, index) => {
      const place = places[index];
      return place ? [{ ...one, place }] : [];
    });
  }, [nodes, labels, selected, spots, width, height_px]);
  const spotOf = new Map(nodes.map((node, at) => [node.id, spots[at] as Spot]));
  return (
    <figure className="map" ref={box}>
      <svg viewBox={`0 0 ${width} ${height_px}`} height={height_px} role="img" aria-label={label}>
        <Graticule width={width} height={height_px} />
        {moves.map(({ from, to }) => {
          const a = spotOf.get(from);
          const b = spotOf.get(to);
          if (!a || !b) return null;
          return (
            <line key={`${from} ${to}`} className="map-move" x1={a.x} y1={a.y} x2={b.x} y2={b.y} />
          );
        })}
        {nodes.map((node, at) => {
          const spot = spots[at] as Spot;
          return (
            <g
              key={node.id}
              data-kind={node.kind}
              data-on={node.id === selected}
              transform={`translate(${spot.x.toFixed(1)} ${spot.y.toFixed(1)})`}
              onClick={onSelect ? () => onSelect(node.id) : undefined}
            >
              <title>{`${node.label ?? node.name} · ${node.state ?? t(`nodes.${node.kind}`)}`}</title>
              {onSelect && <circle r={12} className="map-target" />}
              <Mark kind={node.kind} r={spot.r} />
            </g>
          );
        })}
        {names.map(({ at, words, place }) => (
          <text
            key={nodes[at]?.id}
            data-kind={nodes[at]?.kind}
            className="map-label"
            x={place.x}
            y={place.y + 4}
          >
            {words}
          </text>
        ))}
      </svg>
      <figcaption className="note">{t("nodes.note")}</figcaption>
      <NodeList {...props} />
    </figure>
  );
}

/** The same as words; with `onSelect` also for the keyboard. */
function NodeList({ nodes, onSelect }: Props) {
  const { t } = useTranslation();
  return (
    <ul className="visually-hidden">
      {nodes.map((node) => {
        const state = node.state ?? `${t(`nodes.${node.kind}`)} ${node.size}`;
        const words = `${node.label ?? node.name} ${state}`;
        return (
          <li key={node.id}>
            {onSelect ? (
              <button type="button" onClick={() => onSelect(node.id)}>
                {words}
              </button>
            ) : (
              words
            )}
          </li>
        );
      })}
    </ul>
  );
}

function spotsOf(nodes: readonly MapNode[], width: number, height: number): Spot[] {
  const largest = Math.max(0, ...nodes.map((node) => node.size));
  const spots = nodes.map((node) => {
    const [x, y] = project(node.lon, node.lat, width, height);
    return { x, y, r: RADIUS_PX[node.kind] ?? radius(node.size, largest) };
  });
  return settle(spots, width, height);
}

/** Indices of the nodes with a label: the selected, the abnormal, then the largest. */
function namedNodes(
  nodes: readonly MapNode[],
  labels: number,
  selected: string | undefined,
): readonly number[] {
  const all = nodes.map((node, at) => ({ node, at }));
  const special = all.filter(
    ({ node }) => LABELLED.includes(node.kind) || node.id === selected,
  );
  const largest = all
    .filter(({ node }) => node.kind !== "out")
    .sort((a, b) => b.node.size - a.node.size)
    .slice(0, labels);
  return [...new Set([...special, ...largest].map(({ at }) => at))];
}

function Graticule({ width, height }: { width: number; height: number }) {
  const lines = [];
  for (let lon = Math.ceil(WEST / GRID_DEGREES) * GRID_DEGREES; lon < EAST; lon += GRID_DEGREES) {
    const [x] = project(lon, NORTH, width, height);
    lines.push(<line key={`x${lon}`} x1={x} x2={x} y1={0} y2={height} />);
  }
  for (let lat = Math.ceil(SOUTH / GRID_DEGREES) * GRID_DEGREES; lat < NORTH; lat += GRID_DEGREES) {
    const [, y] = project(WEST, lat, width, height);
    lines.push(<line key={`y${lat}`} y1={y} y2={y} x1={0} x2={width} />);
  }
  return <g className="map-grid">{lines}</g>;
}

function Mark({ kind, r }: { kind: NodeKind; r: number }) {
  if (kind === "limited") {
    return <path className="map-mark" d={`M0 ${-r}L${r} ${r * 0.8}L${-r} ${r * 0.8}Z`} />;
  }
  if (kind === "stopped") {
    const d = r * 0.45;
    return (
      <>
        <circle className="map-mark" r={r} />
        <path className="map-cross" d={`M${-d} ${-d}L${d} ${d}M${d} ${-d}L${-d} ${d}`} />
      </>
    );
  }
  return (
    <>
      {kind === "chosen" && <circle className="map-halo" r={r + 6} />}
      <circle className="map-mark" r={r} />
    </>
  );
}
