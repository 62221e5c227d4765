/** One part of a cost, in 分. */
export interface CostPart {
  key: string;
  label: string;
  fen: number;
}

/** A stacked bar of parts; the same `max_fen` makes several bars comparable. */
export function CostBar({
  parts,
  max_fen,
  label,
}: {
  parts: readonly CostPart[];
  max_fen: number;
  label: string;
}) {
  return (
    <span className="cost-bar" role="img" aria-label={label}>
      {parts.map((part, at) => (
        <i
          key={part.key}
          data-series={at + 1}
          title={part.label}
          style={{ width: `${max_fen > 0 ? (Math.max(0, part.fen) / max_fen) * 100 : 0}%` }}
        />
      ))}
    </span>
  );
}

/** The parts' names beside their colours. */
export function CostLegend({ parts }: { parts: readonly Pick<CostPart, "key" | "label">[] }) {
  return (
    <ul className="cost-legend">
      {parts.map((part, at) => (
        <li key={part.key}>
          <i data-series={at + 1} aria-hidden /> {part.label}
        </li>
      ))}
    </ul>
  );
}
