/** Where alert channels, and the notice service with its events, are read and kept. */
export const CHANNELS = "/v1/alert-channels";
export const SERVICE = "/v1/notice-settings";
