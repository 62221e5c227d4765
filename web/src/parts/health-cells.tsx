import { Tooltip } from "antd";
import "./health-cells.css";

const CELLS = 30;
const CELL_MS = 120_000;
/** One failure in so many calls is a bad cell. */
const BAD_IN = 20;

export interface HealthMinute {
  at: string;
  calls: number;
  failed: number;
}

export interface HealthCell {
  from: number;
  calls: number;
  failed: number;
}

interface Props {
  minutes: readonly HealthMinute[];
  /** The whole hour in words. */
  label: (calls: number, failed: number) => string;
  /** One cell in words. */
  cell: (one: HealthCell) => string;
}

/** The last hour of calls in cells of two minutes. */
export function HealthCells({ minutes, label, cell }: Props) {
  const end = Math.ceil(Date.now() / CELL_MS) * CELL_MS;
  const cells = Array.from({ length: CELLS }, (_, n) => {
    const from = end - (CELLS - n) * CELL_MS;
    const within = minutes.filter((one) => {
      const at = Date.parse(one.at);
      return at >= from && at < from + CELL_MS;
    });
    return {
      from,
      calls: within.reduce((sum, one) => sum + one.calls, 0),
      failed: within.reduce((sum, one) => sum + one.failed, 0),
    };
  });
  const calls = cells.reduce((sum, one) => sum + one.calls, 0);
  const failed = cells.reduce((sum, one) => sum + one.failed, 0);
  return (
    <div className="health-cells" role="img" aria-label={label(calls, failed)}>
      {cells.map((one) => (
        <Tooltip key={one.from} title={cell(one)}>
          <i data-level={levelOf(one)} />
        </Tooltip>
      ))}
    </div>
  );
}

function levelOf({ calls, failed }: HealthCell): string {
  if (calls === 0) return "none";
  if (failed === 0) return "good";
  return failed * BAD_IN < calls ? "some" : "bad";
}
