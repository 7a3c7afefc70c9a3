//! What the decoder makes of hidden patches, and how far off it is, by who has seen a patch.

use burn::tensor::Tensor;

use super::composite::{self, Sensor};
use super::{VIEWS, empty, paired};
use crate::blocks::masks::Mask;
use crate::blocks::objectives::pixel_error;
use crate::error::Result;
use crate::method::Stage;
use crate::methods::croma::model::Masks;
use crate::methods::croma::model::System;
use crate::readback;
use crate::trace::{Cloud, Heat, Legend, View, ViewKind};
use crate::weights::Weights;

/// Who sees a patch.
const CLASSES: [&str; 4] = ["seen by both", "by radar only", "by optical only", "by neither"];

/// The class of every patch, an index into [`CLASSES`].
pub(super) fn seen_by(masks: &Masks) -> Vec<u32> {
    let both = masks.radar.hidden.iter().zip(&masks.optical.hidden);
    both.map(|(radar, optical)| u32::from(*optical) + 2 * u32::from(*radar)).collect()
}

/// The views of the reconstruction that are wanted.
pub(super) async fn views(system: &System, w: &Weights, stage: &Stage, masks: &Masks) -> Result<Vec<View>> {
    let ids = ["optical_reconstruction", "radar_reconstruction", "seen", "optical_error", "radar_error"];
    let wanted: Vec<&str> = ids.into_iter().filter(|id| stage.wants(id)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (croma, config) = (&system.croma, &system.croma.config);
    if !paired(stage) {
        let caption = || "Nothing is rebuilt of a scene that only one of the sensors has seen.".to_string();
        let view = |id| stage.view(&VIEWS, id, caption(), empty(config.side()), "pred").of_formula();
        return Ok(wanted.into_iter().map(view).collect());
    }
    let (scenes, _) = config.pairs(&stage.batch, w.device())?;
    let prediction = croma.decoder.forward(w, croma.encode(w, &scenes, masks).joint, &masks.radar);
    let target = croma.target(&scenes);
    let [optical, radar] = config.values();
    let error = |start: usize, length: usize| -> Tensor<1> {
        let of = |x: &Tensor<3>| x.clone().narrow(2, start, length);
        pixel_error::per_patch(of(&prediction), of(&target)).flatten(0, 1)
    };
    let flat = |x: Tensor<3>| -> Tensor<1> { x.flatten(0, 2) };
    let read = readback::many(vec![
        error(0, optical),
        error(optical, radar),
        flat(prediction.clone()),
        flat(scenes.optical),
        flat(scenes.radar),
    ])
    .await?;
    let [off_optical, off_radar, predicted, optical, radar] =
        <[Vec<f32>; 5]>::try_from(read).unwrap_or([const { Vec::new() }; 5]);
    let rebuilt = Rebuilt { system, stage, masks, predicted, given: [optical, radar] };
    let mut views = Vec::new();
    for id in wanted {
        views.push(match id {
            "optical_reconstruction" => rebuilt.picture(id, Sensor::Optical),
            "radar_reconstruction" => rebuilt.picture(id, Sensor::Radar),
            "optical_error" => error_view(system, stage, id, Sensor::Optical, &masks.optical, &off_optical),
            "radar_error" => error_view(system, stage, id, Sensor::Radar, &masks.radar, &off_radar),
            _ => classes(system, stage, masks, [&off_optical, &off_radar]),
        });
    }
    Ok(views)
}

fn error_view(system: &System, stage: &Stage, id: &str, sensor: Sensor, mask: &Mask, errors: &[f32]) -> View {
    let side = system.croma.config.side() as u32;
    let of_hidden = errors.iter().zip(&mask.hidden).filter(|(_, hidden)| **hidden).map(|(error, _)| *error);
    let legend = Legend::up_to(of_hidden, "mean squared error");
    let heat = Heat {
        rows: side,
        columns: side,
        values: errors.to_vec(),
        undefined: mask.hidden.iter().map(|hidden| !hidden).collect(),
        over: Some(sensor.name().into()),
        ..Heat::default()
    };
    let caption = format!(
        "Error of each hidden patch of the {} picture, the numbers the loss is the mean of; visible patches have no loss.",
        sensor.name()
    );
    stage
        .view(&VIEWS, id, caption, ViewKind::Heat(heat), "per_patch_loss")
        .legend(legend)
        .over_window(system.croma.config.img_size)
}

/// The four classes of patches, with the mean error of each.
fn classes(system: &System, stage: &Stage, masks: &Masks, errors: [&[f32]; 2]) -> View {
    let (side, class) = (system.croma.config.side(), seen_by(masks));
    let mean = |number: usize, errors: &[f32]| {
        let of =
            errors.iter().zip(&class).filter(|(_, own)| **own == number as u32).map(|(error, _)| f64::from(*error));
        let (sum, count) = of.fold((0.0, 0), |(sum, count), error| (sum + error, count + 1));
        (sum / f64::from(count.max(1)), count)
    };
    let line = |number: usize| {
        let [(optical, count), (radar, _)] = errors.map(|errors| mean(number, errors));
        match count {
            0 => format!("{}: none", CLASSES[number]),
            _ => format!("{} ({count}): {optical:.2} / {radar:.2}", CLASSES[number]),
        }
    };
    let caption = format!(
        "Mean error of the optical / radar pictures by who sees a patch. {}. Where a sensor sees a patch itself there is no loss.",
        (0..CLASSES.len()).map(line).collect::<Vec<_>>().join("; ")
    );
    let place = |token: usize| {
        let middle = |i: usize| 2.0 * (i as f32 + 0.5) / side as f32 - 1.0;
        [middle(token % side), -middle(token / side)]
    };
    let cloud = Cloud {
        dims: 2,
        points: (0..side * side).flat_map(place).collect(),
        class,
        classes: CLASSES.map(String::from).to_vec(),
        ..Cloud::default()
    };
    stage.view(&VIEWS, "seen", caption, ViewKind::Cloud(cloud), "per_patch_loss")
}

/// A prediction on the host, and what it is of.
struct Rebuilt<'a> {
    system: &'a System,
    stage: &'a Stage,
    masks: &'a Masks,
    /// [tokens, all channels · p²], optical ones first
    predicted: Vec<f32>,
    /// Patches as given, [tokens, channels · p²]: optical, radar.
    given: [Vec<f32>; 2],
}

