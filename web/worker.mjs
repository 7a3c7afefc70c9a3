// Runs the engine (worker.js, worker_bg.wasm) in a dedicated worker.
//
// To the page: an ArrayBuffer is an encoded event; {loading: {done, total}} counts bytes of the engine's own code;
// {panic: text} says that the engine has ended. From the page: ArrayBuffers, each an encoded command.

import "./gpu_calls.mjs";
import { fetchCounted } from "./counted.mjs";

const query = new URL(self.location.href).searchParams;
const build = `?v=${query.get("v") ?? ""}`;

// Commands may arrive before the module is there.
let deliver = null;
const early = [];
self.onmessage = ({ data }) => (deliver ? deliver(new Uint8Array(data)) : early.push(data));

let panicked = false;
globalThis.masqueradePanic = (text) => {
  panicked = true;
  self.postMessage({ panic: text });
};

// A promise that is kept in a new task. Timers would be slowed down in a hidden tab, messages are not.
const channel = new MessageChannel();
const turns = [];
channel.port1.onmessage = () => turns.shift()();
const macrotask = () =>
  new Promise((keep) => {
    turns.push(keep);
    channel.port2.postMessage(null);
  });

try {
  const [engine, wasm] = await Promise.all([
    import(`./worker.js${build}`),
    fetchCounted(new URL(`./worker_bg.wasm${build}`, import.meta.url), Number(query.get("size")) || 0, (done, total) =>
      self.postMessage({ loading: { done, total } }),
    ),
  ]);
  await engine.default({ module_or_path: wasm });
  if (query.get("kernels") === "stock") engine.use_stock_kernels();
  deliver = engine.receive;
  early.forEach((data) => deliver(new Uint8Array(data)));
  await engine.run(query.get("device") ?? "auto", (bytes) => self.postMessage(bytes.buffer, [bytes.buffer]), macrotask);
  self.close();
} catch (error) {
  // A panic has told its own text already; what follows it is only the trap.
  if (!panicked) self.postMessage({ panic: String(error instanceof WebAssembly.RuntimeError ? error.stack : error) });
}
