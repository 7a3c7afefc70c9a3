//! What came of a study: the table, the races, the verdict.

use super::{StudyJob, Trial};
use crate::session::{ArmReport, Race, StudyReport};

impl StudyJob {
    /// The report of the trials that are over.
    pub(super) fn report(&self) -> StudyReport {
        let study = &self.study;
        let arms: Vec<&[Trial]> = self.trials.chunks(study.seeds.len().max(1)).collect();
        let rows: Vec<ArmReport> =
            study.arms.iter().zip(&arms).map(|(arm, trials)| self.row(&arm.name, trials)).collect();
        let first = |arm: &ArmReport| arm.values.first().cloned().unwrap_or_default();
        let verdict = if study.sentence.is_empty() {
            ""
        } else {
            let means: Vec<f64> = rows.iter().map(|arm| arm.means.first().copied().unwrap_or(0.0)).collect();
            verdict(&rows.iter().map(first).collect::<Vec<_>>(), &means, study.margin)
        };
        StudyReport {
            method: (self.entry.card)().id,
            data: self.loader.report().title,
            sentence: study.sentence.clone(),
            metric: study.outcome.name().into(),
            margin: study.margin,
            seeds: study.seeds.clone(),
            steps: study.steps,
            labels: study.labels.clone(),
            races: [self.against_steps(&arms), self.against_labels(&rows)].into_iter().flatten().collect(),
            arms: rows,
            note: study.note.clone(),
            verdict: verdict.into(),
            seconds: self.watch.seconds(),
        }
    }

    fn row(&self, name: &str, trials: &[Trial]) -> ArmReport {
        let end = |trial: &Trial, share: usize| trial.points.last().and_then(|(_, values)| values.get(share).copied());
        let values: Vec<Vec<f64>> = (0..self.study.labels.len().max(1))
            .map(|share| trials.iter().filter_map(|trial| end(trial, share)).collect())
            .collect();
        let other = |(number, metric): (usize, &String)| {
            let values: Vec<f64> = trials.iter().filter_map(|trial| trial.others.get(number).copied()).collect();
            (metric.clone(), mean(&values))
        };
        ArmReport {
            name: name.into(),
            means: values.iter().map(|values| mean(values)).collect(),
            spreads: values.iter().map(|values| deviation(values)).collect(),
            values,
            others: self.study.also.iter().enumerate().map(other).collect(),
            seconds: mean(&trials.iter().map(|trial| trial.seconds).collect::<Vec<_>>()),
        }
    }

    /// The metric with the first share of the labels on the way.
    fn against_steps(&self, arms: &[&[Trial]]) -> Option<Race> {
        let points = arms.first()?.first()?.points.len();
        let at = |trials: &[Trial], point: usize| -> Vec<f64> {
            trials.iter().filter_map(|trial| trial.points.get(point)?.1.first().copied()).collect()
        };
        let curve = |(arm, trials): (&crate::card::Arm, &&[Trial])| {
            let values: Vec<Vec<f64>> = (0..points).map(|point| at(trials, point)).collect();
            let means = values.iter().map(|values| mean(values)).collect();
            (arm.name.clone(), means, values.iter().map(|values| deviation(values)).collect())
        };
        let x: Vec<f64> = arms.first()?.first()?.points.iter().map(|(step, _)| *step as f64).collect();
        let arms = self.study.arms.iter().zip(arms).map(curve).collect();
        (points > 1).then(|| Race { axis: "steps".into(), logarithmic: false, x, arms })
    }

    /// The metric at the end with each share of the labels.
    fn against_labels(&self, rows: &[ArmReport]) -> Option<Race> {
        let shares = &self.study.labels;
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|a, b| shares[*a].total_cmp(&shares[*b]));
        let in_order =
            |values: &[f64]| order.iter().filter_map(|place| values.get(*place).copied()).collect::<Vec<_>>();
        let arms = rows.iter().map(|arm| (arm.name.clone(), in_order(&arm.means), in_order(&arm.spreads))).collect();
        let axis = "share of the labels".into();
        (shares.len() > 1).then(|| Race { axis, logarithmic: true, x: in_order(shares), arms })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The standard deviation of a sample; 0 of a single value.
fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let sum: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    (sum / values.len().saturating_sub(1).max(1) as f64).sqrt()
}

/// "holds" when the first arm's mean is ahead of every other's by the margin and it wins on every seed; "does not hold"
/// when some other arm is as far ahead of it; else "undecided".
fn verdict(rows: &[Vec<f64>], means: &[f64], margin: f64) -> &'static str {
    let (Some((first, others)), Some((lead, rest))) = (rows.split_first(), means.split_first()) else {
        return "undecided";
    };
    let wins = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a > b);
    if rest.iter().zip(others).all(|(mean, row)| lead - mean >= margin && wins(first, row)) {
        "holds"
    } else if rest.iter().any(|mean| mean - lead >= margin) {
        "does not hold"
    } else {
        "undecided"
    }
}
