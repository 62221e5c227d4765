import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { jdmEditor } from "./editor/plugin.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const hub = process.env.DANSHU_URL ?? "http://127.0.0.1:8420";

const BASE = [
  "@tanstack/query-core",
  "@tanstack/react-query",
  "i18next",
  "react",
  "react-dom",
  "react-i18next",
  "react-router",
  "scheduler",
];
const ICONS = ["@ant-design/icons", "@ant-design/icons-svg"];
/** Parts that most pages with a list share, and the frame does without. */
const LISTS = /\/src\/parts\/(bulk|card|column|confirm|filter|ledger|masked|peek|status|use-)/;
/** The parts of antd that the frame draws with. */
const FRAME = [
  "@ant-design/(colors|cssinjs|cssinjs-utils|fast-color)",
  "@rc-component/(context|dialog|mini-decimal|motion|notification|portal|resize-observer|tooltip|trigger|util)",
  "antd/es/(_util|app|button|config-provider|locale|message|modal|notification|popover|space|style|theme|tooltip)",
  "stylis",
];
/** The frame's theme names antd's form, and would bring all of it along: a page with one loads it. */
const FORM = /node_modules\/@rc-component\/(async-validator|form\/es\/(?!(Form|Field|List)Context))/;
const modules = (names: readonly string[]) => new RegExp(`node_modules/(${names.join("|")})/`);

export default defineConfig({
  plugins: [jdmEditor(), react()],
  resolve: {
    alias: [
      { find: /^@\//, replacement: `${here("./src")}/` },
      // What the policy canvas's editor brings along and policies have no use for.
      { find: /^@monaco-editor\/react$/, replacement: here("./editor/monaco.tsx") },
      { find: /^monaco-editor$/, replacement: here("./editor/no-monaco.ts") },
      { find: /^exceljs$/, replacement: here("./editor/no-excel.ts") },
    ],
  },
  build: {
    outDir: process.env.OUT ?? here("../src/danshu/static"),
    emptyOutDir: true,
    target: "es2023",
    manifest: true,
    // The policy of the server forbids inline scripts, data: fonts and the polyfill's inline part.
    modulePreload: { polyfill: false },
    assetsDir: "files", // the page /assets is about assets of data
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1400,
    rolldownOptions: {
      // They only define things, and do not say so: what nobody uses of them need not be loaded.
      treeshake: { moduleSideEffects: [{ test: /@rc-component\/form/, sideEffects: false }] },
      output: {
        // What the frame needs comes in two files: fewer requests, and gzip sees it together. The
        // rest is split by page as the bundler likes.
        codeSplitting: {
          groups: [
            { name: "form", test: FORM, includeDependenciesRecursively: false, priority: 4 },
            { name: "base", test: modules(BASE), priority: 3 },
            { name: "antd", test: modules(FRAME), priority: 2 },
            { name: "icons", test: modules(ICONS), minShareCount: 3, priority: 1 },
            { name: "lists", test: LISTS, minShareCount: 3 },
          ],
        },
      },
    },
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
