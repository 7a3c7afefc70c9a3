//! Files from outside on the computer: dropped, pasted or chosen ones, and those of a path. They are read beside the
//! screen, never on it. (The page hears of what is dropped on it before the screen does: `folder::dropped`.)

use std::sync::{Arc, Mutex};

use egui::Context;
use masquerade_engine::error::Report;
use masquerade_engine::session::UserFiles;

use crate::text;
use crate::ui_context::Pick;

/// Files that were read together, or why they could not be.
pub type Found = Result<UserFiles, Report>;

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
}

#[cfg(target_arch = "wasm32")]
impl Import {
    /// The page has its own way for what is dropped or pasted.
    pub fn brought(&self, _ctx: &Context) {}

    /// The page has a dialog of its own.
    pub fn pick(&self, _ctx: &Context, _what: Pick) {}

    /// Paths mean nothing in a page.
    pub fn read(&self, ctx: &Context, path: &str) {
        self.put(Err(text::unreadable(path, text::NO_PATHS)), ctx);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::fs;
    use std::future::Future;
    use std::io::Cursor;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant};

    use egui::{ColorImage, Event};
    use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
    use masquerade_engine::session::NamedBytes;

    use super::{Context, Found, Import, Pick, Report, UserFiles, text};
    use crate::folder::{self, Limits};

    /// Nobody sees a dialog and closes it in less.
    const FIRST_GLANCE: Duration = Duration::from_millis(300);

    impl Import {
        /// Begin to read what was dropped or pasted in this pass.
        pub fn brought(&self, ctx: &Context) {
            let (dropped, pasted) = ctx.input(|i| {
                let pasted = i.raw.events.iter().filter_map(|event| match event {
                    Event::PasteImage(image) => Some(image.clone()),
                    _ => None,
                });
                (i.raw.dropped_files.clone(), pasted.collect::<Vec<_>>())
            });
            if !dropped.is_empty() {
                let paths: Vec<PathBuf> = dropped.iter().map(|file| file.path().to_path_buf()).collect();
                self.start(ctx, move || Some(Ok(folder::read(&paths, Limits::default()))));
            }
            for image in pasted {
                self.start(ctx, move || Some(png(&image)));
            }
        }

        /// Begin to read a file or a folder.
        pub fn read(&self, ctx: &Context, path: &str) {
            let path = PathBuf::from(path);
            self.start(ctx, move || Some(Ok(folder::read(&[path], Limits::default()))));
        }

        /// Show the system's dialog and read what is chosen in it.
        pub fn pick(&self, ctx: &Context, what: Pick) {
            let dialog = rfd::AsyncFileDialog::new();
            // Some systems want their dialogs made on the thread of the window, and all let others wait for the answer.
            match what {
                Pick::Files => self.wait(ctx, dialog.pick_files()),
                Pick::Folder => {
                    let folder = dialog.pick_folder();
                    self.wait(ctx, async move { folder.await.map(|folder| vec![folder]) });
                }
            }
        }

        fn wait(&self, ctx: &Context, chosen: impl Future<Output = Option<Vec<rfd::FileHandle>>> + Send + 'static) {
            self.start(ctx, move || {
                let asked = Instant::now();
                let Some(chosen) = pollster::block_on(chosen) else {
                    // Where there is no dialog, nothing is chosen either, but at once.
                    return (asked.elapsed() < FIRST_GLANCE).then(|| Err(text::no_dialog()));
                };
                let paths: Vec<PathBuf> = chosen.iter().map(|file| file.path().to_path_buf()).collect();
                Some(Ok(folder::read(&paths, Limits::default())))
            });
        }

        fn start(&self, ctx: &Context, read: impl FnOnce() -> Option<Found> + Send + 'static) {
            let (import, ctx_there) = (self.clone(), ctx.clone());
            let body = move || {
                if let Some(found) = read() {
                    import.put(found, &ctx_there);
                }
            };
            if let Err(error) = std::thread::Builder::new().name("import".into()).spawn(body) {
                self.put(Err(text::unreadable(text::PATH, &error.to_string())), ctx);
            }
        }
    }

    /// A pasted picture as a file.
    fn png(image: &ColorImage) -> Found {
        let [width, height] = image.size.map(|side| side as u32);
        let pixels: Vec<u8> = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
        let mut bytes = Cursor::new(Vec::new());
        let written = PngEncoder::new(&mut bytes).write_image(&pixels, width, height, ExtendedColorType::Rgba8);
        written.map_err(|error| text::unreadable(text::PASTED, &error.to_string()))?;
        Ok(UserFiles::from(vec![NamedBytes { name: text::PASTED.into(), bytes: bytes.into_inner() }]))
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
