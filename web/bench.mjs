// The benchmark page: times the workloads in this browser and compares each answer with the reference value.
//
//   ?device=gpu|cpu|auto   what computes (gpu also takes a software adapter)
//   ?kernels=stock         by burn's own operations instead of this program's kernels
//   ?inline                on the page's own thread, so that its WebGPU calls can be counted from outside
//
// For scripts: window.peerReady, window.peerError, window.runWorkload(name, {warmup, reps, max_ms}), window.measureStep().

import { load } from "./bench_engine.mjs";

/// Name, what it is, and the reference value (PyTorch on a CPU) where there is one.
const WORKLOADS = [
  ["w1-mae-fwd-tiny", "MAE, forward, 64 pictures of 32 × 32", 2.1832237],
  ["w1-mae-fwd-b224", "MAE ViT-B/16, forward, one picture of 224 × 224", 1.7905875],
  ["w2-mae-train-tiny", "MAE, one training step, 64 pictures of 32 × 32", 2.1832237],
  ["w3-vit-embed-b1", "ViT-Ti/16, embedding of one picture", 0.7987739],
  ["w3-vit-embed-b8", "ViT-Ti/16, embedding of 8 pictures", 0.7938587],
  ["w4-ntxent-1024", "NT-Xent with gradient, 1,024 rows", 7.3661881],
  ["w4-ntxent-4096", "NT-Xent with gradient, 4,096 rows", 8.7110672],
  ["w4-ntxent-65536", "NT-Xent with gradient, 65,536 rows", 11.479304],
  ["w5-simmap-14", "Similarity map of 14 × 14 tokens", 8.2048293],
  ["w5-simmap-64", "Similarity map of 64 × 64 tokens", 165.87988],
];
const TOLERANCE = 2e-4;

const query = new URL(location.href).searchParams;
const byId = (id) => document.getElementById(id);
const results = {};

function fail(text) {
  window.peerError = text;
  byId("state").textContent = text;
  byId("state").className = "bad";
}

async function inWorker() {
  const worker = new Worker(`./bench_engine.mjs${location.search}`, { type: "module" });
  const waiting = new Map();
  let count = 0;
  await new Promise((keep, refuse) => {
    worker.onmessage = ({ data }) => {
      if (data.ready) keep();
      if (data.panic) {
        refuse(new Error(data.panic));
        waiting.forEach((call) => call.refuse(new Error(data.panic)));
      }
      const call = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error) call?.refuse(new Error(data.error));
      else call?.keep(data.answer);
    };
    worker.onerror = (event) => refuse(new Error(event.message));
  });
  const ask = (what, ...given) =>
    new Promise((keep, refuse) => {
      waiting.set((count += 1), { keep, refuse });
      worker.postMessage({ id: count, what, given });
    });
  return { run: (...given) => ask("run", ...given), step: () => ask("step") };
}

const best = (ms) => Math.min(...ms).toFixed(1);
const median = (ms) => ms.toSorted((a, b) => a - b)[Math.floor(ms.length / 2)].toFixed(1);

async function measure(name, row) {
  const [button, first, bestCell, medianCell, check, calls] = row;
  const reference = WORKLOADS.find(([known]) => known === name)[2];
  button.disabled = true;
  try {
    const cold = await window.runWorkload(name, {});
    if (cold.unsupported) throw new Error("Not with these kernels: it would take too much memory.");
    Object.assign((results[name] ??= {}), cold);
    const warm = await window.runWorkload(name, { warmup: 1, reps: 7, max_ms: 10_000 });
    results[name].ms = warm.ms;
    results[name].info = warm.info;
    const { first_ms, check: value } = results[name];
    first.textContent = first_ms.toFixed(0);
    bestCell.textContent = best(warm.ms);
    medianCell.textContent = median(warm.ms);
    const right = reference === null ? "" : Math.abs(value - reference) <= TOLERANCE * reference ? " ✓" : ` ≠ ${reference}`;
    check.textContent = `${value.toPrecision(8)}${right}`;
    check.className = right.startsWith(" ≠") ? "bad" : "";
    const runs = warm.ms.length + 1;
    const { dispatches, submits } = warm.info.calls ?? {};
    calls.textContent = dispatches ? `${Math.round(dispatches / runs)} / ${Math.round(submits / runs)}` : "";
    byId("state").textContent = `Computed on ${warm.info.device} (${warm.info.backend}), ${warm.info.kernels} kernels.`;
  } catch (error) {
    check.textContent = String(error.message ?? error);
    check.className = "bad";
  }
  button.disabled = false;
}

const number = (n) => n.toLocaleString("en");

/// The calls of one training step, and under them its kernels by how often each was launched.
function showStep(step) {
  const facts = [
    ["Launches", step.dispatches],
    ["Submits", step.submits],
    ["Pipelines made at first", step.pipelines],
    ["Buffers created", step.buffers],
    ["Bytes up", step.bytes_up],
    ["Bytes back", step.bytes_back],
  ];
  const lines = [["Milliseconds", step.wall_ms.toFixed(1)], ...facts.filter(([, n]) => n !== null).map(([what, n]) => [what, number(n)])];
  byId("step").replaceChildren();
  for (const [what, value] of [...lines, ...step.launches.map(([name, n]) => [`${name} ×`, number(n)])]) {
    const row = byId("step").insertRow();
    row.insertCell().textContent = what;
    row.insertCell().textContent = value;
  }
  byId("step").closest("div").hidden = false;
}

async function countStep() {
  const button = byId("count");
  button.disabled = true;
  try {
    results.step = await window.measureStep();
    showStep(results.step);
    const { device, kernels, dispatches } = results.step;
    byId("state").textContent = dispatches === null ? "Computed on the CPU: nothing is launched there." : `Counted on ${device}, ${kernels} kernels.`;
  } catch (error) {
    byId("state").textContent = String(error.message ?? error);
  }
  button.disabled = false;
}

function table() {
  const rows = WORKLOADS.map(([name, title]) => {
    const line = byId("workloads").insertRow();
    const button = document.createElement("button");
    button.textContent = "Run";
    button.setAttribute("aria-label", `Run ${title}`);
    line.insertCell().append(button);
    line.insertCell().textContent = title;
    const row = [button, ...Array.from({ length: 5 }, () => line.insertCell())];
    button.onclick = () => measure(name, row);
    return () => measure(name, row);
  });
  byId("all").onclick = async () => {
    for (const run of rows) await run();
  };
  byId("count").onclick = countStep;
  byId("copy").onclick = () => navigator.clipboard.writeText(JSON.stringify(results, null, 2));
}

globalThis.masqueradePanic = fail;
try {
  const engine = await (query.has("inline") ? load(query) : inWorker());
  window.runWorkload = engine.run;
  window.measureStep = engine.step;
  table();
  byId("state").textContent = "Nothing measured yet.";
  window.peerReady = true;
} catch (error) {
  fail(String(error.message ?? error));
}
