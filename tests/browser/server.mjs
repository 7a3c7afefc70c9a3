// A plain file server on this computer, for the tests: no special headers, files under a sub-path only.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/// Serve `folder` under `prefix` (`/some/where/`). `outside` lists the requests that left the prefix: there should be none.
export async function serve(folder, prefix) {
  const outside = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    if (!path.startsWith(prefix)) {
      outside.push(path);
      response.writeHead(404).end();
      return;
    }
    const inside = normalize(path.slice(prefix.length)).replace(/^(\.\.[/\\])+/, "");
    const file = join(folder, inside === "." ? "index.html" : inside);
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-length": found.size });
    createReadStream(file).pipe(response);
  });
  await new Promise((keep) => server.listen(0, "127.0.0.1", keep));
  const address = `http://localhost:${server.address().port}${prefix}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((keep) => server.close(keep));
  };
  return { address, outside, close };
}
