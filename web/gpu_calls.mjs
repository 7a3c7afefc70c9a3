// Counts the WebGPU calls of this thread, for the engine's report of what a training step costs.

const calls = { dispatches: 0, submits: 0, pipelines: 0, buffers: 0, bytesUp: 0, bytesBack: 0, kernels: {} };
globalThis.webgpuCalls = calls;

/// Call `count` after each call of a method, with the object, its arguments in a list and the result.
function after(type, method, count) {
  const original = type?.prototype[method];
  if (!original) return;
  type.prototype[method] = function (...given) {
    const result = original.apply(this, given);
    count(this, given, result);
    return result;
  };
}

const { GPUComputePassEncoder, GPUQueue, GPUDevice, GPUBuffer } = globalThis;

// The name of a kernel: its label without the number that tells variants apart or, where all are called "main", the first
// line of its text. From the shader it goes to the pipeline, and from there to the pass that runs it.
const names = new WeakMap();
after(GPUDevice, "createShaderModule", (_, [{ label, code }], shader) => {
  const line = /^\/\/ (\w+)\n/.exec(code)?.[1];
  names.set(shader, line ?? label?.replace(/_[0-9a-f]{8}$/, "") ?? "");
});
for (const method of ["createComputePipeline", "createComputePipelineAsync"]) {
  after(GPUDevice, method, async (_, [{ compute }], pipeline) => {
    calls.pipelines += 1;
    names.set(pipeline, names.get(compute.module));
    if (pipeline instanceof Promise) names.set(await pipeline, names.get(compute.module));
  });
}
after(GPUComputePassEncoder, "setPipeline", (pass, [pipeline]) => names.set(pass, names.get(pipeline)));
for (const method of ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"]) {
  after(GPUComputePassEncoder, method, (pass) => {
    const name = names.get(pass);
    calls.dispatches += 1;
    calls.kernels[name] = (calls.kernels[name] ?? 0) + 1;
  });
}

after(GPUQueue, "submit", () => (calls.submits += 1));
after(GPUQueue, "writeBuffer", (_, [_buffer, _offset, data, start = 0, size = undefined]) => {
  const element = data.BYTES_PER_ELEMENT ?? 1;
  calls.bytesUp += size === undefined ? data.byteLength - start * element : size * element;
});
after(GPUDevice, "createBuffer", (_, [{ size, mappedAtCreation }]) => {
  calls.buffers += 1;
  // Data that is written into a new buffer before the GPU has it goes up too.
  if (mappedAtCreation) calls.bytesUp += size;
});
const READ = 1;
after(GPUBuffer, "mapAsync", (buffer, [mode, offset = 0, size = buffer.size - offset]) => (calls.bytesBack += mode & READ ? size : 0));
