//! `masquerade bench --compare`: the fused kernels beside the stock ones.

use masquerade_engine::bench::WORKLOADS;
use masquerade_engine::session::{BenchReport, Command, Event, Kernels};
use serde::{Deserialize, Serialize};

use super::{Options, child, refuse};
use crate::cli::engine::Engine;
use crate::cli::failure::{DONE, Outcome};
use crate::cli::output::{Output, columns};

/// Times that each kind of kernels has its turn.
const TURNS: u32 = 3;

/// One workload by both kinds of kernels.
#[derive(Serialize, Deserialize)]
struct Comparison {
    name: String,
    device: String,
    fused: Option<Side>,
    stock: Option<Side>,
    /// Processor time of the stock kernels over that of the fused ones.
    cpu_ratio: Option<f64>,
    /// The same of the best wall times.
    wall_ratio: Option<f64>,
}

/// The best turn of one kind of kernels.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Side {
    /// Processor milliseconds of a run over all threads, the mean of the best turn.
    cpu_ms: Option<f64>,
    best_ms: f64,
    check: f64,
}

/// Compare the workloads, each in a process of its own.
///
/// # Errors
/// A device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    if let ([name], true) = (options.workloads.as_slice(), options.json) {
        out.json(&compared(options, name)?)?;
        return Ok(DONE);
    }
    let all = WORKLOADS.map(String::from);
    let names = if options.workloads.is_empty() { all.as_slice() } else { &options.workloads };
    let mut worst = DONE;
    let mut rows = vec![
        ["WORKLOAD", "FUSED CPU MS", "STOCK CPU MS", "RATIO", "FUSED MS", "STOCK MS", "RATIO", "DEVICE"]
            .map(String::from)
            .to_vec(),
    ];
    for name in names {
        let mut program = child(options, name, &["--compare", "--json"])?;
        let output = program.stderr(std::process::Stdio::inherit()).output().map_err(refuse)?;
        worst = worst.max(output.status.code().unwrap_or(3));
        let text = String::from_utf8_lossy(&output.stdout);
        if options.json {
            out.line(text.trim_end())?;
        }
        rows.push(match serde_json::from_str(&text) {
            Ok(comparison) => row(&comparison),
            Err(_) => vec![name.clone(), "failed".into()],
        });
    }
    if !options.json {
        for line in columns(&rows) {
            out.line(line)?;
        }
    }
    Ok(worst)
}

fn row(comparison: &Comparison) -> Vec<String> {
    let number = |n: Option<f64>, digits: usize| n.map_or_else(|| "-".into(), |n| format!("{n:.digits$}"));
    let Comparison { name, device, fused, stock, cpu_ratio, wall_ratio } = comparison;
    let cpu = |side: &Option<Side>| number(side.and_then(|s| s.cpu_ms), 2);
    let wall = |side: &Option<Side>| number(side.map(|s| s.best_ms), 2);
    let numbers = [cpu(fused), cpu(stock), number(*cpu_ratio, 2), wall(fused), wall(stock), number(*wall_ratio, 2)];
    [vec![name.clone()], numbers.to_vec(), vec![device.clone()]].concat()
}

/// Both kinds in turns, so that what else goes on in the machine meets both alike.
fn compared(options: &Options, name: &str) -> Result<Comparison, crate::cli::failure::Failure> {
    let mut engine = Engine::open(options.device)?;
    let (mut fused, mut stock) = (None, None);
    for _ in 0..TURNS {
        for (kernels, side) in [(Kernels::Fused, &mut fused), (Kernels::Stock, &mut stock)] {
            engine.send(Command::UseKernels(kernels));
            let (warmup, repeats, max_ms) = (options.warmup, options.reps.max(1), options.max_ms / TURNS);
            engine.send(Command::Bench { name: name.into(), warmup, repeats, max_ms });
            let report =
                engine.wait_for(|event| if let Event::Benched(report) = event { Some(report) } else { None })?;
            *side = better(*side, &report);
        }
    }
    let ratio = |of: fn(&Side) -> Option<f64>| Some(of(stock.as_ref()?)? / of(fused.as_ref()?)?);
    Ok(Comparison {
        name: name.into(),
        device: engine.device.name.clone(),
        cpu_ratio: ratio(|s| s.cpu_ms),
        wall_ratio: ratio(|s| Some(s.best_ms)),
        fused,
        stock,
    })
}

/// The better of the turns so far and this one.
fn better(so_far: Option<Side>, report: &BenchReport) -> Option<Side> {
    if report.unsupported {
        return so_far;
    }
    let best_ms = report.ms.iter().copied().fold(f64::INFINITY, f64::min);
    let this = Side { cpu_ms: report.cpu_ms, best_ms, check: report.check };
    let Some(before) = so_far else { return Some(this) };
    let least = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).min_by(f64::total_cmp);
    Some(Side { cpu_ms: least(before.cpu_ms, this.cpu_ms), best_ms: before.best_ms.min(best_ms), check: this.check })
}
