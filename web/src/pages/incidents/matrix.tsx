import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { FindingsBoard } from "@/api/types.gen";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { useFindingWords } from "./words";

export type Axis = "channel" | "warehouse";
const AXES = ["channel", "warehouse"] as const;

interface Props {
  board: FindingsBoard;
  kind: string;
  channel: string;
  warehouse: string;
  onPick: (kind: string, axis: Axis, place: string) => void;
}

const WAITING = new Set(["open", "assigned"]);

/**
 * 类别 × 渠道 or 仓: how many wait. The other of the two, where it is chosen, counts alone: so each
 * cell is exact for class, channel and warehouse. A cell filters the lists by its names.
 */
export function Matrix({ board, kind, channel, warehouse, onPick }: Props) {
  const { t } = useTranslation("incidents");
  const words = useFindingWords();
  const [axis, turn] = useState<Axis>("channel");
  const picked = axis === "channel" ? channel : warehouse;
  const other = axis === "channel" ? warehouse : channel;
  const nameOf = (place: string) =>
    axis === "channel" ? words.channel(place) : place || t("noWarehouse");
  const cells = new Map<string, number>();
  for (const one of board.counts) {
    if (!WAITING.has(one.state)) continue;
    if (other && (axis === "channel" ? one.warehouse : one.channel) !== other) continue;
    const key = `${one.kind}\n${one[axis]}`;
    cells.set(key, (cells.get(key) ?? 0) + one.n);
  }
  const places = [...new Set([...cells.keys()].map((key) => key.split("\n")[1] ?? ""))].sort();
  const kinds = board.classes
    .map((one) => one.code)
    .filter((code) => places.some((one) => cells.get(`${code}\n${one}`)));
  const most = Math.max(1, ...cells.values());
  return (
    <Card
      title={t("matrix")}
      note={other ? t("matrixOf", { place: axis === "channel" ? other : words.channel(other) }) : t("matrixNote")}
      extra={
        <Segmented<Axis>
          size="small"
          aria-label={t("axis")}
          value={axis}
          options={AXES.map((value) => ({ value, label: t(`axes.${value}`) }))}
          onChange={turn}
        />
      }
      isFlush
    >
      {kinds.length === 0 ? (
        <p className="note incidents-none">{t("nothingWaits")}</p>
      ) : (
        <section className="incidents-matrix" aria-label={t("matrix")} tabIndex={0}>
          <table>
            <caption className="visually-hidden">{t("matrix")}</caption>
            <thead>
              <tr>
                <td />
                {places.map((one) => (
                  <th key={one} scope="col">
                    {nameOf(one)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {kinds.map((code) => (
                <tr key={code}>
                  <th scope="row">{words.kind(code)}</th>
                  {places.map((one) => {
                    const n = cells.get(`${code}\n${one}`) ?? 0;
                    const isOn = kind === code && picked === one;
                    return (
                      <td key={one}>
                        {n ? (
                          <button
                            type="button"
                            aria-pressed={isOn}
                            data-heat={Math.ceil((4 * n) / most)}
                            aria-label={t("cell", {
                              kind: words.kind(code),
                              channel: nameOf(one),
                              n: count(n),
                            })}
                            onClick={() => (isOn ? onPick("", axis, "") : onPick(code, axis, one))}
                          >
                            {count(n)}
                          </button>
                        ) : (
                          <span className="note">·</span>
                        )}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Card>
  );
}
