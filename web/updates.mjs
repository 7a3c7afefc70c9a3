// Keeps the page usable without a network, and says when a newer version is there.

/// Register the service worker; show `banner` when a newer version waits, load it when `button` is pressed.
export async function watchForUpdates(banner, button) {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("./sw.js", { updateViaCache: "none" });
  let wanted = false;
  const offer = (waiting) => {
    banner.hidden = false;
    button.onclick = () => {
      wanted = true;
      waiting.postMessage("activate");
    };
  };
  // The very first worker replaces nothing, so it is no news.
  const isUpdate = () => navigator.serviceWorker.controller !== null;
  if (registration.waiting && isUpdate()) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => coming.state === "installed" && isUpdate() && offer(coming));
  });
  navigator.serviceWorker.addEventListener("controllerchange", () => wanted && location.reload());
}
