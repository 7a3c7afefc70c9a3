//! Files between the page and the computer: the browser's own file dialog, and downloads.

use js_sys::{Array, Uint8Array};
use masquerade_engine::session::NamedBytes;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, Document, File, HtmlAnchorElement, HtmlInputElement, Url};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// What opens the browser's file dialog; `deliver` gets the files that were chosen, or why one could not be read.
pub fn picker(deliver: impl Fn(Result<Vec<NamedBytes>, JsValue>) + Clone + 'static) -> Box<dyn FnMut()> {
    Box::new(move || {
        if let Err(error) = open_dialog(deliver.clone()) {
            deliver(Err(error));
        }
    })
}

fn open_dialog(deliver: impl Fn(Result<Vec<NamedBytes>, JsValue>) + 'static) -> Result<(), JsValue> {
    let Some(document) = document() else { return Ok(()) };
    let input: HtmlInputElement = document.create_element("input")?.dyn_into()?;
    input.set_type("file");
    input.set_multiple(true);
    let source = input.clone();
    let chosen = Closure::once_into_js(move || spawn_local(async move { deliver(read_all(&source).await) }));
    input.set_onchange(Some(chosen.unchecked_ref()));
    input.click();
    Ok(())
}

async fn read_all(input: &HtmlInputElement) -> Result<Vec<NamedBytes>, JsValue> {
    let mut files = Vec::new();
    if let Some(list) = input.files() {
        for file in (0..list.length()).filter_map(|i| list.get(i)) {
            files.push(read(&file).await?);
        }
    }
    Ok(files)
}

async fn read(file: &File) -> Result<NamedBytes, JsValue> {
    let buffer = JsFuture::from(file.array_buffer()).await?;
    Ok(NamedBytes { name: file.name(), bytes: Uint8Array::new(&buffer).to_vec() })
}

/// Give a file to the browser's downloads.
///
/// # Errors
/// When the browser refuses to make a link of it.
pub fn save(file: &NamedBytes) -> Result<(), JsValue> {
    let Some(document) = document() else { return Ok(()) };
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(file.bytes.as_slice())))?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let anchor: HtmlAnchorElement = document.create_element("a")?.dyn_into()?;
    anchor.set_href(&address);
    anchor.set_download(&file.name);
    anchor.click();
    Url::revoke_object_url(&address)
}
