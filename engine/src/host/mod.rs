//! The loop between a front end and the engine: take commands, do one unit of work, tell what happened.

mod beside;
mod fetching;
mod files;
mod jobs;
mod opening;
mod recovery;
mod show;
mod stage;
mod training;
mod waiting;
mod warm;

use std::rc::Rc;

use recovery::Copies;
use waiting::Waiting;
use warm::Warm;

use crate::card::Card;
use crate::clock::Stopwatch;
use crate::data::{Dataset, files::Files};
use crate::device::{self, Compute};
use crate::error::{Error, Result};
use crate::jobs::{Job, Probe, Test};
use crate::limits::Limits;
use crate::method::{Entry, Kept};
use crate::registry;
use crate::run::Run;
use crate::session::{Command, DataReport, DeviceChoice, Event, LogLevel, ModelReport, Session, UserFiles};
use crate::trace::Source;
use crate::{bench, kernel_checks, verify};

/// Least seconds between two progress messages.
const PROGRESS_EVERY: f64 = 0.1;

/// The engine as a front end's transport drives it. Lives on one thread for its whole life.
///
/// A transport calls [`Host::start`] once, then in a loop hands every waiting command to [`Host::handle`] and calls
/// [`Host::tick`]; when `tick` says it did nothing, the transport may sleep until the next command.
pub struct Host {
    choice: DeviceChoice,
    emit: Box<dyn FnMut(Event)>,
    /// Systems beside those of the registry.
    systems: Vec<Entry>,
    files: Files,
    /// What could not be shown for want of a file.
    waiting: Option<Waiting>,
    compute: Option<Compute>,
    session: Session,
    run: Option<Run>,
    /// Stored weights to look at beside a run that trains from scratch.
    beside: Option<Run>,
    /// The run from scratch that makes room while the stored weights beside it are fine-tuned.
    aside: Option<Run>,
    /// The views that were shown last lack what takes long to make ready.
    shown_less: bool,
    /// What looks keep while the session, the number of steps and what the views are of stay as they were.
    kept: Option<((Session, u64, Source), Kept)>,
    /// What was last told of the open model and its data.
    told_open: Option<(ModelReport, DataReport)>,
    user: Option<Rc<dyn Dataset>>,
    /// User data that came before any session: decoded when one says what it holds.
    undecoded: Option<UserFiles>,
    /// Text files of the user, for another reading of them.
    given: Option<UserFiles>,
    /// Data of a run that ended with its device, for the one that takes its place.
    spare_data: Option<Rc<dyn Dataset>>,
    copies: Copies,
    /// Held against requests instead of the device's own limits.
    limits: Option<Limits>,
    /// Kernels that are being made, and whether to make them ahead (`None`: as the device is).
    warm: Option<Warm>,
    warms: Option<bool>,
    job: Option<Job>,
    fetching: Option<fetching::Fetching>,
    /// Steps still to train; `None` = until told otherwise.
    playing: Option<Option<u64>>,
    told: Stopwatch,
    /// When the device was last described.
    described: Stopwatch,
    rate: Rate,
}

/// Steps a second, over the last progress messages.
struct Rate {
    since: Stopwatch,
    steps: u64,
    smooth: f64,
}

impl Host {
    /// An engine that tells its events to `emit`.
    pub fn new(choice: DeviceChoice, emit: impl FnMut(Event) + 'static) -> Self {
        Self {
            choice,
            emit: Box::new(emit),
            systems: Vec::new(),
            files: Files::new(),
            waiting: None,
            compute: None,
            session: Session::default(),
            run: None,
            beside: None,
            aside: None,
            shown_less: false,
            kept: None,
            told_open: None,
            user: None,
            undecoded: None,
            given: None,
            spare_data: None,
            copies: Copies::new(),
            limits: None,
            warm: None,
            warms: None,
            job: None,
            fetching: None,
            playing: None,
            told: Stopwatch::start(),
            described: Stopwatch::start(),
            rate: Rate { since: Stopwatch::start(), steps: 0, smooth: 0.0 },
        }
    }

    /// Take files that come with the program from elsewhere than the usual places.
    pub fn with_files(mut self, files: Files) -> Self {
        self.files = files;
        self
    }

    /// Know this system beside those of the registry.
    pub fn with_system(mut self, entry: Entry) -> Self {
        self.systems.push(entry);
        self
    }

