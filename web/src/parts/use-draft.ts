import { useState } from "react";

export interface Draft<T> {
  value: T;
  set: (value: T) => void;
  /** The version it was begun from: what a publication names as its base. */
  base: number;
  isDirty: boolean;
  /** Somebody has published since; the draft stands until its writer lets go of it. */
  isBehind: boolean;
  /** Say that `value` was published as `version`: typing goes on from there. */
  publish: (version: number, value: T) => void;
  /** Let go of the draft for what stands now. */
  drop: () => void;
}

/**
 * What a person writes, begun from a version that stands. A newer version is followed only while
 * nothing was written: words that somebody typed are never lost to a refresh.
 */
export function useDraft<T>(version: number, standing: T): Draft<T> {
  const [begun, setBegun] = useState({ version, value: standing });
  const [value, set] = useState(standing);
  const isDirty = value !== begun.value;
  const drop = () => {
    setBegun({ version, value: standing });
    set(standing);
  };
  if (version > begun.version && !isDirty) drop();
  return {
    value,
    set,
    base: begun.version,
    isDirty,
    isBehind: version > begun.version && isDirty,
    publish: (version, value) => setBegun({ version, value }),
    drop,
  };
}
