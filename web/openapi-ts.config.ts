import { defineConfig } from "@hey-api/openapi-ts";

// The client is made from the hub's own document at every build and is not committed.
export default defineConfig({
  input: "openapi.json",
  output: { path: "src/api" },
  plugins: [
    { name: "@hey-api/client-fetch", throwOnError: true, runtimeConfigPath: "./src/client" },
    "@hey-api/typescript",
    "@hey-api/sdk",
    "@tanstack/react-query",
  ],
});