    /// Hold requests against these limits instead of the device's own, to leave room for others.
    pub fn within(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Find the device and say [`Event::Ready`].
    pub async fn start(&mut self) {
        #[cfg(not(target_arch = "wasm32"))]
        crate::kernels::compute_here();
        match device::open(self.choice).await {
            Ok(compute) => {
                self.emit(Event::Ready { device: compute.report.clone(), catalogue: registry::cards() });
                self.compute = Some(compute);
            }
            Err(error) => self.refuse(&error),
        }
    }

    fn emit(&mut self, event: Event) {
        (self.emit)(event);
    }

    fn refuse(&mut self, error: &Error) {
        log::warn!("{error}");
        self.emit(Event::Error(error.report()));
    }

    fn log(&mut self, text: impl Into<String>) {
        self.emit(Event::Log { level: LogLevel::Info, text: text.into() });
    }

    /// Do what a command asks. Errors become [`Event::Error`]; the session goes on.
    pub async fn handle(&mut self, command: Command) {
        if let Err(error) = self.obey(command).await {
            self.answer_failure(&error).await;
        }
    }

    async fn obey(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Show(session) => self.show(*session).await,
            Command::Play => self.play(None).await,
            Command::Pause => self.pause().await,
            Command::Step(count) => self.play(Some(u64::from(count))).await,
            Command::Reset if self.running()?.head().is_some() => self.tune_again(),
            Command::Reset => {
                let session =
                    Session { stored: false, go_on: false, step: 0, first_loss: None, ..self.session.clone() };
                self.open_anew(session).await
            }
            Command::Look { request, views, cursor } => self.look(request, views, cursor).await,
            Command::LoadWeights { file, apply } => match self.awaited(&file) {
                Some(session) => self.show(session).await,
                None => self.load_weights(&file, apply),
            },
            Command::SaveMap { view } => self.save_map(&view).await,
            Command::SaveWeights => self.save_weights().await,
            Command::SaveCheckpoint => self.save_checkpoint().await,
            Command::LoadCheckpoint(file) => self.load_checkpoint(&file).await,
            Command::PackWeights { command } => self.pack_weights(&command).await,
            Command::AddUserData(files) => self.add_user_data(files).await,
            Command::ReadAgain(reading) => self.read_again(reading).await,
            Command::RunProbe { .. } if self.running()?.head().is_some() => {
                let test = Test::new(self.running()?)?;
                self.begin(Job::Test(Box::new(test)))
            }
            Command::RunProbe { train, test } => {
                let probe = Probe::new(self.shown()?, train, test)?;
                self.begin(Job::Probe(Box::new(probe)))
            }
            Command::RunStudy(request) => self.run_study(request),
            Command::Verify(files) => {
                let compute = self.compute()?.clone();
                let emit = &mut self.emit;
                let told = |done, total, note: &str| {
                    emit(Event::Job { name: "verify".into(), done, total, note: note.into() })
                };
                let report = verify::run(&registry::BUILT, &files, &compute, told).await?;
                self.emit(Event::Verified(report));
                Ok(())
            }
            Command::SelfCheck => {
                let device = self.compute()?.device.clone();
                let checks = kernel_checks::check(&device).await;
                self.emit(Event::Checked(checks));
                Ok(())
            }
            Command::Bench { name, warmup, repeats, max_ms } => {
                let compute = self.compute()?.clone();
                let report = bench::Bench::new(compute).run(&name, warmup, repeats, f64::from(max_ms)).await?;
                self.emit(Event::Benched(report));
                Ok(())
            }
            Command::UseDevice(choice) => self.use_device(choice).await,
            Command::UseKernels(kernels) => self.use_kernels(kernels),
            Command::DescribeDevice => {
                let report = self.device_report()?;
                self.emit(Event::Device(report));
                Ok(())
            }
            Command::MeasureStep => self.measure_step().await,
            Command::ListSets => self.tell_sets().await,
            Command::Fetch { set } => self.fetch(&set).await,
            Command::Cancel => {
                self.end_warm_up();
                self.stop_job();
                self.stop_fetching();
                Ok(())
            }
            Command::Close => {
                (self.run, self.beside, self.aside) = (None, None, None);
                self.stop_fetching();
                (self.job, self.playing, self.warm, self.kept) = (None, None, None, None);
                self.release();
                Ok(())
            }
        }
    }

    /// One unit of work: a slice of a long job or a training step. False: there was nothing to do.
    pub async fn tick(&mut self) -> bool {
        if self.fetching.is_none() {
            return self.work().await;
        }
        self.fetch_slice(false).await;
        if !self.work().await {
            self.fetch_slice(true).await;
        }
        true
    }

    async fn work(&mut self) -> bool {
        if std::mem::take(&mut self.shown_less) {
            if let Err(error) = self.complete().await {
                self.answer_failure(&error).await;
            }
            return true;
        }
        if self.job.is_some() {
            self.job_slice().await;
            return true;
        }
        if self.warm.is_some() {
            self.warm_slice().await;
            return true;
        }
        if self.playing.is_some() {
            if let Err(error) = self.train().await {
                self.playing_failed(&error).await;
            }
            return true;
        }
        false
    }

    fn compute(&self) -> Result<&Compute> {
        self.compute.as_ref().ok_or_else(|| {
            Error::device("The engine has no device", "none could be opened", "Choose the CPU in the device panel")
        })
    }

    fn running(&self) -> Result<&Run> {
        self.run.as_ref().ok_or_else(|| {
            Error::request("Nothing is open", "no system has been opened yet", "Choose a system from the list")
        })
    }

    fn entry(&self, id: &str) -> Result<Entry> {
        match self.systems.iter().find(|entry| (entry.card)().id == id) {
            Some(entry) => Ok(*entry),
            None => registry::entry(id),
        }
    }

    fn card(&self, id: &str) -> Result<Card> {
        Ok((self.entry(id)?.card)())
    }
}
