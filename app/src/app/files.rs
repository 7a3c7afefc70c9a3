//! Files from outside, each taken for what it holds: weights, a checkpoint, data.

use masquerade_engine::session::{Command, Event, NamedBytes, Session, UserFiles};
use masquerade_formats::weights::{self, Named};

use super::App;
use crate::text;
use crate::ui_context::Tab;

impl App {
    /// Files the user gave: weights are shown key by key, those in several parts as one; a checkpoint is gone on with, on the
    /// data that came with it; all others become the data set `folder`.
    pub fn take_files(&mut self, given: UserFiles) {
        let is_weights = |file: &NamedBytes| file.name.ends_with(".safetensors") || weights::is_weights(&file.bytes);
        let (weights, mut data): (Vec<_>, Vec<_>) = given.files.into_iter().partition(is_weights);
        let named = weights.into_iter().map(|file| Named { name: file.name, bytes: file.bytes }).collect();
        let (mut plain, mut checkpoint) = (Vec::new(), None);
        for file in weights::joined(named) {
            match file.map(|file| NamedBytes { name: file.name, bytes: file.bytes }) {
                Ok(file) if weights::is_checkpoint(&file.bytes) => checkpoint = Some(file),
                Ok(file) => plain.push(file),
                Err((name, why)) => self.state.apply(Event::Error(text::incomplete(&name, &why))),
            }
        }
        // What lies beside weights in the folders of model hubs says nothing of data.
        if !plain.is_empty() && data.iter().all(about_weights) {
            data.clear();
        }
        if !data.is_empty() || !given.left_out.is_empty() {
            // Its data are read as its system takes them.
            let system = checkpoint.as_ref().and_then(|file| system_of(&file.bytes));
            if let Some(method) = system.filter(|method| *method != self.state.session.method) {
                self.link.send(Command::Show(Box::new(Session { method, ..Session::default() })));
            }
            self.screen.tab = Tab::Data;
            self.link.send(Command::AddUserData(UserFiles { files: data, ..given }));
        }
        for file in plain {
            self.weights = Some(file.clone());
            self.screen.tab = Tab::Weights;
            self.link.send(Command::LoadWeights { file, apply: false });
        }
        if let Some(file) = checkpoint {
            self.link.send(Command::LoadCheckpoint(file));
        }
    }

    /// Build the model that the weights file is of, and load the file into it.
    pub(super) fn build_for_weights(&mut self) {
        let sizes = self.state.keys.as_ref().and_then(|keys| keys.sizes.clone());
        let (Some(sizes), Some(file)) = (sizes, self.weights.clone()) else { return };
        self.edit(|session| {
            (session.preset, session.knobs) = (sizes.preset, sizes.knobs);
            (session.stored, session.go_on, session.step, session.first_loss) = (false, false, 0, None);
        });
        self.link.send(Command::LoadWeights { file, apply: true });
    }
}

/// Whether a file lies beside weights in the folders of model hubs: a configuration, a readme, the same in another form.
fn about_weights(file: &NamedBytes) -> bool {
    const ENDINGS: [&str; 12] =
        ["json", "md", "txt", "py", "gitattributes", "bin", "pt", "pth", "h5", "msgpack", "onnx", "gguf"];
    let ending = file.name.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
    ENDINGS.contains(&ending.as_str())
}

/// The system that a checkpoint is of.
fn system_of(bytes: &[u8]) -> Option<String> {
    let header = weights::checked(bytes).ok()?;
    let session: serde_json::Value = serde_json::from_str(header.metadata.get("session")?).ok()?;
    Some(session.get("method")?.as_str()?.to_string())
}
