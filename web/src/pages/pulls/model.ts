import type { PulledShop, Shop, PullTrial } from "@/api/types.gen";

export const PULLS = "/v1/pulls";
export const PULLS_KEY = ["pulls"] as const;

/** What a shop is known by: its channel and its name. */
export const keyOf = (shop: Pick<Shop, "channel" | "shop">) => `${shop.channel}\n${shop.shop}`;

/** How a shop stands: it rests, its platform gives trouble, only its numbers are watched, or well. */
export type Standing = "resting" | "troubled" | "numbers" | "on";

export function standingOf(shop: Shop): Standing {
  if (!shop.is_on) return "resting";
  if (shop.trouble) return "troubled";
  return shop.adapter ? "on" : "numbers";
}

/** A shop as it is asked for again: what is kept of secrets stays. */
export const asKept = (shop: Shop): PulledShop => ({
  channel: shop.channel,
  shop: shop.shop,
  adapter: shop.adapter,
  url: shop.url,
  every_s: shop.every_s,
  is_sequence: shop.is_sequence,
});

/** Whether a trial says that the shop can be pulled. */
export const isGood = (trial: PullTrial) => !trial.trouble;
