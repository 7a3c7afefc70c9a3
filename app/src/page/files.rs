//! Files between the page and the computer: the browser's own file dialog, and downloads.

use js_sys::{Array, Uint8Array};
use masquerade_engine::session::{NamedBytes, UserFiles};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, Document, HtmlAnchorElement, HtmlInputElement, Url};

use crate::folder::dropped;
use crate::ui_context::Pick;

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// What opens the browser's file dialog; `deliver` gets what was chosen.
pub fn picker(deliver: impl Fn(Result<UserFiles, JsValue>) + Clone + 'static) -> Box<dyn FnMut(Pick)> {
    Box::new(move |pick| {
        if let Err(error) = open_dialog(pick, deliver.clone()) {
            deliver(Err(error));
        }
    })
}

fn open_dialog(pick: Pick, deliver: impl Fn(Result<UserFiles, JsValue>) + Clone + 'static) -> Result<(), JsValue> {
    let Some(document) = document() else { return Ok(()) };
    let input: HtmlInputElement = document.create_element("input")?.dyn_into()?;
    input.set_type("file");
    match pick {
        Pick::Files => input.set_multiple(true),
        Pick::Folder => input.set_attribute("webkitdirectory", "")?,
    }
    let source = input.clone();
    let chosen = Closure::once_into_js(move || {
        if let Some(files) = source.files() {
            dropped::chosen(&files, move |files| deliver(Ok(files)));
        }
    });
    input.set_onchange(Some(chosen.unchecked_ref()));
    input.click();
    Ok(())
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
