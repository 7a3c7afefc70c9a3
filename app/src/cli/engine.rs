//! The engine as the command line drives it: on this thread, one event at a time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use clap::ValueEnum;
use masquerade_engine::error::Error;
use masquerade_engine::host::Host;
use masquerade_engine::registry;
use masquerade_engine::session::{
    Command, DataReport, DeviceChoice, DeviceReport, Event, LogLevel, ModelReport, NamedBytes, PhaseReport, Session,
};

use super::failure::Failure;
use super::progress::Progress;

/// `--device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    /// A hardware GPU if there is one, else the CPU.
    Auto,
    /// The GPU, a software one too.
    Gpu,
    /// The CPU.
    Cpu,
}

/// `--kernels`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kernels {
    /// Masquerade's own kernels, each of which does the work of several.
    Fused,
    /// The tensor library's kernels alone: to compare, or when a driver is at fault.
    Stock,
}

/// What happened in one turn of the engine.
pub enum Turn {
    Event(Box<Event>),
    /// Work was done; nothing to tell yet.
    Worked,
    /// Nothing is left to do: every command is answered.
    Idle,
}

/// The engine, what it last said of the session, and the progress bar its long jobs move.
pub struct Engine {
    host: Host,
    events: Rc<RefCell<VecDeque<Event>>>,
    pub device: DeviceReport,
    pub session: Session,
    pub model: Option<ModelReport>,
    /// The data that were told last.
    told: Option<Box<DataReport>>,
    pub progress: Progress,
}

impl Engine {
    /// Start the engine on a device and say which one it is.
    ///
    /// # Errors
    /// When the device failed, or a GPU was asked for and there is none.
    pub fn open(device: Device) -> Result<Self, Failure> {
        let choice = match device {
            Device::Auto => DeviceChoice::Auto,
            Device::Gpu => DeviceChoice::Gpu,
            Device::Cpu => DeviceChoice::Cpu,
        };
        let events = Rc::new(RefCell::new(VecDeque::new()));
        let inbox = Rc::clone(&events);
        let mut host = Host::new(choice, move |event| inbox.borrow_mut().push_back(event));
        pollster::block_on(host.start());
        let mut engine = Self {
            host,
            events,
            device: DeviceReport::default(),
            session: Session::default(),
            model: None,
            told: None,
            progress: Progress::new(),
        };
        engine.device =
            engine.wait_for(|event| if let Event::Ready { device, .. } = event { Some(device) } else { None })?;
        if device == Device::Gpu && !engine.device.gpu {
            let why = engine.device.reason.clone();
            return Err(Error::device(
                "No GPU can be used",
                why,
                "Run it with --device cpu, or install the GPU's Vulkan driver",
            )
            .into());
        }
        engine
            .progress
            .note(format_args!("{} ({}): {}", engine.device.name, engine.device.backend, engine.device.reason));
        Ok(engine)
    }

    /// Hand a command to the engine; what it says is met in the turns that follow.
    pub fn send(&mut self, command: Command) {
        pollster::block_on(self.host.handle(command));
    }

    /// Take the oldest event or, when there is none, let the engine do one unit of work.
    ///
    /// # Errors
    /// When the engine told of an error or is lost.
    pub fn turn(&mut self) -> Result<Turn, Failure> {
        let next = self.events.borrow_mut().pop_front();
        let Some(event) = next else {
            let worked = pollster::block_on(self.host.tick());
            return Ok(if worked || !self.events.borrow().is_empty() { Turn::Worked } else { Turn::Idle });
        };
        match &event {
            Event::Error(report) | Event::Lost { report, .. } => {
                self.progress.clear();
                return Err(report.clone().into());
            }
            Event::Log { level, text } => match level {
                LogLevel::Info => self.progress.note(text),
                LogLevel::Warning => self.progress.note(format_args!("Warning: {text}")),
                LogLevel::Error => self.progress.note(format_args!("Error: {text}")),
            },
            Event::Recovered(report) => {
                self.progress.note(format_args!("Warning: {}: {} {}", report.title, report.why, report.what_to_do))
            }
            Event::Loading { what, done, total } => self.progress.show(*done, *total, what),
            Event::Job { done, total, note, .. } => self.progress.show(*done, *total, note),
            Event::Opened { session, model, data } => {
                self.session.clone_from(session);
                self.model = Some(model.clone());
                self.tell(data);
            }
            Event::State { session, .. } => self.session.clone_from(session),
            _ => {}
        }
        Ok(Turn::Event(Box::new(event)))
    }

    /// Say what was read, where it is other than what was said last.
    fn tell(&mut self, data: &DataReport) {
        if self.told.as_deref() == Some(data) {
            return;
        }
        self.told = Some(Box::new(data.clone()));
        let kind = registry::cards().into_iter().find(|card| card.id == self.session.method).map(|card| card.kind);
        self.progress.note(format_args!("Read {}", data.line(kind.unwrap_or_default())));
        for line in &data.notes {
            self.progress.note(line);
        }
        for (name, reason) in data.skipped.iter().skip(DataReport::NAMED) {
            self.progress.note(format_args!("Left out {name}: {reason}"));
        }
    }

    /// The phases of the open run.
    pub fn phases(&self) -> &[PhaseReport] {
        self.model.as_ref().map_or(&[], |model| &model.phases)
    }

    /// Work until `pick` takes an event.
    ///
    /// # Errors
    /// When the engine failed, or has nothing left to do and did not answer.
    pub fn wait_for<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> Result<T, Failure> {
        loop {
            match self.turn()? {
                Turn::Event(event) => {
                    if let Some(answer) = pick(*event) {
                        self.progress.clear();
                        return Ok(answer);
                    }
                }
                Turn::Worked => {}
                Turn::Idle => {
                    let why = "it has nothing left to do";
                    return Err(
                        Error::device("The engine did not answer", why, "Run it again with --device cpu").into()
                    );
                }
            }
        }
    }

    /// Work until nothing is left to do.
    ///
    /// # Errors
    /// When the engine failed.
    pub fn settle(&mut self) -> Result<(), Failure> {
        while !matches!(self.turn()?, Turn::Idle) {}
        self.progress.clear();
        Ok(())
    }

    /// The file that the engine answers a command with.
    ///
    /// # Errors
    /// When the engine failed.
    pub fn file(&mut self, command: Command) -> Result<NamedBytes, Failure> {
        self.send(command);
        self.wait_for(|event| if let Event::File(file) = event { Some(file) } else { None })
    }
}