impl Rebuilt<'_> {
    fn picture(&self, id: &str, sensor: Sensor) -> View {
        let config = &self.system.croma.config;
        let (raw, leaks) = (self.stage.switched("raw_prediction"), self.stage.switched("true_patch_mean"));
        let values = config.values();
        let (first, own) = if sensor == Sensor::Optical { (0, 0) } else { (values[0], 1) };
        let moments = self.moments(leaks);
        let mut shown = self.given[own].clone();
        let patches = shown.chunks_exact_mut(values[own]).zip(&sensor.of(self.masks).hidden);
        let predicted = self.predicted.chunks_exact(values[0] + values[1]);
        for (((patch, hidden), predicted), [mean, deviation]) in patches.zip(predicted).zip(&moments) {
            if *hidden || raw {
                patch
                    .iter_mut()
                    .zip(&predicted[first..])
                    .for_each(|(v, z)| *v = (mean + z * deviation).clamp(0.0, 1.0));
            }
        }
        let light = if leaks {
            "Level and contrast of each hidden patch are the true ones, which leaks the answer."
        } else {
            "The model predicts normalised patches; level and contrast are those of each sensor's visible patches near by."
        };
        let what = if raw {
            "The raw prediction, also where the patch was visible (no loss is taken there)."
        } else {
            "Visible patches as given, hidden ones as predicted from what both sensors see."
        };
        let picture = composite::picture(self.system, self.stage, sensor, config.side(), &shown);
        self.stage.view(&VIEWS, id, format!("{what} {light}"), ViewKind::Picture(picture), "pred")
    }

    /// Mean and deviation that each patch of both sensors together is thought to have: of each sensor the visible patches'
    /// near by, or the patch's own where that is asked for.
    fn moments(&self, own: bool) -> Vec<[f32; 2]> {
        let config = &self.system.croma.config;
        let (side, values) = (config.side(), config.values());
        let total = (values[0] + values[1]) as f64;
        let mut sums = vec![[0.0_f64; 2]; config.tokens()];
        for (sensor, (given, each)) in self.given.iter().zip(values).enumerate() {
            let mask = if sensor == 0 { &self.masks.optical } else { &self.masks.radar };
            let first_two = |patch: &[f32]| {
                patch.iter().fold([0.0, 0.0], |[a, b], v| [a + f64::from(*v), b + f64::from(*v).powi(2)])
            };
            let known: Vec<[f64; 2]> = given.chunks_exact(each.max(1)).map(first_two).collect();
            for (token, sum) in sums.iter_mut().enumerate() {
                let near =
                    if own { known.get(token).copied().unwrap_or_default() } else { near(&known, mask, side, token) };
                *sum = [sum[0] + near[0], sum[1] + near[1]];
            }
        }
        let moment = |[first, second]: [f64; 2]| {
            let mean = first / total;
            let variance = ((second - total * mean * mean) / (total - 1.0).max(1.0)).max(0.0);
            [mean as f32, (variance + config.target_eps).sqrt() as f32]
        };
        sums.into_iter().map(moment).collect()
    }
}

/// What visible patches have on average around a patch, nearer ones counting more (1 / distance⁴).
fn near(known: &[[f64; 2]], mask: &Mask, side: usize, token: usize) -> [f64; 2] {
    let mut sum = [0.0; 3];
    for (other, [first, second]) in known.iter().enumerate().filter(|(other, _)| !mask.hidden[*other]) {
        let (down, across) = ((token / side).abs_diff(other / side), (token % side).abs_diff(other % side));
        let weight = 1.0 / ((down * down + across * across).max(1) as f64).powi(2);
        sum = [sum[0] + weight * first, sum[1] + weight * second, sum[2] + weight];
    }
    [sum[0] / sum[2].max(f64::MIN_POSITIVE), sum[1] / sum[2].max(f64::MIN_POSITIVE)]
}
