// Starts the page: checks what the browser can do, loads the program behind a bar in MB, shows what went wrong.
// The first picture and this bar are plain HTML; nothing here waits for the program.

import { fetchCounted } from "./counted.mjs";
import { describeGpu } from "./gpu.mjs";
import * as sound from "./sound.mjs";
import { watchForUpdates } from "./updates.mjs";

const byId = (id) => document.getElementById(id);
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
const build = document.documentElement.dataset;

// A function of vector instructions. The program is built with them, so a browser without them cannot load it.
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

// What is being done, in words, and how many bytes of it are here.
function progress(doing, done, total) {
  byId("doing").textContent = doing;
  if (total || done) {
    byId("bar").max = Math.max(total, done, 1);
    byId("bar").value = done;
    byId("amount").textContent = total ? `${megabytes(done)} of ${megabytes(total)} MB` : `${megabytes(done)} MB`;
  } else {
    byId("bar").removeAttribute("value");
    byId("amount").textContent = "";
  }
}

// The stored pictures are of the first system with its first sample, mask and weights: under a link to anything else they would
// be of something else than what comes up.
const STORED = { v: /./, x: /^mae$/, p: /^(nano)?$/, data: /^(fashion-mnist)?$/, seed: /^7$/ };
function showsStored() {
  const pairs = location.hash.slice(1).split("&").filter(Boolean).map((pair) => pair.split("="));
  return pairs.every(([key, value]) => STORED[key]?.test(value ?? ""));
}

// The program calls these until its first views are drawn; the stored pictures stay until then.
function untilFirstView() {
  return new Promise((keep) => {
    globalThis.masqueradeLoading = progress;
    globalThis.masqueradeShown = () => requestAnimationFrame(() => requestAnimationFrame(keep));
  });
}

function notice({ title, text }) {
  byId("notice-title").textContent = title;
  byId("notice-text").textContent = text;
  byId("notice").hidden = false;
}

function crash(title, details) {
  byId("crash-title").textContent = title;
  byId("crash-text").textContent = `${details}\n\nMasquerade ${build.version}\n${navigator.userAgent}\n${location.href}`;
  byId("first").hidden = true;
  byId("app").hidden = true;
  byId("crash").hidden = false;
}

// What a script may do with the page: commands and events are the program's own, in their JSON form.
function scripting(app) {
  return {
    ready: new Promise((keep) => app.when_ready(keep)),
    send: (command) => app.send(JSON.stringify(command)),
    on: (listener) => app.on((text) => listener(JSON.parse(text))),
    session: () => JSON.parse(app.session()),
  };
}

async function start({ js, wasm }) {
  byId("copy").onclick = () => navigator.clipboard.writeText(byId("crash-text").textContent);
  byId("reload").onclick = () => location.reload();
  byId("notice-close").onclick = () => (byId("notice").hidden = true);
  globalThis.masqueradePanic = (text) => crash("Masquerade has stopped", text);
  if ("AudioContext" in globalThis) globalThis.masqueradeSound = sound;

  byId("stored").hidden = byId("stored-note").hidden = !showsStored();
  if (!WebAssembly.validate(SIMD_PROBE)) {
    const versions = "Chrome and Edge have it since version 91, Firefox since 89, Safari since 16.4.";
    crash("This browser is too old for Masquerade", `It has no WebAssembly SIMD. ${versions}`);
    return;
  }
  describeGpu().then((missing) => missing && notice(missing));
  const [app, response] = await Promise.all([
    import(new URL(js, document.baseURI)),
    fetchCounted(new URL(wasm, document.baseURI), Number(build.pageSize) || 0, (done, total) =>
      progress("Loading the page", done, total),
    ),
  ]);
  await app.default({ module_or_path: response });
  window.masquerade = scripting(app);
  const shown = untilFirstView();
  await app.start(byId("app"), build.version, Number(build.engineSize) || 0);
  await shown;
  byId("first").hidden = true;
  byId("app").focus();
  watchForUpdates(byId("update"), byId("update-now"));
}

start(document.querySelector("script[data-wasm]").dataset).catch((error) =>
  crash("Masquerade could not start", String(error?.stack ?? error)),
);
