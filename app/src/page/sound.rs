//! Sound through the browser's own player (`web/sound.mjs`).

use js_sys::{Float32Array, Reflect};
use masquerade_engine::trace::Wave;
use wasm_bindgen::prelude::*;

use crate::sound::Sound;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = masqueradeSound)]
    fn play(samples: &Float32Array, channels: u32, rate: u32, from: f64) -> Result<(), JsValue>;
    #[wasm_bindgen(js_namespace = masqueradeSound)]
    fn stop();
    #[wasm_bindgen(js_namespace = masqueradeSound)]
    fn at() -> f64;
}

struct Speaker;

/// The browser's player; `None`: it has none.
pub fn speaker() -> Option<Box<dyn Sound>> {
    let there = Reflect::has(&js_sys::global(), &JsValue::from_str("masqueradeSound")).unwrap_or(false);
    there.then(|| Box::new(Speaker) as Box<dyn Sound>)
}

impl Sound for Speaker {
    fn play(&mut self, wave: &Wave, from: f64) {
        let samples = Float32Array::from(wave.samples.as_slice());
        // A rate that the browser does not know makes no sound; the drawing says what it is.
        super::report(play(&samples, wave.channels.max(1), wave.rate, from).map(|()| JsValue::UNDEFINED));
    }

    fn stop(&mut self) {
        stop();
    }

    fn at(&self) -> Option<f64> {
        Some(at()).filter(|second| *second >= 0.0)
    }
}
