export const SETTING = "/v1/assistant/settings";
export const SETTING_KEY = ["assistant", "settings"] as const;
export const CALLS = "/v1/assistant/tool-calls";
