//! Files that a page keeps in the browser's own storage: those of fetched data sets.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, Response, WorkerGlobalScope};

use crate::error::{Error, Result};

/// Name of the storage: it outlives new versions of the page.
const NAME: &str = "masquerade-sets";

async fn storage() -> std::result::Result<Cache, JsValue> {
    let scope: WorkerGlobalScope = js_sys::global().dyn_into()?;
    JsFuture::from(scope.caches()?.open(NAME)).await?.dyn_into()
}

/// The address that stands for a file; nothing is ever asked of it.
fn key(name: &str) -> String {
    format!("./sets/kept/{name}")
}

async fn response(name: &str) -> std::result::Result<Option<Response>, JsValue> {
    let found = JsFuture::from(storage().await?.match_with_str(&key(name))).await?;
    if found.is_undefined() { Ok(None) } else { Ok(Some(found.dyn_into()?)) }
}

/// The bytes of a file; `None`: it is not kept, or the browser keeps nothing for this page.
///
/// # Errors
/// None: what cannot be read counts as absent.
pub async fn find(name: &str) -> Result<Option<Vec<u8>>> {
    let Ok(Some(found)) = response(name).await else { return Ok(None) };
    let Ok(buffer) = found.array_buffer() else { return Ok(None) };
    Ok(JsFuture::from(buffer).await.ok().map(|buffer| Uint8Array::new(&buffer).to_vec()))
}

/// Whether a file is kept.
pub async fn has(name: &str) -> bool {
    matches!(response(name).await, Ok(Some(_)))
}

/// Keep a file.
///
/// # Errors
/// [`Error::File`] when the browser's storage is full, or it keeps nothing for this page.
pub async fn keep(name: &str, mut bytes: Vec<u8>) -> Result<()> {
    let put = async {
        let content = Response::new_with_opt_u8_array(Some(&mut bytes))?;
        JsFuture::from(storage().await?.put_with_str(&key(name), &content)).await
    };
    let Err(error) = put.await else { return Ok(()) };
    let told =
        error.dyn_ref::<js_sys::Error>().map(|error| (String::from(error.name()), String::from(error.message())));
    let (what, why) = told.unwrap_or_else(|| (String::new(), format!("{error:?}")));
    Err(if what.contains("Quota") {
        Error::file(
            "The browser's storage is full",
            why,
            "Clear the data of other sites, then fetch it again: what has arrived stays",
        )
    } else {
        Error::file(
            "The browser keeps no files for this page",
            why,
            "Open the page by https or from localhost, not in a private window",
        )
    })
}
