import { useTranslation } from "react-i18next";
import type { FindingsBoard } from "@/api/types.gen";
import { count } from "@/format";
import { Card } from "@/parts/card";
import { useFindingWords } from "./words";

interface Props {
  board: FindingsBoard;
  kind: string;
  channel: string;
  onPick: (kind: string, channel: string) => void;
}

const WAITING = new Set(["open", "assigned"]);

/** 类别 × 渠道: how many wait; a cell filters the lists by its two names. */
export function Matrix({ board, kind, channel, onPick }: Props) {
  const { t } = useTranslation("incidents");
  const words = useFindingWords();
  const cells = new Map<string, number>();
  for (const one of board.counts) {
    if (!WAITING.has(one.state)) continue;
    const key = `${one.kind}\n${one.channel}`;
    cells.set(key, (cells.get(key) ?? 0) + one.n);
  }
  const channels = [...new Set([...cells.keys()].map((key) => key.split("\n")[1] ?? ""))].sort();
  const kinds = board.classes
    .map((one) => one.code)
    .filter((code) => channels.some((one) => cells.get(`${code}\n${one}`)));
  const most = Math.max(1, ...cells.values());
  return (
    <Card title={t("matrix")} note={t("matrixNote")} isFlush>
      {kinds.length === 0 ? (
        <p className="note incidents-none">{t("nothingWaits")}</p>
      ) : (
        <section className="incidents-matrix" aria-label={t("matrix")} tabIndex={0}>
          <table>
            <caption className="visually-hidden">{t("matrix")}</caption>
            <thead>
              <tr>
                <td />
                {channels.map((one) => (
                  <th key={one} scope="col">
                    {words.channel(one)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {kinds.map((code) => (
                <tr key={code}>
                  <th scope="row">{words.kind(code)}</th>
                  {channels.map((one) => {
                    const n = cells.get(`${code}\n${one}`) ?? 0;
                    const isOn = kind === code && channel === one;
                    return (
                      <td key={one}>
                        {n ? (
                          <button
                            type="button"
                            aria-pressed={isOn}
                            data-heat={Math.ceil((4 * n) / most)}
                            aria-label={t("cell", {
                              kind: words.kind(code),
                              channel: words.channel(one),
                              n: count(n),
                            })}
                            onClick={() => (isOn ? onPick("", "") : onPick(code, one))}
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
