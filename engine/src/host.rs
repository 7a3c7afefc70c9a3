//! The loop between a front end and the engine: take commands, do one unit of work, tell what happened.

use crate::card::Card;
use crate::checkpoint::{self, keys, resume, safetensors, stored};
use crate::clock::Stopwatch;
use crate::data::{self, files::Files, pictures::PictureData, user_files};
use crate::device::{self, Compute};
use crate::error::{Error, Result};
use crate::feed::{Feed, Half};
use crate::jobs::{ClaimJob, FineTune, Job, Probe};
use crate::method::Stage;
use crate::registry;
use crate::rng::Rng;
use crate::run::{Provenance, Run};
use crate::session::{Command, DeviceChoice, DeviceReport, Event, LogLevel, ModelReport, NamedBytes, Progress, Session};
use crate::settings::Settings;
use crate::trace::Source;
use crate::{bench, kernels, verify};

/// Least seconds between two progress messages.
const PROGRESS_EVERY: f64 = 0.1;

/// The engine as a front end's transport drives it. Lives on one thread for its whole life.
///
/// A transport calls [`Host::start`] once, then in a loop hands every waiting command to [`Host::handle`] and calls
/// [`Host::tick`]; when `tick` says it did nothing, the transport may sleep until the next command.
pub struct Host {
    choice: DeviceChoice,
    emit: Box<dyn FnMut(Event)>,
    files: Files,
    compute: Option<Compute>,
    session: Session,
    run: Option<Run>,
    user: Option<PictureData>,
    job: Option<Job>,
    /// Steps still to train; `None` = until told otherwise.
    playing: Option<Option<u64>>,
    told: Stopwatch,
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
            files: Files::new(),
            compute: None,
            session: Session::default(),
            run: None,
            user: None,
            job: None,
            playing: None,
            told: Stopwatch::start(),
            rate: Rate { since: Stopwatch::start(), steps: 0, smooth: 0.0 },
        }
    }

    /// Take files that come with the program from elsewhere than the usual places.
    pub fn with_files(mut self, files: Files) -> Self {
        self.files = files;
        self
    }

    /// Find the device and say [`Event::Ready`].
    pub async fn start(&mut self) {
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
            self.refuse(&error);
        }
    }

    async fn obey(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Open(session) => self.open(*session).await,
            Command::Play => self.play(None),
            Command::Pause => self.pause().await,
            Command::Step(count) => self.play(Some(u64::from(count))),
            Command::Reset => {
                let session = Session { stored: false, step: 0, first_loss: None, ..self.session.clone() };
                self.run = None;
                self.open(session).await
            }
            Command::SetKnob { name, value } => {
                let mut session = self.session.clone();
                session.knobs.insert(name, value);
                self.open(session).await
            }
            Command::SetSample(sample) => self.restage(|s| s.sample = sample),
            Command::Remask(seed) => self.restage(|s| (s.mask_seed, s.painted) = (seed, None)),
            Command::PaintMask(mask) => self.restage(|s| s.painted = mask),
            Command::SetDisplay { raw_prediction, true_patch_mean } => {
                self.restage(|s| (s.raw_prediction, s.true_patch_mean) = (raw_prediction, true_patch_mean))
            }
            Command::Pin(token) => self.restage(|s| s.pinned = token),
            Command::Look { request, views, cursor } => self.look(request, views, cursor).await,
            Command::LoadWeights { file, apply } => self.load_weights(&file, apply),
            Command::SaveWeights => self.save_weights().await,
            Command::SaveCheckpoint => self.save_checkpoint().await,
            Command::LoadCheckpoint(file) => self.load_checkpoint(&file).await,
            Command::PackWeights { command } => self.pack_weights(&command).await,
            Command::AddUserData(files) => self.add_user_data(files).await,
            Command::RunProbe { train, test } => {
                let probe = Probe::new(self.running()?, train, test)?;
                self.begin(Job::Probe(Box::new(probe)))
            }
            Command::FineTune { steps } => {
                let tuning = FineTune::new(self.running()?, steps)?;
                self.begin(Job::FineTune(Box::new(tuning)))
            }
            Command::RunClaim { steps, seeds } => self.run_claim(steps, seeds),
            Command::Verify(files) => {
                let compute = self.compute()?.clone();
                let emit = &mut self.emit;
                let told = |done, total, note: &str| emit(Event::Job { name: "verify".into(), done, total, note: note.into() });
                let report = verify::run(&registry::BUILT, &files, &compute, told).await?;
                self.emit(Event::Verified(report));
                Ok(())
            }
            Command::SelfCheck => {
                let device = self.compute()?.device.clone();
                let checks = kernels::check::check(&device).await;
                self.emit(Event::Checked(checks));
                Ok(())
            }
            Command::Bench { name, warmup, repeats, max_ms } => {
                let compute = self.compute()?.clone();
                let report = bench::run(&name, warmup, repeats, f64::from(max_ms), &compute).await?;
                self.emit(Event::Benched(report));
                Ok(())
            }
            Command::UseDevice(choice) => self.use_device(choice).await,
            Command::DescribeDevice => {
                let report = self.device_report()?;
                self.emit(Event::Device(report));
                Ok(())
            }
            Command::MeasureStep => self.measure_step().await,
            Command::Cancel => {
                if let Some(job) = self.job.take() {
                    self.log(format!("The {} was stopped.", job.name()));
                    self.emit(Event::Job { name: job.name().into(), done: 0, total: 0, note: "stopped".into() });
                }
                Ok(())
            }
            Command::Close => {
                (self.run, self.job, self.playing) = (None, None, None);
                Ok(())
            }
        }
    }

    /// One unit of work: a slice of a long job or a training step. False: there was nothing to do.
    pub async fn tick(&mut self) -> bool {
        if self.job.is_some() {
            self.job_slice().await;
            return true;
        }
        if self.playing.is_some() {
            if let Err(error) = self.train().await {
                self.playing = None;
                self.refuse(&error);
                self.tell_state();
            }
            return true;
        }
        false
    }

    fn compute(&self) -> Result<&Compute> {
        self.compute
            .as_ref()
            .ok_or_else(|| Error::device("The engine has no device", "none could be opened", "Choose the CPU in the device panel"))
    }

    fn running(&self) -> Result<&Run> {
        self.run.as_ref().ok_or_else(|| Error::request("Nothing is open", "no system has been opened yet", "Choose a system from the list"))
    }

    fn card(&self, id: &str) -> Result<Card> {
        Ok((registry::entry(id)?.card)())
    }

    // ---- opening -------------------------------------------------------------------------------------------------

    async fn open(&mut self, session: Session) -> Result<()> {
        let result = self.try_open(session).await;
        if result.is_err() {
            // Put the front end's knobs back where the engine's are.
            self.tell_state();
        }
        result
    }

    async fn try_open(&mut self, mut session: Session) -> Result<()> {
        let card = self.card(&session.method)?;
        if session.data.is_empty() {
            session.data = card.data.first().cloned().unwrap_or_default();
        }
        if session.preset.is_empty() {
            session.preset = card.presets.first().map(|p| p.id.clone()).unwrap_or_default();
        }
        let same_data = self.run.is_some() && self.session.data == session.data && self.session.method == session.method;
        let draft = Settings::of(&session, &card, 1)?;
        let data = match &self.run {
            Some(run) if same_data && session.data != "folder" && self.session.seed == session.seed => run.feed.data.clone(),
            _ => self.load_data(&session, draft.count("img_size")).await?,
        };
        let settings = Settings::of(&session, &card, data.channels as usize)?;
        let keep = self.run.as_ref().is_some_and(|run| {
            same_data && run.serves(&session, &settings) && self.session.stored == session.stored && self.session.preset == session.preset
        });
        let train_to = if keep { 0 } else { session.step };
        if keep {
            if let Some(run) = &mut self.run {
                run.feed.data = data;
                run.adjust(settings)?;
                session.step = run.step;
            }
        } else {
            let run = self.build(&session, &card, settings, data).await?;
            self.run = Some(run);
            self.job = None;
            self.playing = None;
            session.step = 0;
        }
        let samples = self.running()?.feed.len(Half::Test).max(self.running()?.feed.len(Half::Train));
        session.sample = session.sample.min(samples.saturating_sub(1) as u64);
        let tokens = self.running()?.method.grid();
        if session.painted.as_ref().is_some_and(|p| p.len() != (tokens.0 * tokens.1) as usize) {
            session.painted = None;
        }
        self.session = session;
        let (model, data) = (self.model_report()?, self.running()?.feed.report());
        self.emit(Event::Opened { session: Box::new(self.session.clone()), model, data });
        if train_to > 0 {
            self.play(Some(train_to))?;
        }
        Ok(())
    }

    async fn load_data(&mut self, session: &Session, size: usize) -> Result<PictureData> {
        self.emit(Event::Loading { what: format!("data: {}", session.data), done: 0, total: 0 });
        data::open(&session.data, size as u32, &self.files, self.user.as_ref(), session.seed).await
    }

    async fn build(&mut self, session: &Session, card: &Card, settings: Settings, data: PictureData) -> Result<Run> {
        let compute = self.compute()?.clone();
        let entry = registry::entry(&session.method)?;
        let feed = Feed::new(data, &settings);
        let mut run = Run::new(&entry, settings, feed, &compute.device)?;
        let weights = card.preset(&session.preset).and_then(|p| p.stored_weights.clone());
        if let (true, Some(name)) = (session.stored, weights) {
            let loaded = match self.files.stored(&name).await {
                Ok(bytes) => stored::unpack(&bytes).and_then(|file| run.take(&file, &name).map(|()| file)),
                Err(error) => Err(error),
            };
            match loaded {
                Ok(file) => {
                    let steps = file.metadata.get("steps").and_then(|s| s.parse().ok()).unwrap_or(0);
                    run.provenance = Provenance { words: format!("stored weights, {steps} steps"), stored: true, trained_steps: steps };
                }
                // Knobs that change the model leave the stored weights behind; that is no error.
                Err(error) => self.log(format!("From scratch: {}", error.report().why)),
            }
        }
        Ok(run)
    }

    fn model_report(&self) -> Result<ModelReport> {
        let run = self.running()?;
        let (rows, columns, visible) = run.method.grid();
        Ok(ModelReport {
            parameters: run.weights.count() as u64,
            grid: (rows, columns),
            visible_tokens: visible,
            weights: run.provenance.words.clone(),
            trained_steps: run.provenance.trained_steps,
            stored: run.provenance.stored && run.step == 0,
            views: run.method.views(),
        })
    }

    fn tell_state(&mut self) {
        let (session, playing) = (Box::new(self.session.clone()), self.playing.is_some());
        self.emit(Event::State { session, playing });
    }

    fn restage(&mut self, change: impl FnOnce(&mut Session)) -> Result<()> {
        change(&mut self.session);
        self.tell_state();
        Ok(())
    }

    // ---- training ------------------------------------------------------------------------------------------------

    fn play(&mut self, steps: Option<u64>) -> Result<()> {
        self.running()?;
        self.playing = Some(steps);
        self.rate = Rate { since: Stopwatch::start(), steps: 0, smooth: 0.0 };
        self.tell_state();
        Ok(())
    }

    async fn pause(&mut self) -> Result<()> {
        self.playing = None;
        let told = self.tell_progress().await;
        self.tell_state();
        told
    }

    async fn train(&mut self) -> Result<()> {
        let run = self.run.as_mut().ok_or_else(|| Error::request("Nothing is open", "no system has been opened yet", "Choose a system"))?;
        run.train_step()?;
        self.session.step = run.step;
        self.rate.steps += 1;
        let left = self.playing.flatten().map(|left| left.saturating_sub(1));
        let over = left == Some(0);
        if let Some(left) = left {
            self.playing = Some(Some(left));
        }
        let first = self.session.step == 1;
        if over || first || self.told.seconds() >= PROGRESS_EVERY {
            self.tell_progress().await?;
        }
        if over {
            self.playing = None;
            self.tell_state();
        }
        Ok(())
    }

    async fn tell_progress(&mut self) -> Result<()> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let losses = run.losses().await?;
        let elapsed = self.rate.since.seconds();
        if self.rate.steps > 0 && elapsed > 0.0 {
            let rate = self.rate.steps as f64 / elapsed;
            self.rate.smooth = if self.rate.smooth == 0.0 { rate } else { 0.8 * self.rate.smooth + 0.2 * rate };
            (self.rate.since, self.rate.steps) = (Stopwatch::start(), 0);
        }
        let of = self.playing.flatten().map_or_else(|| run.settings.count("steps") as u64, |left| run.step + left);
        let progress = Progress {
            step: run.step,
            of,
            steps_per_second: self.rate.smooth,
            seconds_left: if self.rate.smooth > 0.0 { of.saturating_sub(run.step) as f64 / self.rate.smooth } else { 0.0 },
            learning_rate: run.learning_rate(),
            losses,
        };
        self.told = Stopwatch::start();
        let first = progress.losses.first().filter(|p| p.step == 1).map(|p| p.total);
        self.emit(Event::Progress(progress));
        if let Some(first) = first {
            self.first_loss(first);
        }
        Ok(())
    }

    /// Compare the first loss with the one in the link, or note it for the next link.
    fn first_loss(&mut self, loss: f32) {
        if let Some(expected) = self.session.first_loss {
            let difference = (loss - expected).abs() / expected.abs().max(1e-12);
            let verdict = if difference <= 1e-4 { "the same to 1e-4" } else { "different" };
            self.log(format!("First loss {loss:.6}; the link says {expected:.6}: {verdict}."));
        } else {
            self.session.first_loss = Some(loss);
            self.tell_state();
        }
    }

    // ---- looking -------------------------------------------------------------------------------------------------

    async fn look(&mut self, request: u64, wanted: Vec<String>, cursor: Option<u32>) -> Result<()> {
        let (run, gpu) = (self.running()?, self.compute()?.report.gpu);
        let half = if run.feed.is_empty(Half::Test) { Half::Train } else { Half::Test };
        let sample = (self.session.sample as usize).min(run.feed.len(half).saturating_sub(1));
        let stage = Stage {
            batch: run.feed.evaluation_batch(half, &[sample]),
            mean: run.feed.data.mean.to_vec(),
            std: run.feed.data.std.to_vec(),
            rng: Rng::new(self.session.seed, "stage").at(self.session.sample).at(self.session.mask_seed),
            painted: self.session.painted.clone(),
            cursor: cursor.or(self.session.pinned),
            raw_prediction: self.session.raw_prediction,
            true_patch_mean: self.session.true_patch_mean,
            wanted,
            source: match (run.provenance.stored && run.step == 0, gpu) {
                (true, true) => Source::StoredWeightsGpu,
                (true, false) => Source::StoredWeightsCpu,
                (false, true) => Source::LiveGpu,
                (false, false) => Source::LiveCpu,
            },
        };
        let views = run.method.look(&run.weights.frozen(), &stage).await?;
        self.emit(Event::Views { request, views });
        Ok(())
    }

    // ---- jobs ----------------------------------------------------------------------------------------------------

    fn begin(&mut self, job: Job) -> Result<()> {
        if let Some(running) = &self.job {
            let why = format!("the {} is still going on", running.name());
            return Err(Error::request("Another job is running", why, "Wait for it or stop it first"));
        }
        self.job = Some(job);
        Ok(())
    }

    fn run_claim(&mut self, steps: u32, seeds: Vec<u64>) -> Result<()> {
        let run = self.running()?;
        let entry = registry::entry(&self.session.method)?;
        let lacks = || Error::request("There is nothing to claim", "the system has no claim", "Choose another system");
        let mut claim = run.card.claim.clone().ok_or_else(lacks)?;
        if steps > 0 {
            claim.steps = steps;
        }
        if !seeds.is_empty() {
            claim.seeds = seeds;
        }
        let device = self.compute()?.device.clone();
        let job = ClaimJob::new(entry, claim, self.session.clone(), run.feed.clone(), &device)?;
        self.begin(Job::Claim(Box::new(job)))
    }

    async fn job_slice(&mut self) {
        let Some(mut job) = self.job.take() else { return };
        let name = job.name().to_string();
        match job.slice().await {
            Ok(slice) => {
                self.emit(Event::Job { name, done: slice.done, total: slice.total, note: slice.note });
                match slice.answer {
                    Some(answer) => self.emit(answer),
                    None => self.job = Some(job),
                }
            }
            Err(error) => self.refuse(&error),
        }
    }

    // ---- files ---------------------------------------------------------------------------------------------------

    fn load_weights(&mut self, file: &NamedBytes, apply: bool) -> Result<()> {
        let read = checkpoint::open(&file.bytes)?;
        let run = self.run.as_mut().ok_or_else(|| Error::request("Nothing is open", "weights need a model", "Choose a system first"))?;
        let plan = keys::plan(&file.name, &read, &run.weights, run.method.layouts());
        let mut report = plan.report.clone();
        if apply {
            report = keys::apply(plan, &mut run.weights)?;
            let steps = read.metadata.get("steps").and_then(|s| s.parse().ok()).unwrap_or(0);
            run.provenance = Provenance { words: format!("loaded from {}", file.name), stored: false, trained_steps: steps };
        }
        self.emit(Event::Keys(report));
        if apply {
            let (session, model, data) = (Box::new(self.session.clone()), self.model_report()?, self.running()?.feed.report());
            self.emit(Event::Opened { session, model, data });
        }
        Ok(())
    }

    /// What a weights file says of itself; `steps` counts those of the weights it started from too.
    fn metadata(&self, command: &str) -> Result<safetensors::Metadata> {
        let run = self.running()?;
        let session = Session { step: run.provenance.trained_steps + run.step, ..self.session.clone() };
        checkpoint::describe(&session, command)
    }

    async fn save_weights(&mut self) -> Result<()> {
        let (run, metadata) = (self.running()?, self.metadata("")?);
        let name = format!("{}-{}-{}.safetensors", run.card.id, self.session.preset, run.provenance.trained_steps + run.step);
        let bytes = safetensors::save(&run.weights, &metadata).await?;
        self.emit(Event::File(NamedBytes { name, bytes }));
        Ok(())
    }

    async fn pack_weights(&mut self, command: &str) -> Result<()> {
        let (run, mut metadata) = (self.running()?, self.metadata("")?);
        metadata.insert("command".into(), command.into());
        let name = format!("{}-{}.safetensors", run.card.id, self.session.preset);
        let bytes = stored::pack(&run.weights, &metadata).await?;
        self.emit(Event::File(NamedBytes { name, bytes }));
        Ok(())
    }

    async fn save_checkpoint(&mut self) -> Result<()> {
        self.tell_progress().await?;
        let run = self.running()?;
        let bytes = resume::save(&self.session, &run.weights, &run.optimiser).await?;
        self.emit(Event::File(NamedBytes { name: "checkpoint.safetensors".into(), bytes }));
        Ok(())
    }

    async fn load_checkpoint(&mut self, file: &NamedBytes) -> Result<()> {
        let checkpoint = resume::read(&file.bytes)?;
        let step = checkpoint.session.step;
        self.run = None;
        self.open(Session { step: 0, stored: false, ..checkpoint.session.clone() }).await?;
        let run =
            self.run.as_mut().ok_or_else(|| Error::request("Nothing is open", "the checkpoint's system did not open", "Try again"))?;
        checkpoint.restore(&mut run.weights, &mut run.optimiser)?;
        run.step = step;
        run.provenance.words = format!("resumed from {} at step {step}", file.name);
        self.session.step = step;
        let (session, model, data) = (Box::new(self.session.clone()), self.model_report()?, self.running()?.feed.report());
        self.emit(Event::Opened { session, model, data });
        Ok(())
    }

    async fn add_user_data(&mut self, files: Vec<NamedBytes>) -> Result<()> {
        let keep = self.run.as_ref().map_or(64, |run| (run.settings.count("img_size") * 8).div_ceil(7));
        self.user = Some(user_files::from_files(files, keep as u32)?);
        let session = Session { data: "folder".into(), sample: 0, step: 0, ..self.session.clone() };
        self.run = None;
        self.open(session).await
    }

    // ---- device --------------------------------------------------------------------------------------------------

    fn device_report(&self) -> Result<DeviceReport> {
        let compute = self.compute()?;
        let mut report = compute.report.clone();
        report.memory_bytes = compute.device.memory_pool_usage().map(|usage| usage.bytes_reserved);
        Ok(report)
    }

    async fn use_device(&mut self, choice: DeviceChoice) -> Result<()> {
        let compute = device::open(choice).await?;
        self.choice = choice;
        let changed = self.compute.as_ref().is_none_or(|now| now.report.gpu != compute.report.gpu);
        let checkpoint = match &self.run {
            Some(run) if changed && run.step > 0 => Some(resume::save(&self.session, &run.weights, &run.optimiser).await?),
            _ => None,
        };
        self.compute = Some(compute);
        let report = self.device_report()?;
        self.emit(Event::Device(report));
        if changed && self.run.is_some() {
            match checkpoint {
                Some(bytes) => self.load_checkpoint(&NamedBytes { name: "the other device".into(), bytes }).await?,
                None => {
                    self.run = None;
                    self.open(self.session.clone()).await?;
                }
            }
        }
        Ok(())
    }

    async fn measure_step(&mut self) -> Result<()> {
        let compute = self.compute()?.clone();
        let report = bench::step_report(&compute).await?;
        self.emit(Event::StepReport(report));
        Ok(())
    }
}
