//! Files from outside: dropped ones, and (natively) those of a path. They are read beside the screen, never on it.

use std::sync::{Arc, Mutex};

use egui::{Context, DroppedFileHandle};
use masquerade_engine::error::Report;
use masquerade_engine::session::NamedBytes;

use crate::text;

/// Files that were read together, or why they could not be.
pub type Found = Result<Vec<NamedBytes>, Report>;

/// Files on their way in.
#[derive(Debug, Default, Clone)]
pub struct Import {
    inbox: Arc<Mutex<Vec<Found>>>,
}

impl Import {
    /// What has been read since the last call.
    pub fn take(&self) -> Vec<Found> {
        self.inbox.lock().map(|mut inbox| std::mem::take(&mut *inbox)).unwrap_or_default()
    }

    fn put(&self, found: Found, ctx: &Context) {
        if let Ok(mut inbox) = self.inbox.lock() {
            inbox.push(found);
        }
        ctx.request_repaint();
    }

    /// Begin to read what was dropped in this pass.
    pub fn dropped(&self, ctx: &Context) {
        let files = ctx.input(|i| i.raw.dropped_files.clone());
        if !files.is_empty() {
            self.begin(ctx, files);
        }
    }
}

#[cfg(target_arch = "wasm32")]
impl Import {
    fn begin(&self, ctx: &Context, files: Vec<DroppedFileHandle>) {
        let (import, ctx) = (self.clone(), ctx.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let mut read = Vec::new();
            for file in files {
                let name = file.path().to_string_lossy().into_owned();
                match file.bytes_async().await {
                    Ok(bytes) => read.push(NamedBytes { name, bytes }),
                    Err(why) => import.put(Err(text::unreadable(&name, &why)), &ctx),
                }
            }
            import.put(Ok(read), &ctx);
        });
    }

    /// Paths mean nothing in a page.
    pub fn read(&self, ctx: &Context, path: &str) {
        self.put(Err(text::unreadable(path, text::NO_PATHS)), ctx);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Context, DroppedFileHandle, Found, Import, NamedBytes, Report, text};

    /// What is read at once from a folder at most; a data set of pictures that trains here is far smaller.
    const MOST_BYTES: usize = 2 << 30;

    impl Import {
        pub(super) fn begin(&self, ctx: &Context, files: Vec<DroppedFileHandle>) {
            self.start(ctx, files.iter().map(|f| f.path().to_path_buf()).collect());
        }

        /// Begin to read a file or a folder.
        pub fn read(&self, ctx: &Context, path: &str) {
            self.start(ctx, vec![PathBuf::from(path)]);
        }

        fn start(&self, ctx: &Context, paths: Vec<PathBuf>) {
            let (import, ctx_there) = (self.clone(), ctx.clone());
            let body = move || import.put(read_all(&paths), &ctx_there);
            if let Err(error) = std::thread::Builder::new().name("import".into()).spawn(body) {
                self.put(Err(text::unreadable(text::PATH, &error.to_string())), ctx);
            }
        }
    }

    fn read_all(paths: &[PathBuf]) -> Found {
        let mut files = Vec::new();
        let mut total = 0;
        for path in paths {
            let from = path.parent().unwrap_or(path);
            walk(path, from, &mut files, &mut total)?;
        }
        Ok(files)
    }

    /// Names keep the folders under the one that was given; the order is that of the names.
    fn walk(path: &Path, from: &Path, files: &mut Vec<NamedBytes>, total: &mut usize) -> Result<(), Report> {
        let fail = |error: std::io::Error| text::unreadable(&path.display().to_string(), &error.to_string());
        if path.is_dir() {
            let entries = fs::read_dir(path).map_err(fail)?;
            let mut inside: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
            inside.sort();
            return inside.iter().try_for_each(|p| walk(p, from, files, total));
        }
        let bytes = fs::read(path).map_err(fail)?;
        *total += bytes.len();
        if *total > MOST_BYTES {
            return Err(text::too_much(MOST_BYTES as u64));
        }
        let name = path.strip_prefix(from).unwrap_or(path).to_string_lossy().replace('\\', "/");
        files.push(NamedBytes { name, bytes });
        Ok(())
    }

    /// Write a file into the user's downloads (else the current folder), beside what is there; says where.
    ///
    /// # Errors
    /// The report to show when it cannot be written.
    pub fn save(file: &NamedBytes) -> Result<String, Report> {
        let folder = dirs::download_dir().filter(|d| d.is_dir()).unwrap_or_else(|| PathBuf::from("."));
        let name = Path::new(&file.name);
        let (stem, ending) = (
            name.file_stem().unwrap_or_default().to_string_lossy(),
            name.extension().unwrap_or_default().to_string_lossy(),
        );
        let numbered = |n: u32| if n == 0 { format!("{stem}.{ending}") } else { format!("{stem}-{n}.{ending}") };
        let place =
            (0..1000).map(|n| folder.join(numbered(n))).find(|p| !p.exists()).unwrap_or_else(|| folder.join(name));
        let shown = place.display().to_string();
        fs::write(&place, &file.bytes).map_err(|e| text::unwritable(&shown, &e.to_string()))?;
        Ok(shown)
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub use native::save;
