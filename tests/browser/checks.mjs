// What must hold for the page in a real browser. Each check gets {gpu, plain} browsers and the page's address.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Masquerade, open, PATIENCE, ready, started } from "./masquerade.mjs";

const MICRO = "v=1&x=mae&p=micro&data=fashion-mnist&seed=7&stored=0";
/// The same with more steps than a test waits for.
const LONG = `${MICRO}&steps=100000&warmup=0`;
const FIXTURES = "tests/fixtures";
/// The systems that are built, and a drawn data set of each kind.
const BUILT = JSON.parse(readFileSync("engine/catalogue.json")).filter((card) => card.built);
const DRAWN = { pictures: "shapes", clouds: "solids", graphs: "blocks", vectors: "spiral", scenes: "places" };
const TOLERANCE = 1e-4;

/// For checks that answer a request themselves: a service worker that takes over in between would answer it first.
const UNCACHED = { serviceWorkers: "block" };

const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

function assertFalls(losses) {
  assert.ok(losses.every(Number.isFinite), `a loss is not a number: ${losses}`);
  const [first, last] = [mean(losses.slice(0, 5)), mean(losses.slice(-5))];
  assert.ok(last < 0.97 * first, `the loss does not fall: ${first} at first, ${last} at last`);
}

/// A message on this channel takes the GPU from the engine, or ends the engine as a panic does.
const TAKE_AWAY = `
const devices = [];
const request = globalThis.GPUAdapter?.prototype.requestDevice;
if (request) {
  GPUAdapter.prototype.requestDevice = async function (...given) {
    const device = await request.apply(this, given);
    devices.push(device);
    return device;
  };
}
new BroadcastChannel("take away").onmessage = ({ data }) => {
  if (data === "device") devices.splice(0).forEach((device) => device.destroy());
  else globalThis.masqueradePanic("ended on purpose");
};
`;

/// Milliseconds after which a run that trains has been copied: the engine does so every ten seconds.
const COPIED = 12_000;

/// Train for longer than a copy takes to be due; the step reached and the first loss.
async function trainUntilCopied(app) {
  const [first] = await app.train(1);
  const from = await app.page.evaluate(() => window.seen.length);
  await app.send("play");
  await app.page.waitForTimeout(COPIED);
  const { step } = await app.wait("progress", () => true, null, from);
  await app.wait("progress", (progress, step) => progress.step > step, step + 1, from);
  return { step: (await app.session()).step, first };
}

/// A cloud of 96 points as a PLY file.
function cloud(seed) {
  const points = Array.from({ length: 96 }, (_, i) => [0, 1, 2].map((axis) => Math.sin((i + 1) * (axis + 1.3) + seed).toFixed(4)).join(" "));
  const properties = ["x", "y", "z"].map((axis) => `property float ${axis}\n`).join("");
  return `ply\nformat ascii 1.0\nelement vertex ${points.length}\n${properties}end_header\n${points.join("\n")}\n`;
}

/// A folder of twelve clouds of two classes, deep in it, among what systems leave in folders.
function folderOfClouds() {
  const folder = mkdtempSync(join(tmpdir(), "clouds-"));
  for (let i = 0; i < 12; i += 1) {
    const place = join(folder, "all", "deep", i % 2 ? "odd" : "even");
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `${i}.ply`), cloud(i));
    writeFileSync(join(place, `._${i}.ply`), "of another system");
  }
  writeFileSync(join(folder, "all", ".DS_Store"), "hidden");
  writeFileSync(join(folder, "all", "notes.txt"), "no cloud");
  return folder;
}

async function trains(browser, address, device) {
  const app = await open(browser, address, { hash: MICRO, query: device });
  const report = await app.ask("describe_device", "device");
  assert.equal(report.gpu, device === "gpu", report.reason);
  assertFalls(await app.train(device === "gpu" ? 15 : 60));
  assert.deepEqual(app.complaints, []);
  await app.close();
}

