//! The phases of a run: what their lengths are, which of them the command line sets, and which was never reached.

use masquerade_engine::card::KnobValue;
use masquerade_engine::error::{Error, Result};
use masquerade_engine::session::PhaseReport;

use super::start::Plan;

/// The phases of the open run, in order.
#[derive(Debug, Clone, Default)]
pub struct Phases(pub Vec<PhaseReport>);

impl Phases {
    /// Steps of all phases.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|phase| phase.steps).sum()
    }

    /// "autoencoder 1000 + contrast 60 steps"; `None` where there is one phase.
    pub fn words(&self) -> Option<String> {
        let each: Vec<String> =
            self.0.iter().filter(|phase| phase.steps > 0).map(|p| format!("{} {}", p.title, p.steps)).collect();
        (each.len() > 1).then(|| format!("{} steps", each.join(" + ")))
    }

    /// Number of the last step before each phase, and the phase.
    fn starts(&self) -> impl Iterator<Item = (u64, &PhaseReport)> {
        let mut start = 0;
        self.0.iter().filter(|phase| phase.steps > 0).map(move |phase| {
            let own = start;
            start += phase.steps;
            (own, phase)
        })
    }

    /// Whether the step of this number, the first being 1, is the first of a phase.
    pub fn begins_at(&self, step: u64) -> bool {
        self.starts().any(|(start, _)| start + 1 == step)
    }

    /// What is to be said of a run that ended at `step` when that is before its last phase.
    pub fn unreached(&self, step: u64) -> Option<String> {
        let left: Vec<&str> =
            self.starts().filter(|(start, _)| *start >= step).map(|(_, phase)| phase.title.as_str()).collect();
        let (start, phase) = self.starts().filter(|(start, _)| *start < step).last()?;
        (!left.is_empty()).then(|| {
            let done = step - start;
            format!(
                "The run ended in the phase {} ({done} of {} steps); not trained at all: {}",
                phase.title,
                phase.steps,
                left.join(", ")
            )
        })
    }
}

/// The lengths that the command line asks for.
pub struct Lengths {
    /// `--steps`: of the last phase.
    last: Option<u32>,
    /// `--phase`: name and steps.
    named: Vec<(String, u32)>,
}

impl Lengths {
    /// Read the options `--steps N` and `--phase NAME=N`.
    ///
    /// # Errors
    /// [`Error::Request`] for a phase that is not written as name and number.
    pub fn asked(last: Option<u32>, named: &[String]) -> Result<Self> {
        let read = |pair: &String| {
            let (name, steps) = pair.split_once('=')?;
            Some((name.trim().to_string(), steps.trim().parse().ok().filter(|steps| *steps > 0)?))
        };
        let named = named.iter().map(|pair| {
            read(pair).ok_or_else(|| {
                Error::request(
                    format!("--phase {pair} cannot be read"),
                    "a phase is a name and a number of steps",
                    "Write it as --phase NAME=STEPS, for instance --phase autoencoder=200",
                )
            })
        });
        Ok(Self { last, named: named.collect::<Result<_>>()? })
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.last.is_none() && self.named.is_empty()
    }

    /// Turn the knobs of the phases to the lengths asked for.
    ///
    /// # Errors
    /// [`Error::Request`] for a phase that does not exist or has no length to set, or a length that its knob refuses.
    pub fn plan(&self, plan: &mut Plan, phases: &[PhaseReport]) -> Result<()> {
        let names = || phases.iter().map(|phase| phase.title.as_str()).collect::<Vec<_>>().join(", ");
        let last = self.last.iter().filter_map(|steps| Some((format!("--steps {steps}"), phases.last()?, *steps)));
        let mut asked: Vec<(String, &PhaseReport, u32)> = last.collect();
        for (name, steps) in &self.named {
            let option = format!("--phase {name}={steps}");
            let phase = phases.iter().find(|phase| phase.title.eq_ignore_ascii_case(name)).ok_or_else(|| {
                Error::request(
                    format!("{option} cannot be used"),
                    format!("{} has no phase {name:?}", plan.card.title),
                    format!("The phases of this run are: {}", names()),
                )
            })?;
            asked.push((option, phase, *steps));
        }
        for (option, phase, steps) in asked {
            let Some(knob) = &phase.knob else {
                let why = format!("the length of the phase {:?} cannot be chosen", phase.title);
                return Err(Error::request(format!("{option} cannot be used"), why, "Leave it out"));
            };
            plan.turn(&option, knob, KnobValue::Number(f64::from(steps)))?;
        }
        Ok(())
    }
}
