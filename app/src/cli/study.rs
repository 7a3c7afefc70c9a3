//! `masquerade study`: arms side by side on several seeds, with several shares of the labels.

use clap::Args;
use masquerade_engine::card::{Arm, Outcome as Measured};
use masquerade_engine::error::Error;
use masquerade_engine::session::{Command, Event, StudyReport, StudyRequest};

use super::engine::Engine;
use super::failure::{DONE, Failure, Outcome};
use super::output::{Output, columns};
use super::start::{Plan, Start, knob};

/// Options of `study`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Shares of the labels, separated by commas: each is class-balanced and inside every larger one
    #[arg(long, value_delimiter = ',', value_name = "SHARES")]
    labels: Vec<f64>,
    /// Seeds, separated by commas [default: 1,2,3]
    #[arg(long, value_delimiter = ',')]
    seeds: Vec<u64>,
    /// Steps of each run [default: the claim's, or the preset's]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// How often the outcome is measured while an arm trains
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    points: u32,
    /// Compare test accuracies after fine-tuning
    #[arg(long, conflicts_with = "metric")]
    finetune: bool,
    /// Compare this number: linear_accuracy, knn_accuracy, mlp_accuracy or one of the system's own
    #[arg(long)]
    metric: Option<String>,
    /// An arm of your own; may be given many times [default: the claim's, or the preset as it is]
    #[arg(long, value_name = "NAME:KNOB=VALUE,…")]
    arm: Vec<String>,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
}

/// Train the arms and print the table and the races.
///
/// # Errors
/// Wrong options, data that cannot be used, a device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let plan = options.start.plan()?;
    let arms = options.arm.iter().map(|text| arm(&plan, text)).collect::<Result<Vec<_>, _>>()?;
    let metric = options.metric.as_deref().map(Measured::named);
    let request = StudyRequest {
        arms,
        outcome: if options.finetune { Some(Measured::FineTune) } else { metric },
        labels: options.labels.clone(),
        seeds: options.seeds.clone(),
        steps: options.steps.unwrap_or(0),
        points: options.points,
    };
    let report = made(&options.start, plan, request)?;
    if options.json {
        out.json(&report)?;
        return Ok(DONE);
    }
    for line in columns(&table(&report)) {
        out.line(line)?;
    }
    for race in &report.races {
        let mut rows = vec![std::iter::once(race.axis.clone()).chain(race.x.iter().map(f64::to_string)).collect()];
        for (name, means, spreads) in &race.arms {
            let numbers = means.iter().zip(spreads).map(|(mean, spread)| format!("{mean:.4} ± {spread:.4}"));
            rows.push(std::iter::once(name.clone()).chain(numbers).collect::<Vec<_>>());
        }
        for line in columns(&rows) {
            out.line(line)?;
        }
    }
    out.line(made_how(&report))?;
    Ok(DONE)
}

/// Run a study in an engine of its own.
///
/// # Errors
/// When the engine refuses it or failed.
pub fn made(start: &Start, mut plan: Plan, request: StudyRequest) -> Result<StudyReport, Failure> {
    if let (None, Some(claim)) = (&start.data, &plan.card.claim)
        && !claim.data.is_empty()
    {
        plan.session.data.clone_from(&claim.data);
    }
    plan.session.stored = false;
    let mut engine = Engine::open(start.device)?;
    plan.open(&mut engine)?;
    engine.send(Command::RunStudy(request));
    engine.wait_for(|event| if let Event::Studied(report) = event { Some(report) } else { None })
}

/// Where a study was made, how long the runs were and how long it took.
pub fn made_how(report: &StudyReport) -> String {
    format!("On {}, {} steps each, {:.0} s", report.data, report.steps, report.seconds)
}

/// One `NAME:KNOB=VALUE,…`, checked against the card.
fn arm(plan: &Plan, text: &str) -> Result<Arm, Error> {
    let (name, knobs) = text.split_once(':').ok_or_else(|| {
        let form = "Write it as --arm NAME:KNOB=VALUE, for instance --arm half:mask_ratio=0.5";
        Error::request(format!("--arm {text} cannot be read"), "there is no : after its name", form)
    })?;
    let knobs = knobs.split(',').filter(|pair| !pair.is_empty()).map(|pair| knob(&plan.card, pair));
    Ok(Arm { name: name.into(), knobs: knobs.collect::<Result<_, _>>()? })
}

/// A line for each arm and share of the labels.
fn table(report: &StudyReport) -> Vec<Vec<String>> {
    let seeds = report.seeds.iter().map(|seed| format!("seed {seed}"));
    let head = [report.metric.clone(), "labels".into()].into_iter().chain(seeds);
    let mut rows = vec![head.chain(["mean", "spread", "s a seed"].map(String::from)).collect::<Vec<String>>()];
    for arm in &report.arms {
        for (number, share) in report.labels.iter().enumerate() {
            let values = arm.values.get(number).into_iter().flatten();
            let ends = [&arm.means, &arm.spreads].into_iter().filter_map(|numbers| numbers.get(number));
            let numbers = values.chain(ends).map(|value| format!("{value:.4}"));
            let names = [arm.name.clone(), format!("{} %", 100.0 * share)].into_iter();
            rows.push(names.chain(numbers).chain([format!("{:.1}", arm.seconds)]).collect());
        }
    }
    rows
}
