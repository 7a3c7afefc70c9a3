//! Files and folders that are dropped on the page, pasted into it, or chosen in its dialog.

use js_sys::{Array, Promise, Uint8Array};
use masquerade_engine::session::UserFiles;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    ClipboardEvent, DataTransfer, DragEvent, File, FileList, FileSystemDirectoryEntry, FileSystemEntry,
    FileSystemFileEntry,
};

use super::{Intake, Limits, hidden, inside};

/// Have what is dropped on the page or pasted into it read; `deliver` gets it.
///
/// # Errors
/// When the browser has no window to listen on.
pub fn listen(deliver: impl Fn(UserFiles) + Clone + 'static) -> Result<(), JsValue> {
    let window = web_sys::window().ok_or("there is no window")?;
    let (on_drop, on_paste) = (deliver.clone(), deliver);
    // Wherever something is dropped, above the canvas too: else the browser opens it in place of the page.
    let over = Closure::<dyn Fn(DragEvent)>::new(|event: DragEvent| event.prevent_default());
    window.add_event_listener_with_callback_and_bool("dragover", over.as_ref().unchecked_ref(), true)?;
    over.forget();
    let dropped = Closure::<dyn Fn(DragEvent)>::new(move |event: DragEvent| {
        event.prevent_default();
        if let Some(transfer) = event.data_transfer() {
            take_dropped(&transfer, on_drop.clone());
        }
    });
    // Before the canvas: the browser forgets what was dropped when the event is over.
    window.add_event_listener_with_callback_and_bool("drop", dropped.as_ref().unchecked_ref(), true)?;
    dropped.forget();
    let pasted = Closure::<dyn Fn(ClipboardEvent)>::new(move |event: ClipboardEvent| {
        if let Some(files) = event.clipboard_data().and_then(|data| data.files()).filter(|files| files.length() > 0) {
            chosen(&files, on_paste.clone());
        }
    });
    window.add_event_listener_with_callback_and_bool("paste", pasted.as_ref().unchecked_ref(), true)?;
    pasted.forget();
    Ok(())
}

/// Read the files of a dialog; those of a folder carry its path.
pub fn chosen(files: &FileList, deliver: impl Fn(UserFiles) + 'static) {
    let files: Vec<File> = (0..files.length()).filter_map(|place| files.get(place)).collect();
    spawn_local(async move {
        let mut intake = Intake::new(Limits::default());
        for file in files {
            // The dialog names a file of a folder from the folder on: `flowers/rose/1.jpg`.
            let path = js_sys::Reflect::get(&file, &"webkitRelativePath".into()).ok().and_then(|path| path.as_string());
            let path = path.filter(|path| !path.is_empty());
            let name = match &path {
                Some(path) => path.split_once('/').map_or(path.as_str(), |(_, rest)| rest).to_string(),
                None => file.name(),
            };
            if !name.split('/').any(hidden) {
                take_file(&mut intake, &name, &file).await;
            }
        }
        deliver(intake.read);
    });
}

fn take_dropped(transfer: &DataTransfer, deliver: impl Fn(UserFiles) + 'static) {
    let items = transfer.items();
    let entries: Vec<FileSystemEntry> = (0..items.length())
        .filter_map(|place| items.get(place).and_then(|item| item.webkit_get_as_entry().ok().flatten()))
        .collect();
    if entries.is_empty() {
        if let Some(files) = transfer.files().filter(|files| files.length() > 0) {
            chosen(&files, deliver);
        }
        return;
    }
    spawn_local(async move {
        let mut intake = Intake::new(Limits::default());
        // One folder is the root of its names; several things keep their own names.
        let alone = entries.len() == 1 && entries[0].is_directory();
        let mut waiting: Vec<(FileSystemEntry, String, usize)> = entries
            .into_iter()
            .rev()
            .map(|entry| {
                let name = if alone { String::new() } else { entry.name() };
                (entry, name, 0)
            })
            .collect();
        while let Some((entry, name, depth)) = waiting.pop() {
            if entry.is_directory() {
                if !intake.may_enter(&name, depth) {
                    continue;
                }
                match entries_of(entry.unchecked_ref()).await {
                    Ok(mut found) => {
                        found.retain(|entry| !hidden(&entry.name()));
                        // The last one waiting is the next one read.
                        found.sort_by_key(|entry| std::cmp::Reverse(entry.name()));
                        waiting.extend(found.into_iter().map(|entry| {
                            let full = inside(&name, &entry.name());
                            (entry, full, depth + 1)
                        }));
                    }
                    Err(error) => intake.pass_over(&name, in_words(&error)),
                }
            } else {
                match file_of(entry.unchecked_ref()).await {
                    Ok(file) => take_file(&mut intake, &name, &file).await,
                    Err(error) => intake.pass_over(&name, in_words(&error)),
                }
            }
        }
        deliver(intake.read);
    });
}

/// All that lies in a folder; a browser gives it in parts.
async fn entries_of(folder: &FileSystemDirectoryEntry) -> Result<Vec<FileSystemEntry>, JsValue> {
    let reader = folder.create_reader();
    let mut all = Vec::new();
    loop {
        let part = Promise::new(&mut |done, failed| {
            if let Err(error) = reader.read_entries_with_callback_and_callback(&done, &failed) {
                // The promise is rejected with what the call was refused with.
                let _ = failed.call1(&JsValue::NULL, &error);
            }
        });
        let part: Array = JsFuture::from(part).await?.unchecked_into();
        if part.length() == 0 {
            return Ok(all);
        }
        all.extend(part.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
}

async fn file_of(entry: &FileSystemFileEntry) -> Result<File, JsValue> {
    let file = Promise::new(&mut |done, failed| entry.file_with_callback_and_callback(&done, &failed));
    Ok(JsFuture::from(file).await?.unchecked_into())
}

async fn take_file(intake: &mut Intake, name: &str, file: &File) {
    if !intake.has_room(name, file.size() as u64) {
        return;
    }
    match JsFuture::from(file.array_buffer()).await {
        Ok(buffer) => intake.take(name, Uint8Array::new(&buffer).to_vec()),
        Err(error) => intake.pass_over(name, in_words(&error)),
    }
}

fn in_words(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    format!("the browser says: {}", message.unwrap_or_else(|| format!("{error:?}")))
}
