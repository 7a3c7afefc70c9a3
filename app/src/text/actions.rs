//! The words of the actions.

use crate::commands::{Action, DeviceKind, ThemeChoice};
use crate::state::State;

/// The button of the probe while a classifier is fine-tuned.
pub const TEST: &str = "Test the classifier";

impl Action {
    /// Its text, in the words of the open system.
    pub fn title(self, state: &State) -> String {
        match (self, state.draws(), self.switch(state)) {
            (Self::NewMask, Some(what), _) => draw_anew(what),
            (_, _, Some(switch)) => switch.title.clone(),
            (Self::SaveMap(n), _, _) => state.map(n).map_or_else(|| action(self, false), |view| save_map(&view.title)),
            (Self::Probe, _, _) if state.tunes() => TEST.into(),
            _ => action(self, state.playing),
        }
    }

    /// Its text where there is little room.
    pub fn short_title(self, state: &State) -> String {
        match (self, state.draws()) {
            (Self::NewMask, Some(what)) => draw_anew_short(what),
            _ => self.title(state),
        }
    }

    /// One line that says what it does, in the words of the open system.
    pub fn tooltip(self, state: &State) -> String {
        match (self, state.draws(), self.switch(state)) {
            (Self::NewMask, Some(what), _) => draw_anew_tooltip(what),
            (_, _, Some(switch)) => switch.tooltip.clone(),
            (Self::Probe, _, _) if state.tunes() => "Judge the test half with the classifier as it is".into(),
            (Self::Reset, _, _) if state.tunes() => "Begin fine-tuning again, on the encoder as it was".into(),
            _ => action_tooltip(self).into(),
        }
    }
}

/// The button that saves a map.
fn save_map(title: &str) -> String {
    format!("Save “{title}” as GeoTIFF")
}

/// The text of an action, as its button, the palette and the list of shortcuts show it.
pub fn action(action: Action, playing: bool) -> String {
    let text = match action {
        Action::PlayPause if playing => "Pause",
        Action::PlayPause => "Play",
        Action::Step => "Step",
        Action::Reset => "Reset",
        Action::GoOn => "Train on from the stored weights",
        Action::ShowTrained => "Trained",
        Action::ShowNow => "Now",
        Action::NewMask => "New mask",
        Action::RuleMask => "Clear painting",
        Action::MoreMask => "Hide more",
        Action::LessMask => "Hide less",
        Action::NextSample => "Next sample",
        Action::PreviousSample => "Previous sample",
        Action::Unpin => "Unpin",
        Action::Switch(n) => return format!("Display switch {}", n + 1),
        Action::WholePicture => "Show everything",
        Action::Undo => "Undo",
        Action::Redo => "Redo",
        Action::Share => "Share",
        Action::SaveWeights => "Save weights",
        Action::SaveCheckpoint => "Save checkpoint",
        Action::SaveMap(n) => return format!("Save map {} as GeoTIFF", n + 1),
        Action::Probe => "Probe",
        Action::FineTune => "Fine-tune",
        Action::Pretrain => "Back to pre-training",
        Action::Claim => "Run the claim",
        Action::LabelBudget => "Label budget",
        Action::Cancel => "Stop",
        Action::MeasureStep => "Measure a step",
        Action::SelfCheck => "Check the kernels",
        Action::UseDevice(DeviceKind::Auto) => "Choose the device automatically",
        Action::UseDevice(DeviceKind::Gpu) => "Use the GPU",
        Action::UseDevice(DeviceKind::Cpu) => "Use the CPU",
        Action::StockKernels => "Stock kernels",
        Action::Theme(ThemeChoice::System) => "Theme of the system",
        Action::Theme(ThemeChoice::Light) => "Light theme",
        Action::Theme(ThemeChoice::Dark) => "Dark theme",
        Action::Lecture => "Lecture size",
        Action::LogScale => "Loss on a log scale",
        Action::ShowLog => "Log",
        Action::Palette => "Commands",
        Action::Shortcuts => "Keyboard shortcuts",
        Action::Close => "Close what is open",
        Action::Exhibit(n) => return format!("System {n}"),
    };
    text.to_string()
}

