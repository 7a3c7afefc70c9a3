//! Steps of optimisers on the CPU.

use burn_flex::FlexTensor;
use masquerade_twins::optimisers::{self as twins, Numbers, Weight};

use super::{Job, Rule, Step, Treatment};
use crate::kernels::twin;

/// The same jobs, done; see [`super::State::step`].
pub(crate) fn step<const N: usize>(
    step: &Step<'_>,
    steps: &[u64],
    jobs: Vec<Job<N, FlexTensor>>,
    limit: Option<(FlexTensor, f32)>,
) -> Vec<Job<N, FlexTensor>> {
    let norm =
        |(norm, most): (FlexTensor, f32)| most / (twin::Floats::new(norm).first().copied().unwrap_or(0.0) + 1e-6);
    let clip = limit.map_or(1.0, |limit| norm(limit).min(1.0));
    let mut jobs: Vec<_> = jobs
        .into_iter()
        .map(|job| match job {
            Job { weight: Some(weight), gradient: Some(gradient), moments: Some(moments) } => {
                let moments = Some(moments.map(twin::owned));
                (Job { weight: Some(twin::owned(weight)), gradient: None, moments }, Some(twin::Floats::new(gradient)))
            }
            still => (still, None),
        })
        .collect();
    let numbers = |i: usize| {
        let still = Treatment { scale: 1.0, decay: 0.0, adapts: false };
        let Treatment { scale, decay, adapts } = step.treatments.get(i).copied().unwrap_or(still);
        Numbers { rate: step.rate * scale, decay, clip, corrections: step.rule.corrections(steps[i]), adapts }
    };
    let mut weights = Vec::new();
    for (i, (job, gradient)) in jobs.iter_mut().enumerate() {
        let (Some(p), Some(g), Some(moments)) = (&mut job.weight, gradient, &mut job.moments) else { continue };
        let moments = moments.iter_mut().map(|moment| moment.storage_mut::<f32>()).collect();
        weights.push(Weight { p: p.storage_mut::<f32>(), g, moments, numbers: numbers(i) });
    }
    match step.rule {
        Rule::AdamW { beta1, beta2, eps, coupled } => twins::adamw(weights, [beta1, beta2], eps, coupled),
        Rule::Lamb { beta1, beta2, eps } => twins::lamb(weights, [beta1, beta2], eps),
        Rule::Lars { momentum, trust } => twins::lars(weights, momentum, trust),
    }
    jobs.into_iter().map(|(job, _)| job).collect()
}