/// The benchmark page at this address, ready to run.
async function benchmark(browser, address) {
  const page = await (await browser.newContext(UNCACHED)).newPage();
  page.setDefaultTimeout(240_000);
  await page.goto(address);
  await page.waitForFunction(() => window.peerReady || window.peerError);
  assert.equal(await page.evaluate(() => window.peerError), undefined);
  return page;
}

export const checks = {
  async "opens and draws, from a sub-path of a plain server"({ plain, server }) {
    const app = await open(plain, server.address);
    await app.look(["input"]);
    assert.equal(await app.page.locator("#first").isVisible(), false);
    assert.equal(await app.page.locator("#app").isVisible(), true);
    const frame = await app.page.locator("#app").screenshot();
    assert.ok(frame.length > 5_000, "the canvas is empty");
    assert.deepEqual(app.complaints, []);
    assert.deepEqual(server.outside, []);
    await app.close();
  },

  async "says why there is no WebGPU, and computes on the CPU"({ plain, server }) {
    const app = await open(plain, server.address);
    assert.match(await app.page.locator("#notice").innerText(), /WebGPU[\s\S]*CPU/);
    const device = await app.ask("describe_device", "device");
    assert.equal(device.gpu, false);
    assert.notEqual(device.reason, "");
    await app.close();
  },

  async "trains on the CPU"({ plain, server }) {
    await trains(plain, server.address, "cpu");
  },

  async "trains with WGSL kernels"({ gpu, server }) {
    await trains(gpu, server.address, "gpu");
  },

  async "a painted mask changes the reconstruction"({ plain, server }) {
    const app = await open(plain, server.address, { hash: MICRO, query: "cpu" });
    const before = await app.look(["mask", "reconstruction"]);
    const hidden = before.mask.kind.mask.hidden.map((h) => !h);
    // As many hidden as the rule hides, so that only their places differ.
    const wanted = before.mask.kind.mask.hidden.filter(Boolean).length;
    for (let i = 0; hidden.filter(Boolean).length < wanted; i++) hidden[i] = true;
    await app.show({ painted: { [before.mask.grid]: hidden } });
    const after = await app.look(["mask", "reconstruction"]);
    assert.deepEqual(after.mask.kind.mask.hidden, hidden);
    assert.notDeepEqual(after.reconstruction.kind.picture.rgba, before.reconstruction.kind.picture.rgba);
    await app.close();
  },

  async "a link opened in a fresh profile gives the same mask and the same first loss"({ plain, server }) {
    const sharer = await open(plain, server.address, { hash: MICRO, query: "cpu" });
    const { mask } = await sharer.look(["mask"]);
    const painted = mask.kind.mask.hidden.map((_, token) => token % 4 !== 1);
    await sharer.show({ painted: { [mask.grid]: painted } });
    const [loss] = await sharer.train(1);
    await sharer.page.waitForFunction(() => location.hash.includes("mask="));
    const hash = (await sharer.page.evaluate(() => location.hash)).slice(1).replace(/&(step|loss)=[^&]*/g, "");
    await sharer.close();

    const reader = await open(plain, server.address, { hash, query: "cpu" });
    assert.deepEqual((await reader.look(["mask"])).mask.kind.mask.hidden, painted);
    const [again] = await reader.train(1);
    assert.ok(Math.abs(again - loss) < TOLERANCE, `first loss ${loss} there, ${again} here`);
    await reader.close();
  },

  async "reproduces the reference numbers of every system"({ plain, server }) {
    const app = await open(plain, server.address, { query: "cpu" });
    for (const { id } of BUILT) {
      const folder = join(FIXTURES, id);
      const files = readdirSync(folder).filter((name) => /\.(json|safetensors)$/.test(name));
      const verify = files.map((name) => ({ name, bytes: [...readFileSync(join(folder, name))] }));
      const { system, lines } = await app.ask({ verify }, "verified");
      assert.equal(system, id);
      assert.ok(lines.length > 0, id);
      assert.deepEqual(lines.filter((line) => !line.ok), [], id);
    }
    await app.close();
  },

  async "trains and shows every system"({ plain, server }) {
    for (const { id, kind } of BUILT) {
      const hash = `v=1&x=${id}&p=micro&data=${DRAWN[kind]}&seed=7&stored=0`;
      const app = await open(plain, server.address, { query: "cpu", hash });
      // Opened once more, because the first time may be over before anybody listens.
      const { model } = await app.ask("reset", "opened", (opened, id) => opened.session.method === id, id);
      const ids = model.views.map(([view]) => view);
      const losses = await app.train(4);
      assert.ok(losses.length === 4 && losses.every(Number.isFinite), `${id}: ${losses}`);
      const views = await app.look(ids);
      assert.deepEqual(Object.keys(views).sort(), [...ids].sort(), id);
      assert.deepEqual(app.complaints, [], id);
      await app.close();
    }
  },

  async "trains on clouds and graphs of one's own"({ plain, server }) {
    const bytes = (text) => [...Buffer.from(text)];
    const own = {
      pointcmae: Array.from({ length: 12 }, (_, i) => ({ name: `${i % 2 ? "odd" : "even"}/${i}.ply`, bytes: bytes(cloud(i)) })),
      graphmae: [
        { name: "edges.csv", bytes: bytes(Array.from({ length: 40 }, (_, i) => `${i},${(i * 7 + 1) % 40}\n`).join("")) },
        { name: "nodes.csv", bytes: bytes(`id,a,b,class\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 3},${i % 5},${i % 2 ? "x" : "y"}\n`).join("")}`) },
      ],
    };
    for (const [id, files] of Object.entries(own)) {
      const app = await open(plain, server.address, { query: "cpu", hash: `v=1&x=${id}&p=micro&seed=7&stored=0` });
      const { data } = await app.ask({ add_user_data: { files } }, "opened", (opened) => opened.data.id === "folder");
      assert.ok(data.samples > 0, id);
      const losses = await app.train(3);
      assert.ok(losses.length === 3 && losses.every(Number.isFinite), `${id}: ${losses}`);
      await app.close();
    }
  },

  async "reads a folder that is dropped, with all that lies in it"({ plain, server }) {
    const folder = folderOfClouds();
    const app = await open(plain, server.address, { query: "cpu", hash: "v=1&x=pointcmae&p=micro&seed=7&stored=0" });
    // The browser takes a drop only once it has drawn the page.
    await app.train(1);
    const from = await app.page.evaluate(() => window.seen.length);
    const browser = await app.page.context().newCDPSession(app.page);
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      const data = { items: [], files: [folder], dragOperationsMask: 1 };
      await browser.send("Input.dispatchDragEvent", { type, x: 640, y: 400, data });
    }
    const { data } = await app.wait("opened", (opened) => opened.data.id === "folder", null, from);
    assert.deepEqual(data.classes, ["even", "odd"]);
    assert.deepEqual(data.class_sizes, [6, 6]);
    assert.deepEqual(data.skipped.map(([name]) => name), ["all/notes.txt"]);
    // The command line says the same of it.
    const program = join(process.env.CARGO_TARGET_DIR ?? "target", "release/masquerade");
    const { read } = JSON.parse(execFileSync(program, ["data", folder, "--json"], { stdio: ["ignore", "pipe", "ignore"] }));
    assert.deepEqual(read.find(({ kind }) => kind === "clouds").report, data);
    await app.close();
    rmSync(folder, { recursive: true });
  },

  async "fetches a data set, waits where the source asks for it, keeps what is whole and trains on it"({ plain, server }) {
    const rows = Array.from({ length: 30 }, (_, i) => `${(i % 7) / 2},${(i * 5) % 11},${i % 2}\n`).join("");
    const [iris, wine] = ["30,2,round,square", "30,2,red,white"].map((head) => Buffer.from(`${head}\n${rows}`));
    // The list with other files, and the source, which is busy at first and has a wrong second file.
    const file = (name, bytes) => [0, name, name, bytes.length, createHash("sha256").update(bytes).digest("hex"), "", ""];
    const list = async (route) => {
      const response = await route.fetch();
      const sets = await response.json();
      Object.assign(sets.find((set) => set.id === "tables"), { files: [file("iris.csv", iris), file("wine_data.csv", wine)] });
      await route.fulfill({ response, json: sets });
    };
    const asked = [];
    const source = async (route) => {
      const name = route.request().url().split("/").pop();
      asked.push({ name, at: performance.now() });
      const headers = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after", "retry-after": "2" };
      if (asked.length === 1) await route.fulfill({ status: 429, headers });
      else await route.fulfill({ status: 200, headers, body: name === "iris.csv" ? iris : Buffer.from("another file") });
    };
    const routes = [["**/sets/sets.json", list], ["https://raw.githubusercontent.com/**", source], ["https://cdn.jsdelivr.net/**", source]];
    const app = await open(plain, server.address, { query: "cpu", hash: "v=1&x=rae&p=micro&data=spiral&seed=7&stored=0", routes });
    await app.train(1);

    const fetched = await app.ask({ fetch: { set: "iris" } }, "fetched");
    assert.deepEqual([fetched.set, fetched.here, fetched.of], ["tables", 1, 2]);
    assert.match(JSON.stringify(fetched.failed), /wine_data.csv.*SHA-256/);
    // The first again after the wait; of the second also from the mirror.
    assert.deepEqual(asked.map(({ name }) => name), ["iris.csv", "iris.csv", "wine_data.csv", "wine_data.csv"]);
    assert.ok(asked[1].at - asked[0].at > 1900, "the source is asked again before it said");

    // It outlives the page.
    await app.page.reload();
    await started(app.page);
    await app.page.evaluate(() => {
      window.seen = [];
      window.masquerade.on((event) => window.seen.push(event));
    });
    await ready(app.page);
    const sets = await app.ask("list_sets", "sets");
    assert.equal(sets.find((set) => set.id === "tables").here, 1);
    const { data } = await app.ask({ show: { ...(await app.session()), data: "iris" } }, "opened", (opened) => opened.data.id === "iris");
    assert.deepEqual([data.samples + data.test_samples, data.classes], [30, ["round", "square"]]);
    const losses = await app.train(3);
    assert.ok(losses.length === 3 && losses.every(Number.isFinite), `${losses}`);
    assert.equal(asked.length, 4, "what is here is fetched again");
    await app.close();
  },

  async "keeps the session in the address, and Back undoes"({ plain, server }) {
    const app = await open(plain, server.address, { query: "cpu" });
    await app.page.waitForFunction(() => location.hash.includes("x="));
    await app.show({ sample: 3 });
    await app.page.waitForFunction(() => location.hash.includes("sample=3"));
    await app.page.goBack();
    await app.page.waitForFunction(() => window.masquerade.session().sample === 0);
    await app.close();
  },

  async "starts another engine when the engine cannot be loaded, and says so"({ plain, server }) {
    const context = await plain.newContext(UNCACHED);
    const page = await context.newPage();
    // The answer waits until somebody listens, since the loss is told once; only the first engine gets it.
    let listening;
    const heard = new Promise((keep) => (listening = keep));
    const refuse = async (route) => {
      await heard;
      await route.fulfill({ status: 404 });
    };
    await page.route("**/worker_bg.wasm*", refuse, { times: 1 });
    await page.goto(server.address);
    await started(page);
    await page.evaluate(() => {
      window.lost = new Promise((keep) => window.masquerade.on((event) => event.lost && keep(event.lost)));
    });
    listening();
    const lost = await page.evaluate(() => window.lost);
    assert.match(lost.report.why, /404/);
    await page.evaluate(() => window.masquerade.ready);
    await context.close();
  },

  async "goes on from its last copy when the GPU is lost"({ gpu, server }) {
    const app = await open(gpu, server.address, { hash: LONG, query: "gpu", inWorker: TAKE_AWAY });
    const before = await trainUntilCopied(app);
    const from = await app.page.evaluate(() => window.seen.length);
    await app.page.evaluate(() => new BroadcastChannel("take away").postMessage("device"));
    const report = await app.wait("recovered", () => true, null, from);
    assert.match(report.what_to_do, /from step [1-9]/);
    // It was training, and still is.
    const after = await app.wait("progress", (progress, step) => progress.step > step, before.step + 5, from);
    assert.ok(after.losses.every((point) => point.total < before.first), `the loss starts anew at ${before.first}`);
    await app.close();
  },

  async "goes on from its last copy when the engine has ended"({ plain, server }) {
    const app = await open(plain, server.address, { hash: LONG, query: "cpu", inWorker: TAKE_AWAY });
    await trainUntilCopied(app);
    const from = await app.page.evaluate(() => window.seen.length);
    await app.page.evaluate(() => new BroadcastChannel("take away").postMessage("engine"));
    const lost = await app.wait("lost", () => true, null, from);
    assert.match(lost.report.why, /on purpose/);
    // The events after the loss: a new engine, and the session where its copy was made.
    await app.page.waitForFunction((from) => window.seen.slice(from).some((event) => event.opened?.session.step > 0), from);
    await app.close();
  },

  async "computes with the kernels that were asked for, also after the engine has ended"({ plain, server }) {
    const app = await open(plain, server.address, { hash: LONG, query: "cpu&kernels=stock", inWorker: TAKE_AWAY });
    assert.equal((await app.ask("describe_device", "device")).kernels, "stock");
    const [stock] = await app.train(1);
    assert.equal((await app.ask({ use_kernels: "fused" }, "device")).kernels, "fused");
    await app.ask("reset", "opened");
    const { losses } = await app.ask({ step: 1 }, "progress", (progress) => progress.step === 1);
    const fused = losses[0].total;
    assert.ok(Math.abs(fused - stock) < TOLERANCE * stock, `${fused} by fused kernels, ${stock} by stock ones`);
    assert.equal((await app.ask({ use_kernels: "stock" }, "device")).kernels, "stock");
    const from = await app.page.evaluate(() => window.seen.length);
    await app.page.evaluate(() => new BroadcastChannel("take away").postMessage("engine"));
    await app.wait("lost", () => true, null, from);
    await app.page.waitForFunction((from) => window.seen.slice(from).some((event) => event.ready?.device.kernels === "stock"), from);
    await app.close();
  },

  async "the benchmark page computes the right answer on the CPU and shows it"({ plain, server }) {
    const page = await benchmark(plain, `${server.address}bench.html?device=cpu`);
    await page.getByLabel("Run Similarity map of 14 × 14 tokens").click();
    await page.getByText(/8\.2048\d+ ✓/).waitFor({ timeout: 60_000 });
    assert.match(await page.locator("#state").innerText(), /CPU/);
    await page.context().close();
  },

  async "the benchmark page counts what a training step asks of the GPU"({ gpu, server }) {
    const page = await benchmark(gpu, `${server.address}bench.html?inline&device=gpu`);
    const map = await page.evaluate(() => window.runWorkload("w5-simmap-14", { warmup: 1, reps: 2 }));
    assert.ok(Math.abs(map.check / 8.2048293 - 1) < 2e-4, `${map.check}`);
    assert.equal(map.ms.length, 2);
    const step = await page.evaluate(() => window.measureStep());
    assert.ok(step.submits <= 4 && step.dispatches > 100 && step.dispatches < 400, JSON.stringify(step));
    assert.equal(step.launches.reduce((sum, [, count]) => sum + count, 0), step.dispatches);
    assert.ok(step.launches.some(([name]) => name === "layer_norm") && !step.launches.some(([name]) => /^(main|undefined)?$/.test(name)));
    assert.ok(step.bytes_up >= 64 * 32 * 32 * 3, `the pictures went up in ${step.bytes_up} bytes`);
    await page.context().close();
  },

  async "shows the stored picture first, and a crash page that can be copied"({ plain, server }) {
    const context = await plain.newContext(UNCACHED);
    const page = await context.newPage();
    await page.route("**/masquerade_bg.wasm*", (route) => route.fulfill({ status: 503 }));
    await page.goto(server.address);
    assert.match(await page.locator("#first h1").innerText(), /Masquerade/);
    await page.locator("#crash").waitFor();
    assert.match(await page.locator("#crash-text").innerText(), /503/);
    assert.equal(await page.locator("#copy").isEnabled(), true);
    await context.close();
  },

  async "the stored pictures are the ones that come up live, and stay until then"({ plain, server }) {
    const context = await plain.newContext(UNCACHED);
    const page = await context.newPage();
    // Listen from the moment the program can be listened to: its first views may come before a test looks.
    await page.addInitScript(() => {
      window.seen = [];
      let app;
      const listen = (event) => {
        if (event.views) window.heldUntilViews ??= !document.getElementById("first").hidden;
        window.seen.push(event);
      };
      Object.defineProperty(window, "masquerade", { get: () => app, set: (made) => (app = made).on(listen) });
    });
    await page.goto(`${server.address}?device=cpu`);
    await started(page);
    const stored = await page.evaluate(() =>
      Promise.all(
        [...document.querySelectorAll("#stored img")].map(async (image) => {
          await image.decode();
          const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
          const drawing = canvas.getContext("2d");
          drawing.drawImage(image, 0, 0);
          const { data, width, height } = drawing.getImageData(0, 0, canvas.width, canvas.height);
          return { id: image.src.match(/([^/]*)\.png$/)[1], width, height, rgba: [...data] };
        }),
      ),
    );
    await ready(page);
    await page.waitForFunction(() => window.heldUntilViews !== undefined, null, { timeout: PATIENCE });
    assert.equal(await page.evaluate(() => window.heldUntilViews), true);
    await page.locator("#first").waitFor({ state: "hidden" });

    const live = await new Masquerade(page, context, []).look(stored.map(({ id }) => id));
    const hidden = live.mask.kind.mask;
    for (const { id, width, height, rgba } of stored) {
      const clear = (x, y) => rgba[(y * width + x) * 4 + 3] === 0;
      const { picture, heat } = live[id].kind;
      if (picture) {
        assert.deepEqual([width, height], [picture.width, picture.height], id);
        const worst = Math.max(...picture.rgba.map((value, i) => Math.abs(value - rgba[i])));
        assert.ok(worst <= 3, `${id} differs by ${worst} of 255`);
      } else if (heat) {
        const undefinedAt = (token) => heat.undefined[token] ?? false;
        const [across, down] = [width / heat.columns, height / heat.rows];
        heat.values.forEach((_, token) => {
          const [x, y] = [(token % heat.columns) * across, Math.floor(token / heat.columns) * down];
          assert.equal(clear(x, y), undefinedAt(token), `${id} at ${token}`);
        });
      } else {
        const [down, across] = [height / hidden.rows, width / hidden.columns];
        const token = (x, y) => Math.floor(y / down) * hidden.columns + Math.floor(x / across);
        for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) assert.equal(clear(x, y), hidden.hidden[token(x, y)], id);
      }
    }
    await context.close();
  },

  // The last check: it stops its lane's server.
  async "opens again without a network"({ plain, server }) {
    const app = await open(plain, server.address, { query: "cpu" });
    await app.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) {
        await new Promise((keep) => navigator.serviceWorker.addEventListener("controllerchange", keep, { once: true }));
      }
    });
    await server.close();
    await app.page.reload();
    await started(app.page);
    await ready(app.page);
    await app.close();
  },
};
