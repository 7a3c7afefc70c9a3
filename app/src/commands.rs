//! Everything the user can ask for, once: buttons, palette, shortcuts and their list all come from [`Action::all`].

use egui::{Context, Key, KeyboardShortcut, Modifiers};
use masquerade_engine::session::{Abilities, DeviceChoice, Switch};
use masquerade_engine::trace::ViewKind;

use crate::icons;
use crate::state::State;
use crate::undo::Undo;

/// Display switches of a system that there are actions for.
const SWITCHES: u8 = 8;
/// Maps of a system that there are actions for.
const MAPS: u8 = 8;

/// One thing the user can ask for. Its words: [`Action::title`] and [`Action::tooltip`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    PlayPause,
    Step,
    Reset,
    /// Train on from the stored weights instead of from scratch.
    GoOn,
    /// Show the stored weights, or what is being trained.
    ShowTrained,
    ShowNow,
    NewMask,
    RuleMask,
    MoreMask,
    LessMask,
    NextSample,
    PreviousSample,
    Unpin,
    /// The n-th display switch of the open system.
    Switch(u8),
    WholePicture,
    Undo,
    Redo,
    Share,
    SaveWeights,
    SaveCheckpoint,
    /// The n-th map that lies over a known ground.
    SaveMap(u8),
    Probe,
    FineTune,
    /// Go on with the run that fine-tuning started from.
    Pretrain,
    Claim,
    /// The study of how many labels the features need.
    LabelBudget,
    Cancel,
    MeasureStep,
    SelfCheck,
    UseDevice(DeviceKind),
    StockKernels,
    Theme(ThemeChoice),
    Lecture,
    LogScale,
    ShowLog,
    Palette,
    Shortcuts,
    Close,
    /// The n-th system of the list.
    Exhibit(u8),
}

/// [`DeviceChoice`] as an action names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    Auto,
    Gpu,
    Cpu,
}

impl From<DeviceKind> for DeviceChoice {
    fn from(kind: DeviceKind) -> Self {
        match kind {
            DeviceKind::Auto => Self::Auto,
            DeviceKind::Gpu => Self::Gpu,
            DeviceKind::Cpu => Self::Cpu,
        }
    }
}

/// Which theme to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThemeChoice {
    System,
    Light,
    Dark,
}

impl Action {
    /// Every action, in the order of the palette.
    pub fn all() -> Vec<Self> {
        use Action as A;
        let mut all = vec![
            A::PlayPause,
            A::Step,
            A::Reset,
            A::GoOn,
            A::ShowTrained,
            A::ShowNow,
            A::NewMask,
            A::RuleMask,
            A::MoreMask,
            A::LessMask,
            A::NextSample,
            A::PreviousSample,
            A::Unpin,
            A::WholePicture,
            A::Undo,
            A::Redo,
            A::Share,
            A::SaveWeights,
            A::SaveCheckpoint,
            A::Probe,
            A::FineTune,
            A::Pretrain,
            A::Claim,
            A::LabelBudget,
            A::Cancel,
            A::MeasureStep,
            A::SelfCheck,
            A::UseDevice(DeviceKind::Auto),
            A::UseDevice(DeviceKind::Gpu),
            A::UseDevice(DeviceKind::Cpu),
            A::StockKernels,
            A::Theme(ThemeChoice::System),
            A::Theme(ThemeChoice::Light),
            A::Theme(ThemeChoice::Dark),
            A::Lecture,
            A::LogScale,
            A::ShowLog,
            A::Palette,
            A::Shortcuts,
            A::Close,
        ];
        all.extend((0..SWITCHES).map(A::Switch));
        all.extend((0..MAPS).map(A::SaveMap));
        all.extend((1..=9).map(A::Exhibit));
        all
    }

