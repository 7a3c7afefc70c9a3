//! Where the files that belong to the program are: data folders on a computer, addresses beside the page in a browser.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::session::NamedBytes;

/// Told while a file arrives: its name, bytes so far, bytes in all (0 = not known).
pub type OnProgress = Rc<dyn Fn(&str, u64, u64)>;

/// The files that come with the program or were fetched for it. Cheap to clone.
///
/// Natively a file is looked for in the folders of the environment variable `MASQUERADE_DATA` (separated as in `PATH`),
/// then in the user's cache folder ([`cache_folder`]), then where Debian's `dataset-fashion-mnist` puts its files. In a
/// browser it is fetched from `data/` beside the worker. A file that the user handed over ([`Files::give`]) comes before
/// all of these.
#[derive(Clone)]
pub struct Files {
    given: Rc<Vec<NamedBytes>>,
    #[cfg(not(target_arch = "wasm32"))]
    folders: Vec<std::path::PathBuf>,
    on_progress: OnProgress,
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

impl Files {
    /// The usual places.
    pub fn new() -> Self {
        Self {
            given: Rc::default(),
            #[cfg(not(target_arch = "wasm32"))]
            folders: usual_folders(),
            on_progress: Rc::new(|_, _, _| ()),
        }
    }

    /// These folders alone, searched in order.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn in_folders(folders: Vec<std::path::PathBuf>) -> Self {
        Self { folders, ..Self::new() }
    }

    /// The same places, telling `on_progress` how far a file is.
    #[must_use]
    pub fn with_progress(mut self, on_progress: OnProgress) -> Self {
        self.on_progress = on_progress;
        self
    }

    /// Take this file for the one of its name from now on.
    pub fn give(&mut self, file: NamedBytes) {
        let given = Rc::make_mut(&mut self.given);
        given.retain(|other| other.name != file.name);
        given.push(file);
    }

    /// The data file of this name (`photos/black-canyon.jpg`), or `None` when there is no such file in any place.
    ///
    /// # Errors
    /// [`Error::File`] when the file is there and cannot be read, or the network fails.
    pub async fn find(&self, name: &str) -> Result<Option<Vec<u8>>> {
        if let Some(file) = self.given.iter().find(|file| file.name == name) {
            return Ok(Some(file.bytes.clone()));
        }
        #[cfg(target_arch = "wasm32")]
        return fetch::bytes(&format!("./data/{name}"), |done, total| (self.on_progress)(name, done, total)).await;
        #[cfg(not(target_arch = "wasm32"))]
        self.find_in_folders(name)
    }

    /// The data file of this name.
    ///
    /// # Errors
    /// [`Error::Data`] when there is no such file, and those of [`Files::find`].
    pub async fn read(&self, name: &str) -> Result<Vec<u8>> {
        self.find(name).await?.ok_or_else(|| {
            Error::data(
                format!("The file {name} is missing"),
                "it is in none of the places where data is looked for",
                "Put it into a folder that MASQUERADE_DATA names, or choose another data set",
            )
        })
    }

    /// A file that was fetched: found as [`Files::find`] does, in a browser only among what the page has kept.
    ///
    /// # Errors
    /// [`Error::File`] when it is there and cannot be read.
    pub async fn fetched(&self, name: &str) -> Result<Option<Vec<u8>>> {
        #[cfg(target_arch = "wasm32")]
        return super::kept::find(name).await;
        #[cfg(not(target_arch = "wasm32"))]
        self.find(name).await
    }

    /// Whether a file that can be fetched is here, by its length alone.
    pub async fn has(&self, name: &str, bytes: u64) -> bool {
        #[cfg(target_arch = "wasm32")]
        {
            let _ = bytes;
            super::kept::has(name).await
        }
        #[cfg(not(target_arch = "wasm32"))]
        self.folders.iter().any(|folder| std::fs::metadata(folder.join(name)).is_ok_and(|file| file.len() == bytes))
    }

    /// The list of sets that can be fetched (`engine/sets/sets.json`): natively inside of the program (or that
    /// of [`Files::give`] as `sets/sets.json`), in a browser beside the page.
    ///
    /// # Errors
    /// [`Error::File`] when (in a browser) it is not there.
    pub async fn sets(&self) -> Result<Vec<u8>> {
        #[cfg(target_arch = "wasm32")]
        {
            let found = fetch::bytes("./sets/sets.json", |_, _| ()).await?;
            found.ok_or_else(|| {
                Error::file("The list of data sets is missing", "it is not beside the page", "Reload the page")
            })
        }
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(file) = self.given.iter().find(|file| file.name == "sets/sets.json") {
            return Ok(file.bytes.clone());
        }
        #[cfg(not(target_arch = "wasm32"))]
        Ok(include_bytes!("../../sets/sets.json").to_vec())
    }

