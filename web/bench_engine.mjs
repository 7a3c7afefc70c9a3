// The engine as the benchmark page calls it: on the page's own thread, or as a dedicated worker that answers
// {id, name, options} with {id, report} or {id, error}.

import "./gpu_calls.mjs";

export async function load(query) {
  const engine = await import("./worker.js");
  await engine.default({ module_or_path: fetch(new URL("./worker_bg.wasm", import.meta.url)) });
  if (query.get("kernels") === "stock") engine.use_stock_kernels();
  const device = query.get("device") ?? "auto";
  const difference = (after, before) => Object.fromEntries(Object.entries(after).map(([what, n]) => [what, n - before[what]]));
  return async (name, { warmup = 0, reps = 0, max_ms = 15_000 } = {}) => {
    const before = { ...globalThis.webgpuCalls };
    const { unsupported, info, ...report } = JSON.parse(await engine.bench(device, name, warmup, reps, max_ms));
    if (unsupported) return { unsupported };
    // A check that is no number means that the workload has been prepared by an earlier call.
    const first = report.check === null ? {} : { check: report.check, first_ms: report.first_ms, setup_ms: report.setup_ms };
    const calls = difference(globalThis.webgpuCalls, before);
    return { ms: report.ms, ...first, info: { device: report.device, ...Object.fromEntries(info), calls } };
  };
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  globalThis.masqueradePanic = (text) => self.postMessage({ panic: text });
  const run = load(new URL(self.location.href).searchParams);
  self.onmessage = async ({ data: { id, name, options } }) => {
    try {
      self.postMessage({ id, report: await (await run)(name, options) });
    } catch (error) {
      self.postMessage({ id, error: String(error?.message ?? error) });
    }
  };
  run.then(
    () => self.postMessage({ ready: true }),
    (error) => self.postMessage({ panic: String(error) }),
  );
}
