import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const hub = process.env.DANSHU_URL ?? "http://127.0.0.1:8420";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    outDir: process.env.OUT ?? here("../src/danshu/static"),
    emptyOutDir: true,
    target: "es2023",
    manifest: true,
    // The policy of the server forbids inline scripts, data: fonts and the polyfill's inline part.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: {
    proxy: {
      "/v1": { target: hub, changeOrigin: true },
      "/docs": { target: hub, changeOrigin: true },
      "/print": { target: hub, changeOrigin: true },
    },
  },
  preview: { proxy: { "/v1": { target: hub, changeOrigin: true } } },
  test: {
    environment: "jsdom",
    // A busy machine is slow, and not wrong.
    testTimeout: 30_000,
    // One browser document for all files: making one for each took two thirds of the time.
    pool: "threads",
    isolate: false,
    setupFiles: ["src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
