export const BUNDLES_KEY = ["evidence", "bundles"] as const;
