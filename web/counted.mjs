// Fetching WebAssembly with a count of the bytes.

/// A response for `module_or_path`; `onBytes(done, total)` is called as the bytes come. `total` is the size of the plain
/// file, known from the build: a server may send it packed, and then its own length is not that of what arrives here.
export async function fetchCounted(address, total, onBytes) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: the server answered ${response.status}`);
  let done = 0;
  const count = new TransformStream({
    transform(chunk, out) {
      done += chunk.byteLength;
      onBytes(done, total);
      out.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(count), { headers: { "content-type": "application/wasm" } });
}
