// Prints what a page loads at first, from the manifest of a build: node scripts/sizes.mjs OUT [PAGE]
// One JSON object: {"pages": {"orders": {"script_kb": …, "style_kb": …, "files": […]}}}, gzip, kB.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const [out = "../src/danshu/static", wanted] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(join(out, ".vite", "manifest.json"), "utf-8"));
const GZIP_LEVEL = 6;

const sizes = new Map();
function weigh(file) {
  if (!sizes.has(file)) {
    sizes.set(file, gzipSync(readFileSync(join(out, file)), { level: GZIP_LEVEL }).length);
  }
  return sizes.get(file);
}

/** Everything that a chunk needs before it runs: its static imports and their styles. */
function gather(key, files) {
  const chunk = manifest[key];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const next of chunk.imports ?? []) gather(next, files);
}

// The words of the first language come with each page.
const words = (page) =>
  ["common", "nav", "problems", page].map((name) => `src/words/zh-CN/${name}.json`);

const pages = readdirSync(new URL("../src/pages", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .filter((name) => !wanted || name === wanted);

const kb = (bytes) => Math.round(bytes / 100) / 10;
function measure(page) {
  const files = new Set();
  gather("index.html", files);
  if (page) gather(Object.keys(manifest).find((key) => key.startsWith(`src/pages/${page}/index.`)), files);
  for (const key of words(page)) gather(key, files);
  const sum = (end) =>
    kb([...files].filter((file) => file.endsWith(end)).reduce((all, file) => all + weigh(file), 0));
  return { script_kb: sum(".js"), style_kb: sum(".css"), files: [...files].sort() };
}

const report = { shell: measure("") };
for (const page of pages) report[page] = measure(page);
process.stdout.write(`${JSON.stringify({ pages: report }, null, 1)}\n`);