/// The text of drawing anew what a system draws on the stage (a mask, noise), and where there is little room.
fn draw_anew(what: &str) -> String {
    format!("New {what}")
}

/// The short form of [`draw_anew`].
fn draw_anew_short(what: &str) -> String {
    let mut letters = what.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// One line that says what [`draw_anew`] does.
fn draw_anew_tooltip(what: &str) -> String {
    format!("Draw the {what} on the stage anew, by the rule")
}

/// One line that says what an action does.
pub fn action_tooltip(action: Action) -> &'static str {
    match action {
        Action::PlayPause => "Train, or stop training",
        Action::Step => "Train one step",
        Action::Reset => "Start again from scratch, with weights that follow from the seed",
        Action::GoOn => "Go on training where the stored weights were left, instead of beginning from scratch",
        Action::ShowTrained => "Show what the stored, trained weights make of it",
        Action::ShowNow => "Show what this session's own training has come to",
        Action::NewMask => "Draw another mask by the rule",
        Action::RuleMask => "Go back from the painted mask to the rule's own",
        Action::MoreMask => "Hide five more in a hundred",
        Action::LessMask => "Hide five fewer in a hundred",
        Action::NextSample => "Show the next sample of the data set",
        Action::PreviousSample => "Show the sample before",
        Action::Unpin => "Let the similarity map follow the pointer again",
        Action::Switch(_) => "Show the views in another way that this system has",
        Action::WholePicture => "Undo zooming and turning",
        Action::Undo => "Take the last change back",
        Action::Redo => "Make the change again",
        Action::Share => "Copy a link that opens exactly this state",
        Action::SaveWeights => "Save the weights as safetensors, with the official key names",
        Action::SaveMap(_) => "Save the map about the pinned patch over the ground that it shows",
        Action::SaveCheckpoint => "Save weights, optimiser and step, to go on exactly from here",
        Action::Probe => "Nearest neighbours and a linear classifier on the frozen encoder",
        Action::FineTune => {
            "Train a classifier on top of the encoder, and the encoder with it; pre-training waits meanwhile"
        }
        Action::Pretrain => {
            "Go on with the run that fine-tuning started from, as it was; the classifier is given up, so save it first"
        }
        Action::Claim => "Train both sides of the paper's central comparison and compare them",
        Action::LabelBudget => {
            "Train this preset from scratch on three seeds and measure it with 1 %, 10 % and all of the labels"
        }
        Action::Cancel => "Stop what is running",
        Action::MeasureStep => "Count what one training step costs on this device",
        Action::SelfCheck => "Compare every kernel with its CPU twin on this device",
        Action::UseDevice(DeviceKind::Auto) => "A hardware GPU if there is one, else the CPU",
        Action::UseDevice(DeviceKind::Gpu) => "Compute on the GPU, on a software one too",
        Action::UseDevice(DeviceKind::Cpu) => "Compute on the processor",
        Action::StockKernels => {
            "Compute with the tensor library's kernels alone: slower, to compare, or when a driver is at fault"
        }
        Action::Theme(ThemeChoice::System) => "Follow the system's light or dark",
        Action::Theme(ThemeChoice::Light) => "Dark on light",
        Action::Theme(ThemeChoice::Dark) => "Light on dark",
        Action::Lecture => "Text and lines half as large again, for a room",
        Action::LogScale => "Draw the loss on a logarithmic scale",
        Action::ShowLog => "Show what the engine has said",
        Action::Palette => "Find a command by its name",
        Action::Shortcuts => "Show every key",
        Action::Close => "Close the open dialog or message",
        Action::Exhibit(_) => "Show this system of the list",
    }
}

/// The certificate after the first step of a link, and what it rests on.
pub fn reproduction(same: bool, expected: f32, got: f32, tolerance: f32) -> (String, String) {
    let verdict = if same { "Same first loss as the link" } else { "First loss differs from the link" };
    let detail = format!("{expected:.6} where it was shared, {got:.6} here; the same if within {tolerance:.0e} of it");
    (format!("{verdict}: {got:.4}"), detail)
}
