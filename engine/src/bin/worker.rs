//! The engine's browser process: commands in, events out, as bytes. Natively empty; the desktop uses a thread.
//!
//! `web/worker.mjs` loads this module in a dedicated worker, calls [`browser::run`] once and [`browser::receive`] for
//! every message of the page. The worker owns its own device, so a panic or a lost GPU ends the worker and not the
//! page.

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

#[cfg(target_arch = "wasm32")]
fn main() {
    constructors::run();
    browser::report_panics();
}

/// What dependencies register before a program starts. Unless the program runs these constructors itself, the linker
/// has all of them run again at every call from JavaScript, every allocation for a string among them.
#[cfg(target_arch = "wasm32")]
mod constructors {
    #[allow(unsafe_code)]
    pub fn run() {
        unsafe extern "C" {
            fn __wasm_call_ctors();
        }
        // SAFETY: the linker makes this function; it takes and returns nothing and may run more than once.
        unsafe { __wasm_call_ctors() }
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::future::poll_fn;
    use std::task::{Poll, Waker};

    use js_sys::{Function, Promise, Uint8Array};
    use masquerade_engine::bench::Bench;
    use masquerade_engine::device;
    use masquerade_engine::error::Error;
    use masquerade_engine::host::Host;
    use masquerade_engine::kernels::choice;
    use masquerade_engine::session::{Command, DeviceChoice, Event, decode, encode};
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::JsFuture;

    thread_local! {
        static INBOX: RefCell<VecDeque<Vec<u8>>> = const { RefCell::new(VecDeque::new()) };
        static WAKER: RefCell<Option<Waker>> = const { RefCell::new(None) };
        static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
    }

    #[wasm_bindgen]
    extern "C" {
        /// Set by the shim before the module starts, so that a panic at any time reaches the page.
        #[wasm_bindgen(js_namespace = globalThis, js_name = masqueradePanic)]
        fn tell_panic(text: &str);
    }

    /// Send the text of a panic to the page before the module traps.
    pub fn report_panics() {
        std::panic::set_hook(Box::new(|info| tell_panic(&info.to_string())));
    }

    /// Take one encoded [`Command`] of the page.
    #[wasm_bindgen]
    pub fn receive(bytes: Vec<u8>) {
        INBOX.with_borrow_mut(|inbox| inbox.push_back(bytes));
        if let Some(waker) = WAKER.take() {
            waker.wake();
        }
    }

    /// Run the engine until it is closed.
    ///
    /// `choice` is `auto`, `gpu` or `cpu`; `post` takes an encoded [`Event`]; `macrotask` returns a promise that is
    /// kept after the browser has had a turn: without it no message would arrive while a run trains.
    #[wasm_bindgen]
    pub async fn run(choice: String, post: Function, macrotask: Function) {
        let events = post.clone();
        let mut host = Host::new(device_choice(&choice), move |event| send(&events, &event));
        host.start().await;
        loop {
            while let Some(bytes) = INBOX.with_borrow_mut(VecDeque::pop_front) {
                match decode(&bytes) {
                    Ok(Command::Close) => return,
                    Ok(command) => host.handle(command).await,
                    Err(error) => send(&post, &Event::Error(error.report())),
                }
            }
            if host.tick().await {
                turn(&macrotask).await;
            } else {
                next_message().await;
            }
        }
    }

    /// Time one workload (see [`Bench::run`]) and return the report as JSON. What is prepared stays for the next call.
    ///
    /// `choice` is as for [`run`] and counts in the first call only. The page waits for one call before the next: two
    /// at once would time each other.
    ///
    /// # Errors
    /// The text of the report when the device cannot be had or is lost.
    #[wasm_bindgen]
    pub async fn bench(
        choice: String,
        name: String,
        warmup: u32,
        repeats: u32,
        max_ms: f64,
    ) -> Result<String, JsValue> {
        let mut bench = prepared(&choice).await?;
        let report = bench.run(&name, warmup, repeats, max_ms).await;
        BENCH.set(Some(bench));
        json(report)
    }

    /// What one training step costs (see [`Bench::step`]), as JSON; otherwise as [`bench`].
    ///
    /// # Errors
    /// As [`bench`].
    #[wasm_bindgen]
    pub async fn measure_step(choice: String) -> Result<String, JsValue> {
        let bench = prepared(&choice).await?;
        let report = bench.step().await;
        BENCH.set(Some(bench));
        json(report)
    }

    async fn prepared(choice: &str) -> Result<Bench, JsValue> {
        match BENCH.take() {
            Some(bench) => Ok(bench),
            None => Ok(Bench::new(device::open(device_choice(choice)).await.map_err(|error| told(&error))?)),
        }
    }

    fn told(error: &Error) -> JsValue {
        JsValue::from_str(&error.to_string())
    }

    fn json(report: Result<impl serde::Serialize, Error>) -> Result<String, JsValue> {
        let report = report.map_err(|error| told(&error))?;
        serde_json::to_string(&report).map_err(|error| JsValue::from_str(&error.to_string()))
    }

    /// Compute by burn's own operations instead of this program's kernels.
    #[wasm_bindgen]
    pub fn use_stock_kernels() {
        choice::use_stock(true);
    }

    fn device_choice(text: &str) -> DeviceChoice {
        match text {
            "cpu" => DeviceChoice::Cpu,
            "gpu" => DeviceChoice::Gpu,
            _ => DeviceChoice::Auto,
        }
    }

    fn send(post: &Function, event: &Event) {
        let bytes = encode(event).or_else(|error| encode(&Event::Error(error.report())));
        if let Ok(bytes) = bytes {
            // A refused message means that the page is gone, and then nobody listens.
            let _ = post.call1(&JsValue::NULL, &Uint8Array::from(bytes.as_slice()));
        }
    }

    async fn turn(macrotask: &Function) {
        if let Ok(promise) = macrotask.call0(&JsValue::NULL) {
            let _ = JsFuture::from(Promise::from(promise)).await;
        }
    }

    async fn next_message() {
        poll_fn(|context| {
            if INBOX.with_borrow(VecDeque::is_empty) {
                WAKER.set(Some(context.waker().clone()));
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}