    /// The key that does it, if any.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        let plain = |key| Some(KeyboardShortcut::new(Modifiers::NONE, key));
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        match self {
            Self::PlayPause => plain(Key::Space),
            Self::Step => plain(Key::Period),
            Self::Reset => plain(Key::R),
            Self::NewMask => plain(Key::M),
            Self::LessMask => plain(Key::OpenBracket),
            Self::MoreMask => plain(Key::CloseBracket),
            Self::NextSample => plain(Key::N),
            Self::PreviousSample => plain(Key::P),
            Self::WholePicture => plain(Key::Num0),
            Self::Undo => command(Key::Z),
            Self::Redo => Some(KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z)),
            Self::Share => plain(Key::S),
            Self::SaveWeights => plain(Key::E),
            Self::LogScale => plain(Key::L),
            Self::Palette => command(Key::K),
            Self::Shortcuts => Some(KeyboardShortcut::new(Modifiers::SHIFT, Key::Questionmark)),
            Self::Close => plain(Key::Escape),
            Self::Exhibit(n) => {
                [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9]
                    .get(usize::from(n).wrapping_sub(1))
                    .and_then(|key| plain(*key))
            }
            _ => None,
        }
    }

    /// The display switch that it turns.
    pub(crate) fn switch(self, state: &State) -> Option<&Switch> {
        if let Self::Switch(n) = self { state.switch(n) } else { None }
    }

    /// Its glyph, or an empty string.
    pub fn icon(self, state: &State) -> &'static str {
        match self {
            Self::PlayPause if state.playing => icons::PAUSE,
            Self::PlayPause => icons::PLAY,
            Self::Step => icons::STEP,
            Self::Reset => icons::RESET,
            Self::GoOn => icons::CONTINUE,
            Self::ShowTrained => icons::DONE,
            Self::ShowNow => icons::CHART,
            Self::NewMask => icons::SHUFFLE,
            Self::RuleMask => icons::ERASE,
            Self::NextSample => icons::NEXT,
            Self::PreviousSample => icons::PREVIOUS,
            Self::Unpin => icons::PIN,
            Self::Switch(_) | Self::WholePicture => icons::PICTURE,
            Self::Undo => icons::UNDO,
            Self::Redo => icons::REDO,
            Self::Share => icons::SHARE,
            Self::SaveWeights | Self::SaveCheckpoint | Self::SaveMap(_) => icons::DOWNLOAD,
            Self::Probe | Self::FineTune | Self::Claim | Self::LabelBudget | Self::LogScale | Self::MeasureStep => {
                icons::CHART
            }
            Self::Pretrain => icons::PREVIOUS,
            Self::Cancel => icons::STOP,
            Self::SelfCheck => icons::DONE,
            Self::UseDevice(DeviceKind::Auto) => icons::SYSTEM,
            Self::UseDevice(DeviceKind::Gpu) => icons::GPU,
            Self::UseDevice(DeviceKind::Cpu) => icons::CPU,
            Self::StockKernels => icons::SYSTEM,
            Self::Theme(ThemeChoice::System) => icons::SYSTEM,
            Self::Theme(ThemeChoice::Light) => icons::SUN,
            Self::Theme(ThemeChoice::Dark) => icons::MOON,
            Self::Lecture => icons::TEXT_SIZE,
            Self::ShowLog => icons::LOG,
            Self::Palette => icons::SEARCH,
            Self::Shortcuts => icons::HELP,
            Self::Close => icons::CLOSE,
            Self::MoreMask | Self::LessMask => icons::PAINT,
            Self::Exhibit(_) => icons::LIST,
        }
    }

    /// Whether the open system has it: it acts there, now or at another time. What has nothing to do with the system is
    /// always offered.
    pub fn offered(self, state: &State) -> bool {
        let abilities = state.model.as_ref().map(|model| &model.abilities);
        let able = |asked: fn(&Abilities) -> bool| abilities.is_some_and(asked);
        match self {
            Self::NewMask => able(|a| a.draws.is_some()),
            Self::RuleMask => {
                !state.session.painted.is_empty()
                    || state.views.values().any(|s| {
                        matches!(s.view.kind, ViewKind::Mask(_)) && state.grid(&s.view).is_some_and(|g| g.paintable)
                    })
            }
            Self::MoreMask | Self::LessMask => state.mask_knob().is_some(),
            Self::GoOn | Self::ShowTrained | Self::ShowNow => {
                !state.tunes() && state.model.as_ref().is_some_and(|model| model.has_stored)
            }
            Self::NextSample | Self::PreviousSample => able(|a| a.samples),
            Self::Unpin => state.model.as_ref().is_some_and(|model| !model.grids.is_empty()),
            Self::Switch(n) => state.switch(n).is_some(),
            Self::SaveMap(n) => state.map(n).is_some(),
            Self::FineTune => !state.tunes() && state.labelled() && able(|a| a.fine_tunes),
            Self::Pretrain => state.tunes(),
            Self::LabelBudget => state.labelled(),
            Self::Claim => state.card().is_some_and(|c| c.claim.is_some()),
            Self::Exhibit(n) => state.catalogue.get(usize::from(n).wrapping_sub(1)).is_some_and(|c| c.built),
            _ => true,
        }
    }

    /// Whether it can be done now.
    pub fn enabled(self, state: &State, undo: &Undo) -> bool {
        let open = state.model.is_some() && !state.lost;
        let now = match self {
            Self::PlayPause
            | Self::Step
            | Self::Reset
            | Self::NewMask
            | Self::MoreMask
            | Self::LessMask
            | Self::Switch(_)
            | Self::SaveWeights
            | Self::SaveCheckpoint
            | Self::SaveMap(_)
            | Self::Pretrain => open,
            Self::GoOn => open && state.session.stored && !state.session.go_on,
            Self::ShowTrained => open && !state.session.stored,
            Self::ShowNow => open && state.session.stored,
            Self::RuleMask => open && !state.session.painted.is_empty(),
            Self::NextSample | Self::PreviousSample => open && state.samples() > 1,
            Self::Unpin => open && state.session.pinned.is_some(),
            Self::Probe => open && state.job.is_none() && state.labelled(),
            Self::FineTune | Self::Claim | Self::LabelBudget | Self::MeasureStep | Self::SelfCheck => {
                open && state.job.is_none()
            }
            Self::Cancel => state.job.is_some(),
            Self::UseDevice(_) | Self::StockKernels => state.device.is_some(),
            Self::Undo => undo.can_undo(),
            Self::Redo => undo.can_redo(),
            Self::Share
            | Self::WholePicture
            | Self::Theme(_)
            | Self::Lecture
            | Self::LogScale
            | Self::ShowLog
            | Self::Palette
            | Self::Shortcuts
            | Self::Close
            | Self::Exhibit(_) => true,
        };
        now && self.offered(state)
    }

    /// The key as the user's system writes it, or an empty string.
    pub fn key_text(self, ctx: &Context) -> String {
        let plain = |key: Key| match key {
            Key::Questionmark => "?",
            Key::Period => ".",
            Key::OpenBracket => "[",
            Key::CloseBracket => "]",
            other => other.name(),
        };
        match self.shortcut() {
            Some(s) if s.modifiers.is_none() || s.logical_key == Key::Questionmark => plain(s.logical_key).into(),
            Some(s) => ctx.format_shortcut(&s),
            None => String::new(),
        }
    }
}

/// The actions whose keys were pressed. None while a widget has the keyboard.
pub fn pressed(ctx: &Context) -> Vec<Action> {
    if ctx.egui_wants_keyboard_input() {
        return Vec::new();
    }
    let mut actions = Action::all();
    // A shortcut with more modifiers must be asked for first: the plain one would match it too.
    actions.sort_by_key(|a| a.shortcut().map_or(0, |s| -i32::from(s.modifiers.shift)));
    ctx.input_mut(|input| {
        actions.into_iter().filter(|a| a.shortcut().is_some_and(|s| input.consume_shortcut(&s))).collect()
    })
}
