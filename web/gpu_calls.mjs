// Counts the WebGPU calls of this thread, for the engine's report of what a training step costs.

const calls = { dispatches: 0, submits: 0, pipelines: 0, bytesUp: 0, bytesBack: 0 };
globalThis.webgpuCalls = calls;

function before(type, method, count) {
  const original = type?.prototype[method];
  if (!original) return;
  type.prototype[method] = function (...given) {
    count(this, ...given);
    return original.apply(this, given);
  };
}

const { GPUComputePassEncoder, GPUQueue, GPUDevice, GPUBuffer } = globalThis;
for (const method of ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"]) {
  before(GPUComputePassEncoder, method, () => (calls.dispatches += 1));
}
for (const method of ["createComputePipeline", "createComputePipelineAsync"]) {
  before(GPUDevice, method, () => (calls.pipelines += 1));
}
before(GPUQueue, "submit", () => (calls.submits += 1));
before(GPUQueue, "writeBuffer", (_, _buffer, _offset, data, start = 0, size = undefined) => {
  const element = data.BYTES_PER_ELEMENT ?? 1;
  calls.bytesUp += size === undefined ? data.byteLength - start * element : size * element;
});
// Data that is written into a new buffer before the GPU has it goes up too.
before(GPUDevice, "createBuffer", (_, descriptor) => (calls.bytesUp += descriptor.mappedAtCreation ? descriptor.size : 0));
const READ = 1;
before(GPUBuffer, "mapAsync", (buffer, mode, offset = 0, size = buffer.size - offset) => (calls.bytesBack += mode & READ ? size : 0));
