// The engine as the benchmark page calls it: on the page's own thread, or as a dedicated worker that answers
// {id, what, given} with {id, answer} or {id, error}.

import "./gpu_calls.mjs";

/// The engine's functions: run(name, {warmup, reps, max_ms}) times a workload, step() counts what a training step costs.
export async function load(query) {
  const engine = await import("./worker.js");
  await engine.default({ module_or_path: fetch(new URL("./worker_bg.wasm", import.meta.url)) });
  if (query.get("kernels") === "stock") engine.use_stock_kernels();
  const device = query.get("device") ?? "auto";

  // One after the other: two at once would time each other.
  let last = Promise.resolve();
  const queued = (act) => (last = last.then(act, act));

  async function run(name, { warmup = 0, reps = 0, max_ms = 15_000 } = {}) {
    const { dispatches, submits } = globalThis.webgpuCalls;
    const { unsupported, info, ...report } = JSON.parse(await engine.bench(device, name, warmup, reps, max_ms));
    if (unsupported) return { unsupported };
    // A check that is no number means that the workload has been prepared by an earlier call.
    const first = report.check === null ? {} : { check: report.check, first_ms: report.first_ms, setup_ms: report.setup_ms };
    const calls = { dispatches: globalThis.webgpuCalls.dispatches - dispatches, submits: globalThis.webgpuCalls.submits - submits };
    return { ms: report.ms, ...first, info: { device: report.device, ...Object.fromEntries(info), calls } };
  }
  return {
    run: (...given) => queued(() => run(...given)),
    step: () => queued(async () => JSON.parse(await engine.measure_step(device))),
  };
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  globalThis.masqueradePanic = (text) => self.postMessage({ panic: text });
  const engine = load(new URL(self.location.href).searchParams);
  self.onmessage = async ({ data: { id, what, given } }) => {
    try {
      self.postMessage({ id, answer: await (await engine)[what](...given) });
    } catch (error) {
      self.postMessage({ id, error: String(error?.message ?? error) });
    }
  };
  engine.then(
    () => self.postMessage({ ready: true }),
    (error) => self.postMessage({ panic: String(error) }),
  );
}
