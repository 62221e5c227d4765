import type { Tone } from "./status-tag";

/** A share as a bar, with its target as a tick. Values are 0 to 1. */
export function ShareBar({
  share,
  target,
  tone = "primary",
  label,
}: {
  share: number;
  target?: number;
  tone?: Tone;
  label: string;
}) {
  const width = (value: number) => `${Math.min(100, Math.max(0, value * 100))}%`;
  return (
    <span className="share-bar" data-tone={tone} role="img" aria-label={label}>
      <i style={{ width: width(share) }} />
      {target !== undefined && <s style={{ left: width(target) }} />}
    </span>
  );
}