    /// The trained weights of this file name that came with the program: natively among `inside`, in a browser beside
    /// the page.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when there are none of this name, and (in a browser) [`Error::File`] when the network
    /// fails.
    pub async fn stored(&self, name: &str, inside: &[(&str, &[u8])]) -> Result<Vec<u8>> {
        #[cfg(target_arch = "wasm32")]
        let _ = inside;
        #[cfg(target_arch = "wasm32")]
        let found =
            fetch::bytes(&format!("./stored/{name}"), |done, total| (self.on_progress)(name, done, total)).await?;
        #[cfg(not(target_arch = "wasm32"))]
        let found = inside.iter().find(|(stored, _)| *stored == name).map(|(_, bytes)| bytes.to_vec());
        found.ok_or_else(|| {
            Error::checkpoint(
                format!("There are no stored weights {name}"),
                "this build of the program came without them",
                "Start from scratch, or load a weights file of your own",
            )
        })
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn find_in_folders(&self, name: &str) -> Result<Option<Vec<u8>>> {
        use std::path::{Component, Path};
        if !Path::new(name).components().all(|c| matches!(c, Component::Normal(_))) {
            return Err(Error::request(
                format!("{name:?} is no data file"),
                "its name leads out of the data folders",
                "Give a plain name",
            ));
        }
        let Some(path) = self.folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()) else {
            return Ok(None);
        };
        let bytes = std::fs::read(&path).map_err(|e| {
            Error::file(
                format!("{} cannot be read", path.display()),
                e,
                "Check that the file belongs to you and the disk is well",
            )
        })?;
        (self.on_progress)(name, bytes.len() as u64, bytes.len() as u64);
        Ok(Some(bytes))
    }
}

/// The user's own data folder, where fetched files are put: `masquerade/data` in the system's cache folder. `None`: the
/// system names none.
#[cfg(not(target_arch = "wasm32"))]
pub fn cache_folder() -> Option<std::path::PathBuf> {
    let folder = |variable: &str| std::env::var_os(variable).filter(|v| !v.is_empty()).map(std::path::PathBuf::from);
    let home_cache = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    let cache = folder("XDG_CACHE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(home_cache)));
    cache.map(|cache| cache.join("masquerade").join("data"))
}

#[cfg(not(target_arch = "wasm32"))]
fn usual_folders() -> Vec<std::path::PathBuf> {
    let named = std::env::var_os("MASQUERADE_DATA").unwrap_or_default();
    let named: Vec<_> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    named
        .into_iter()
        .chain(cache_folder())
        .chain([std::path::PathBuf::from("/usr/share/datasets/fashion-mnist")])
        .collect()
}

/// Files from the place the worker came from.
#[cfg(target_arch = "wasm32")]
mod fetch {
    use js_sys::{Reflect, Uint8Array};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{ReadableStreamDefaultReader, Response, WorkerGlobalScope};

    use crate::error::{Error, Result};

    /// The content at an address relative to the worker, or `None` when there is nothing.
    pub async fn bytes(address: &str, on_progress: impl Fn(u64, u64)) -> Result<Option<Vec<u8>>> {
        let failed = |e: JsValue| {
            let why = e.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{e:?}"), |e| String::from(e.message()));
            Error::file(format!("{address} could not be fetched"), why, "Check the network and reload the page")
        };
        let scope: WorkerGlobalScope = js_sys::global().dyn_into().map_err(|global| failed(global.into()))?;
        let response: Response =
            JsFuture::from(scope.fetch_with_str(address)).await.and_then(JsCast::dyn_into).map_err(failed)?;
        let header = |name: &str| response.headers().get(name).ok().flatten().unwrap_or_default();
        // Servers of single-page programs answer a missing file with the page itself.
        if response.status() == 404 || header("content-type").starts_with("text/html") {
            return Ok(None);
        }
        if !response.ok() {
            return Err(failed(JsValue::from_str(&format!("the server answered {}", response.status()))));
        }
        let total = header("content-length").parse().unwrap_or(0);
        let mut bytes = Vec::new();
        let Some(body) = response.body() else { return Ok(Some(bytes)) };
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        loop {
            let chunk = JsFuture::from(reader.read()).await.map_err(failed)?;
            if Reflect::get(&chunk, &JsValue::from_str("done")).map_err(failed)?.is_truthy() {
                return Ok(Some(bytes));
            }
            let value: Uint8Array =
                Reflect::get(&chunk, &JsValue::from_str("value")).and_then(JsCast::dyn_into).map_err(failed)?;
            bytes.extend(value.to_vec());
            on_progress(bytes.len() as u64, total);
        }
    }
}
