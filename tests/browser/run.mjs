// node tests/browser/run.mjs DIST [WORDS…]: the checks (all, or those whose name holds one of the words) in headless Chromium.
//
// Needs playwright-core (folder MASQUERADE_NPM, as ./dev test makes it) and Chromium (CHROMIUM, else /usr/bin/chromium).

import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";

import { checks } from "./checks.mjs";
import { serve } from "./server.mjs";

const QUIET = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const WEBGL = ["--enable-unsafe-swiftshader"];
const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/// Milliseconds for one check: a promise of the page that is never kept must not hold up the others.
const PATIENCE = 400_000;

function inTime(promise) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("it took too long")), PATIENCE).unref());
  return Promise.race([promise, late]);
}

const [dist, ...words] = process.argv.slice(2);
if (!dist) {
  console.error("usage: node tests/browser/run.mjs DIST [WORDS…]");
  process.exit(2);
}

const { chromium } = createRequire(`${resolve(process.env.MASQUERADE_NPM ?? ".")}/`)("playwright-core");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const launch = (args) => chromium.launch({ executablePath, args: [...QUIET, ...WEBGL, ...args] });

const count = { passed: 0, failed: 0, skipped: 0 };
const left = Object.entries(checks).filter(([name]) => !words.length || words.some((word) => name.includes(word)));

/// One check after the other, in browsers and from a server that no other lane shares.
async function lane() {
  const server = await serve(resolve(dist), "/some/where/");
  const [plain, gpu] = await Promise.all([launch(["--disable-features=WebGPU"]), launch(WEBGPU)]);
  for (let next = left.shift(); next; next = left.shift()) {
    const [name, check] = next;
    const start = performance.now();
    let skipped = "";
    let outcome = "ok";
    try {
      await inTime(check({ plain, gpu, server, skip: (why) => (skipped = why) }));
      if (skipped) outcome = `skipped: ${skipped}`;
      count[skipped ? "skipped" : "passed"] += 1;
    } catch (error) {
      outcome = `FAILED\n${error.stack}`;
      count.failed += 1;
      // What it left open would go on computing beside the next check.
      await Promise.all([plain, gpu].flatMap((browser) => browser.contexts()).map((context) => context.close()));
    }
    console.log(`${name} (${((performance.now() - start) / 1000).toFixed(1)} s): ${outcome}`);
  }
  await Promise.all([plain.close(), gpu.close()]);
  await server.close().catch(() => {});
}

// An engine in a page computes on one core.
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exit(count.failed || !count.passed ? 1 : 0);
