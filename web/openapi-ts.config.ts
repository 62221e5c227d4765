import { defineConfig } from "@hey-api/openapi-ts";

// The client is made from the hub's own document at every build and is not committed.
export default defineConfig({
  input: "openapi.json",
  // Streams are read by EventSource (src/live), not by the client.
  parser: {
    filters: {
      operations: {
        exclude: [
          "GET /v1/console/live",
          "GET /v1/events/stream",
          "GET /v1/orders/{order_id}/stream",
        ],
      },
    },
  },
  output: { path: "src/api" },
  plugins: [
    { name: "@hey-api/client-fetch", throwOnError: true, runtimeConfigPath: "./src/client" },
    "@hey-api/typescript",
    "@hey-api/sdk",
    "@tanstack/react-query",
  ],
});
