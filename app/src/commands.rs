//! Everything the user can ask for, once: buttons, palette, shortcuts and their list all come from [`Action::all`].

use egui::{Context, Key, KeyboardShortcut, Modifiers};
use masquerade_engine::session::DeviceChoice;

use crate::icons;
use crate::state::State;
use crate::undo::Undo;

/// One thing the user can ask for. Its words are in [`crate::text::action`] and [`crate::text::action_tooltip`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    PlayPause,
    Step,
    Reset,
    NewMask,
    RuleMask,
    MoreMask,
    LessMask,
    NextSample,
    PreviousSample,
    Unpin,
    RawPrediction,
    TruePatchMean,
    WholePicture,
    Undo,
    Redo,
    Share,
    SaveWeights,
    SaveCheckpoint,
    Probe,
    FineTune,
    Claim,
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
            A::NewMask,
            A::RuleMask,
            A::MoreMask,
            A::LessMask,
            A::NextSample,
            A::PreviousSample,
            A::Unpin,
            A::RawPrediction,
            A::TruePatchMean,
            A::WholePicture,
            A::Undo,
            A::Redo,
            A::Share,
            A::SaveWeights,
            A::SaveCheckpoint,
            A::Probe,
            A::FineTune,
            A::Claim,
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

    /// Its glyph, or an empty string.
    pub fn icon(self, state: &State) -> &'static str {
        match self {
            Self::PlayPause if state.playing => icons::PAUSE,
            Self::PlayPause => icons::PLAY,
            Self::Step => icons::STEP,
            Self::Reset => icons::RESET,
            Self::NewMask => icons::SHUFFLE,
            Self::RuleMask => icons::ERASE,
            Self::NextSample => icons::NEXT,
            Self::PreviousSample => icons::PREVIOUS,
            Self::Unpin => icons::PIN,
            Self::RawPrediction | Self::WholePicture => icons::PICTURE,
            Self::TruePatchMean => icons::WARNING,
            Self::Undo => icons::UNDO,
            Self::Redo => icons::REDO,
            Self::Share => icons::SHARE,
            Self::SaveWeights | Self::SaveCheckpoint => icons::DOWNLOAD,
            Self::Probe | Self::FineTune | Self::Claim | Self::LogScale | Self::MeasureStep => icons::CHART,
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

    /// Whether it can be done now.
    pub fn enabled(self, state: &State, undo: &Undo) -> bool {
        let open = state.model.is_some() && !state.lost;
        let knob = |name: &str| open && state.card().is_some_and(|c| c.knob(name).is_some());
        match self {
            Self::PlayPause
            | Self::Step
            | Self::Reset
            | Self::NewMask
            | Self::SaveWeights
            | Self::SaveCheckpoint
            | Self::RawPrediction
            | Self::TruePatchMean => open,
            Self::RuleMask => open && state.session.painted.is_some(),
            Self::MoreMask | Self::LessMask => knob(MASK_RATIO),
            Self::NextSample | Self::PreviousSample => open && state.data.as_ref().is_some_and(|d| d.samples > 1),
            Self::Unpin => state.session.pinned.is_some(),
            Self::Probe | Self::FineTune => {
                open && state.job.is_none() && state.data.as_ref().is_some_and(|d| d.classes.len() > 1)
            }
            Self::Claim => open && state.job.is_none() && state.card().is_some_and(|c| c.claim.is_some()),
            Self::Cancel => state.job.is_some(),
            Self::MeasureStep | Self::SelfCheck => open && state.job.is_none(),
            Self::UseDevice(_) | Self::StockKernels => state.device.is_some(),
            Self::Undo => undo.can_undo(),
            Self::Redo => undo.can_redo(),
            Self::Exhibit(n) => state.catalogue.get(usize::from(n).wrapping_sub(1)).is_some_and(|c| c.built),
            Self::Share
            | Self::WholePicture
            | Self::Theme(_)
            | Self::Lecture
            | Self::LogScale
            | Self::ShowLog
            | Self::Palette
            | Self::Shortcuts
            | Self::Close => true,
        }
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

/// The knob that the brackets turn.
pub const MASK_RATIO: &str = "mask_ratio";

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
