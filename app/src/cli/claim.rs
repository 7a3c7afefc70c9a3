//! `masquerade claim`: does the system's central comparison hold?

use std::collections::BTreeMap;

use clap::Args;
use masquerade_engine::error::Error;
use masquerade_engine::session::{StudyReport, StudyRequest};
use serde::Serialize;

use super::failure::{ANSWER_IS_NO, DONE, Outcome};
use super::output::{Output, columns};
use super::start::Start;
use super::study;

/// What the engine says when the first arm is ahead of all others by the margin.
const HOLDS: &str = "holds";

/// Options of `claim`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Steps of each run [default: the claim's own]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// Seeds, separated by commas [default: the claim's own]
    #[arg(long, value_delimiter = ',')]
    seeds: Vec<u64>,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Arm<'a> {
    name: &'a str,
    /// The metric, one value for each seed.
    values: &'a [f64],
    mean: f64,
    /// Standard deviation over the seeds.
    spread: f64,
    /// Means of other metrics.
    others: BTreeMap<&'a str, f64>,
    /// Seconds that one seed took, on average.
    seconds: f64,
}

#[derive(Serialize)]
struct Outline<'a> {
    system: &'a str,
    data: &'a str,
    sentence: &'a str,
    metric: &'a str,
    margin: f64,
    steps: u32,
    seeds: &'a [u64],
    arms: Vec<Arm<'a>>,
    note: &'a str,
    verdict: &'a str,
    seconds: f64,
}

/// Train the arms and print the table; the answer is no unless the claim holds.
///
/// # Errors
/// Wrong options, a system without a claim, data that cannot be used, a device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let plan = options.start.plan()?;
    if plan.card.claim.is_none() {
        return Err(Error::request(
            format!("{} has no claim", plan.card.title),
            "its card names none",
            "See `masquerade list --json`",
        )
        .into());
    }
    let request =
        StudyRequest { steps: options.steps.unwrap_or(0), seeds: options.seeds.clone(), ..StudyRequest::default() };
    let report = study::made(&options.start, plan, request)?;
    let arms = arms(&report);
    if options.json {
        out.json(&Outline {
            system: &report.method,
            data: &report.data,
            sentence: &report.sentence,
            metric: &report.metric,
            margin: report.margin,
            steps: report.steps,
            seeds: &report.seeds,
            note: &report.note,
            verdict: &report.verdict,
            seconds: report.seconds,
            arms,
        })?;
    } else {
        out.line(&report.sentence)?;
        for line in columns(&table(&report, &arms)) {
            out.line(line)?;
        }
        out.line(format_args!("{}: the claim {}", study::made_how(&report), verdict(&report)))?;
        if !report.note.is_empty() {
            out.line(&report.note)?;
        }
    }
    Ok(if report.verdict == HOLDS { DONE } else { ANSWER_IS_NO })
}

fn arms(report: &StudyReport) -> Vec<Arm<'_>> {
    let arms = report.arms.iter().map(|arm| Arm {
        name: &arm.name,
        values: arm.values.first().map_or(&[], Vec::as_slice),
        mean: arm.means.first().copied().unwrap_or(0.0),
        spread: arm.spreads.first().copied().unwrap_or(0.0),
        others: arm.others.iter().map(|(metric, mean)| (metric.as_str(), *mean)).collect(),
        seconds: arm.seconds,
    });
    arms.collect()
}

fn verdict(report: &StudyReport) -> String {
    let is = if report.verdict == "undecided" { "is " } else { "" };
    format!("{is}{} (margin {})", report.verdict, report.margin)
}

fn table(report: &StudyReport, arms: &[Arm]) -> Vec<Vec<String>> {
    let head = std::iter::once(report.metric.clone()).chain(report.seeds.iter().map(|s| format!("seed {s}")));
    let others = arms.first().into_iter().flat_map(|arm| arm.others.keys()).map(|metric| format!("mean {metric}"));
    let head = head.chain(["mean".into(), "spread".into()]).chain(others).chain(["s a seed".into()]);
    let mut rows = vec![head.collect::<Vec<String>>()];
    for arm in arms {
        let numbers = arm.values.iter().chain([&arm.mean, &arm.spread]).chain(arm.others.values());
        let numbers = numbers.map(|v| format!("{v:.4}"));
        rows.push(
            std::iter::once(arm.name.to_string()).chain(numbers).chain([format!("{:.1}", arm.seconds)]).collect(),
        );
    }
    rows
}
