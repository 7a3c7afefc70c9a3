// Finds out whether WebGPU can compute here and, if not, which of the four reasons it is and what to do.
// The answer is advice only: the engine looks for itself, in its worker, and computes on the CPU without a GPU.

const ON_CPU = "Everything works on the CPU meanwhile, more slowly.";

function howToEnable() {
  const agent = navigator.userAgent;
  if (/Firefox/.test(agent)) return "In Firefox, open about:config and set dom.webgpu.enabled to true, then reload.";
  if (/Chrome|Chromium|Edg/.test(agent)) {
    return "In Chrome or Edge, use version 113 or later; on Linux, open chrome://flags, enable “Unsafe WebGPU support” and restart.";
  }
  if (/Safari/.test(agent)) return "In Safari, use version 26 or later.";
  return "Use a current Chrome, Edge, Firefox or Safari.";
}

/// `{title, text}` of why there is no GPU, or null where there is one or none is wanted.
export async function describeGpu() {
  if (new URLSearchParams(location.search).get("device") === "cpu") return null;
  if (!navigator.gpu) {
    const secure = globalThis.isSecureContext ? howToEnable() : "Open the page over https or from localhost.";
    return { title: "No WebGPU in this browser", text: `${secure} ${ON_CPU}` };
  }
  let adapter = null;
  try {
    adapter = await navigator.gpu.requestAdapter();
  } catch (error) {
    return { title: "WebGPU did not answer", text: `${error.message}. ${ON_CPU}` };
  }
  if (!adapter) {
    const text = `The browser knows WebGPU but offers no graphics processor: it may be blocked for this driver, or hardware acceleration is off in the settings. ${ON_CPU}`;
    return { title: "No graphics processor for WebGPU", text };
  }
  try {
    const device = await adapter.requestDevice();
    device.destroy();
  } catch (error) {
    return { title: "The graphics processor refused", text: `${error.message}. Close other pages that use it, then reload. ${ON_CPU}` };
  }
  return null;
}
