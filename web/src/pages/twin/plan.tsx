import { useTranslation } from "react-i18next";
import type { Floor, Frame, TwinZone } from "@/api/types.gen";
import { count, temperature } from "@/format";
import { LATE_MIN } from "./twin";

interface Props {
  floor: Floor;
  zones: readonly TwinZone[];
  frame: Frame | null;
  /** Zones whose class is stopped. */
  stopped: readonly string[];
  label: string;
}

const points = (all: readonly (readonly [number, number])[]) => all.map((p) => p.join(",")).join(" ");

/** A floor in metres: zones tinted by their state, probes, what drives, docks. */
export function Plan({ floor, zones, frame, stopped, label }: Props) {
  const states = new Map(zones.map((zone) => [zone.code, zone]));
  return (
    <div className="twin-plan" tabIndex={0} role="region" aria-label={label}>
      <svg viewBox={`-2 -2 ${floor.width_m + 4} ${floor.height_m + 7}`} role="img" aria-label={label}>
        <rect className="twin-wall" width={floor.width_m} height={floor.height_m} rx={1} />
        {floor.zones.map((zone) => {
          const xs = zone.polygon.map((p) => p[0]);
          const ys = zone.polygon.map((p) => p[1]);
          const state = states.get(zone.code);
          return (
            <g
              key={zone.code}
              data-zone={zone.code}
              data-tint={stopped.includes(zone.code) ? "warn" : (state?.tint ?? "plain")}
            >
              <polygon className="twin-zone" points={points(zone.polygon as [number, number][])} />
              <text className="twin-name" x={Math.min(...xs) + 1.4} y={Math.min(...ys) + 3.2}>
                {zone.code} {zone.name}
              </text>
              <Words zone={state} x={Math.min(...xs) + 1.4} y={Math.min(...ys) + 6} isStopped={stopped.includes(zone.code)} />
              {state?.probes.map((probe) => <Probe key={probe.code} probe={probe} />)}
            </g>
          );
        })}
        {(floor.tracks ?? []).map((track, at) => (
          <polyline
            key={at}
            className="twin-track"
            data-kind={track.kind}
            points={points(track.points as [number, number][])}
          />
        ))}
        <Movers frame={frame} />
        <Docks floor={floor} frame={frame} />
      </svg>
    </div>
  );
}

function Words({
  zone,
  x,
  y,
  isStopped,
}: {
  zone: TwinZone | undefined;
  x: number;
  y: number;
  isStopped: boolean;
}) {
  const { t } = useTranslation("twin");
  if (!zone || zone.sensors === "none") return null;
  const value = zone.value_c === null ? "" : temperature(zone.value_c);
  const said = isStopped ? t("stoppedShort") : t(`sensors.${zone.sensors}`);
  return (
    <text className="twin-said" x={x} y={y}>
      {[value, said].filter(Boolean).join(" · ")}
    </text>
  );
}

function Probe({ probe }: { probe: TwinZone["probes"][number] }) {
  const { t } = useTranslation("twin");
  const value = probe.value_c === null ? "—" : temperature(probe.value_c);
  return (
    <circle
      className="twin-probe"
      data-silent={probe.is_silent}
      cx={probe.x_m}
      cy={probe.y_m}
      r={1.1}
    >
      <title>{`${probe.code} ${value}${probe.is_silent ? ` ${t("silent")}` : ""}`}</title>
    </circle>
  );
}

function Movers({ frame }: { frame: Frame | null }) {
  return (
    <>
      {(frame?.agvs ?? []).map((one) => (
        <rect key={one.id} className="twin-agv" x={one.x_m - 0.8} y={one.y_m - 0.8} width={1.6} height={1.6} rx={0.3}>
          <title>{`AGV ${one.id} ${one.state ?? ""}`}</title>
        </rect>
      ))}
      {(frame?.forklifts ?? []).map((one) => (
        <path
          key={one.id}
          className="twin-forklift"
          d={`M${one.x_m} ${one.y_m - 1}L${one.x_m + 1} ${one.y_m + 0.8}L${one.x_m - 1} ${one.y_m + 0.8}Z`}
        >
          <title>{one.id}</title>
        </path>
      ))}
    </>
  );
}

function Docks({ floor, frame }: { floor: Floor; frame: Frame | null }) {
  const { t } = useTranslation("twin");
  const told = new Map((frame?.docks ?? []).map((dock) => [dock.id, dock]));
  return (
    <>
      {(floor.docks ?? []).map((dock) => {
        const now = told.get(dock.code);
        const wait = now?.wait_min ?? 0;
        const state = wait > LATE_MIN ? "late" : (now?.state ?? "free");
        return (
          <g key={dock.code} data-dock={state}>
            <rect className="twin-dock" x={dock.x_m - 4.2} y={dock.y_m - 1.7} width={8.4} height={3.4} rx={0.5} />
            <text className="twin-dock-name" x={dock.x_m} y={dock.y_m + 0.7}>
              {t("dock", { code: dock.code })}
            </text>
            {wait > 0 && (
              <text className="twin-dock-wait" x={dock.x_m} y={floor.height_m + 3.4}>
                {t("waits", { n: count(Math.round(wait)) })}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}
