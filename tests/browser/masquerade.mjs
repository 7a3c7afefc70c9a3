// The page as a test drives it: through window.masquerade, as any script may.

import { strict as assert } from "node:assert";

/// Milliseconds for the slowest single answer: the first training step on a software GPU compiles every kernel.
export const PATIENCE = 240_000;

/// Open the page in a fresh profile and wait for the engine. `hash` is a link text, `query` a device choice, `inWorker` a script
/// that runs in the engine's worker before the engine, `routes` answers requests by their addresses in place of the network.
export async function open(browser, address, { hash = "", query = "", inWorker = "", routes = [] } = {}) {
  // A service worker that takes over would answer in place of the routes below.
  const serviceWorkers = inWorker || routes.length ? "block" : "allow";
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, serviceWorkers });
  for (const [pattern, answer] of routes) await context.route(pattern, answer);
  if (inWorker) {
    await context.route("**/gpu_calls.mjs*", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${await response.text()}\n${inWorker}` });
    });
  }
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
  await page.goto(`${address}${query && `?device=${query}`}${hash && `#${hash}`}`);
  await started(page);
  await page.evaluate(() => {
    window.seen = [];
    window.masquerade.on((event) => window.seen.push(event));
  });
  await ready(page);
  return new Masquerade(page, context, complaints);
}

/// Wait for the engine, and fail with its words if it is lost instead.
export async function ready(page) {
  const lost = await page.evaluate(() => {
    const lost = new Promise((keep) => window.masquerade.on((event) => event.lost && keep(event.lost.report.why)));
    return Promise.race([lost, window.masquerade.ready.then(() => null)]);
  });
  assert.equal(lost, null, "the engine was lost");
}

/// Wait for the program, and fail with the crash page's text if that comes instead.
export async function started(page) {
  await page.waitForFunction(() => window.masquerade || !document.getElementById("crash").hidden, null, { timeout: PATIENCE });
  assert.equal(await page.locator("#crash-text").textContent(), "", "the page crashed");
}

/// A page that is open; its events are in `window.seen`.
export class Masquerade {
  constructor(page, context, complaints) {
    Object.assign(this, { page, context, complaints });
  }

  send(command) {
    return this.page.evaluate((c) => window.masquerade.send(c), command);
  }

  session() {
    return this.page.evaluate(() => window.masquerade.session());
  }

  /// Show the session with some of its fields changed.
  async show(change) {
    return this.send({ show: { ...(await this.session()), ...change } });
  }

  /// Send a command and wait for the first event of this kind after it for which `accept` (of the page) holds.
  async ask(command, kind, accept = () => true, argument = null) {
    const from = await this.page.evaluate(() => window.seen.length);
    await this.send(command);
    return this.wait(kind, accept, argument, from);
  }

  async wait(kind, accept = () => true, argument = null, from = 0) {
    const found = await this.page.waitForFunction(
      ({ kind, accept, argument, from }) => {
        const test = new Function(`return (${accept})`)();
        const events = window.seen.slice(from);
        const failure = events.find((event) => event.error ?? event.lost);
        return failure && kind !== "lost" ? { failure } : events.find((event) => event[kind] && test(event[kind], argument));
      },
      { kind, accept: String(accept), argument, from },
      { timeout: PATIENCE, polling: 100 },
    );
    const event = await found.jsonValue();
    assert.ok(!event.failure, `the engine refused: ${JSON.stringify(event.failure)}`);
    return event[kind];
  }

  /// Train `count` steps and return their losses in order.
  async train(count) {
    const from = await this.page.evaluate(() => window.seen.length);
    const last = (await this.session()).step + count;
    await this.send({ step: count });
    await this.wait("progress", (progress, last) => progress.step >= last, last, from);
    return this.page.evaluate(
      (from) => window.seen.slice(from).flatMap((event) => event.progress?.losses ?? []).map((point) => point.total),
      from,
    );
  }

  /// The views of these ids, by id, for the picture on the stage.
  async look(ids) {
    const request = Math.floor(Math.random() * 1e9) + 1e9;
    const look = { look: { request, views: ids, cursor: null } };
    const answer = await this.ask(look, "views", (views, request) => views.request === request, request);
    return Object.fromEntries(answer.views.map((view) => [view.id, view]));
  }

  close() {
    return this.context.close();
  }
}
