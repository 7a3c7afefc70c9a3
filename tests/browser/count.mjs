// node tests/browser/count.mjs ADDRESS [WORKLOAD]: what one warm run of a workload asks of WebGPU, counted from outside the
// page: by a script that wraps the browser's own functions before the page's scripts run. The page is one that has
// window.runWorkload and uses WebGPU on its own thread, such as bench.html?inline&device=gpu.

import { createRequire } from "node:module";
import { resolve } from "node:path";

const { chromium } = createRequire(`${resolve(process.env.MASQUERADE_NPM ?? ".")}/`)("playwright-core");
const FLAGS = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--disable-quic"];

function wrap() {
  const calls = (window.counted = { dispatches: 0, submits: 0, pipelines: 0, bytesUp: 0, bytesBack: 0, buffers: 0, bufferBytes: 0 });
  const before = (type, method, count) => {
    const original = type.prototype[method];
    type.prototype[method] = function (...given) {
      count(this, ...given);
      return original.apply(this, given);
    };
  };
  before(GPUComputePassEncoder, "dispatchWorkgroups", () => (calls.dispatches += 1));
  before(GPUComputePassEncoder, "dispatchWorkgroupsIndirect", () => (calls.dispatches += 1));
  before(GPUQueue, "submit", () => (calls.submits += 1));
  before(GPUDevice, "createComputePipeline", () => (calls.pipelines += 1));
  before(GPUDevice, "createComputePipelineAsync", () => (calls.pipelines += 1));
  before(GPUQueue, "writeBuffer", (_, _buffer, _offset, data, start = 0, size = undefined) => {
    const element = data.BYTES_PER_ELEMENT ?? 1;
    calls.bytesUp += size === undefined ? data.byteLength - start * element : size * element;
  });
  before(GPUDevice, "createBuffer", (_, { size, mappedAtCreation }) => {
    calls.buffers += 1;
    calls.bufferBytes += size;
    if (mappedAtCreation) calls.bytesUp += size;
  });
  before(GPUBuffer, "mapAsync", (buffer, mode, offset = 0, size = buffer.size - offset) => (calls.bytesBack += mode & 1 ? size : 0));
}

const [address, workload = "w2-mae-train-tiny"] = process.argv.slice(2);
if (!address) {
  console.error("usage: node tests/browser/count.mjs ADDRESS [WORKLOAD]");
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
const page = await browser.newPage();
page.setDefaultTimeout(600_000);
await page.addInitScript(wrap);
await page.goto(address);
await page.waitForFunction("window.peerReady || window.peerError", null, { timeout: 60_000 });
const run = (options) =>
  page.evaluate(
    async ([name, options]) => {
      if (window.peerError) throw new Error(window.peerError);
      const before = { ...window.counted };
      const report = await window.runWorkload(name, options);
      const spent = Object.entries(window.counted).map(([what, count]) => [what, count - before[what]]);
      return { ...Object.fromEntries(spent), check: report.check, ms: report.ms };
    },
    [workload, options],
  );
console.log("first", JSON.stringify(await run({ warmup: 0, reps: 0 })));
console.log("warm ", JSON.stringify(await run({ warmup: 0, reps: 1 })));
await browser.close();
