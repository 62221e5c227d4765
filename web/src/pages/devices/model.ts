import type { DeviceView, NewDevice, RepairView, WaveView } from "@/api/types.gen";
import { ask } from "@/client";
import type { Tone } from "@/parts/status-tag";
import { queries } from "@/queries";

export const KEY = ["devices"] as const;

export const STATES = ["abnormal", "watch", "learning", "normal"] as const;
export const TONES: Record<string, Tone> = { abnormal: "broken", watch: "risk", learning: "excused", normal: "kept" };
export const REPAIR_TONES: Record<string, Tone> = {
  opened: "pend",
  sent: "primary",
  accepted: "kept",
  refused: "broken",
  closed: "excused",
};
export const ZONES = ["group_1_rigid", "group_1_flexible", "group_2_rigid", "group_2_flexible", "small", "medium"] as const;

export interface Page<Row> {
  items: readonly Row[];
  next: string;
}

export type { DeviceView, NewDevice, RepairView, WaveView };

export const pathOf = (code: string) => `/devices/${encodeURIComponent(code)}`;
export const apiOf = (code: string) => `/v1/devices/${encodeURIComponent(code)}`;

/** Write a device; one with its code is replaced. */
export async function put(device: NewDevice): Promise<void> {
  await ask("/v1/devices", { method: "PUT", json: [device] });
  await queries.invalidateQueries({ queryKey: KEY });
}

/** Do something about a device and read it anew. */
export async function act(code: string, path: string, json: unknown): Promise<void> {
  await ask(`${apiOf(code)}${path}`, { method: "POST", json });
  await queries.invalidateQueries({ queryKey: KEY });
}
