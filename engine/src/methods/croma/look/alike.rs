//! What encoders find alike: patches of one sensor, patches of both, scenes of a batch; and the biases behind it.

use burn::tensor::Tensor;

use super::composite::Sensor;
use super::window::Window;
use super::{OPTICAL, RADAR, SCENES, VIEWS, empty};
use crate::blocks::positions::{alibi, sincos::sincos_2d};
use crate::error::Result;
use crate::kernels::tokens::similarity_map;
use crate::method::Stage;
use crate::methods::croma::config::Positions;
use crate::methods::croma::measures::{recall_at_one, unit};
use crate::methods::croma::model::{Masks, System};
use crate::readback;
use crate::similarity::Similarity;
use crate::trace::{Heat, Legend, Matrix, View, ViewKind};
use crate::weights::Weights;

/// The views that are wanted.
pub(super) async fn views(system: &System, w: &Weights, stage: &Stage, masks: &Masks) -> Result<Vec<View>> {
    let mut views = Vec::new();
    for (id, sensor) in [("optical_similarity", Sensor::Optical), ("radar_similarity", Sensor::Radar)] {
        if stage.wants(id) {
            views.push(within(system, w, stage, (id, sensor)).await?);
        }
    }
    if stage.wants("across") {
        views.push(across(system, w, stage).await?);
    }
    if stage.wants("pairs") {
        views.push(pairs(system, w, stage).await?);
    }
    if stage.wants("bias") {
        views.push(bias(system, stage, masks));
    }
    Ok(views)
}

/// The patch of a grid that is looked at, the middle one by default, and its name.
fn query(stage: &Stage, grid: &str, side: usize, sensor: &str) -> (usize, String) {
    let query = stage.token(grid).unwrap_or((side / 2) * side + side / 2).min((side * side).saturating_sub(1));
    (query, format!("{sensor} patch {} (row {}, column {})", query + 1, query / side + 1, query % side + 1))
}

fn heat(side: usize, values: Vec<f32>, query: Option<usize>, over: &str) -> Heat {
    let query = query.map(|query| query as u32);
    Heat { rows: side as u32, columns: side as u32, values, query, over: Some(over.into()), ..Heat::default() }
}

fn lacking(stage: &Stage, id: &str, side: usize) -> View {
    let caption = "This scene has no picture of a sensor that this needs.".into();
    stage.view(&VIEWS, id, caption, empty(side), "encodings").of_formula()
}

/// A patch of one sensor among all others of it.
async fn within(system: &System, w: &Weights, stage: &Stage, (id, sensor): (&str, Sensor)) -> Result<View> {
    let (window, grid) = (Window::of(system, stage.limits), system.shown_grid(sensor));
    let Some(tokens) = window.encoded(system, w, stage, sensor)? else { return Ok(lacking(stage, id, window.side)) };
    let shown = Similarity::of(stage);
    let (query, name) = query(stage, grid, window.side, sensor.name());
    let (values, legend, how) = shown.map(tokens, query).await?;
    let caption = format!(
        "How like {name} the {} encoder finds every other patch, nothing hidden. {how} {}",
        sensor.name(),
        window.words()
    );
    let heat = ViewKind::Heat(heat(window.side, values, Some(query), grid));
    let view = stage.view(&VIEWS, id, caption.trim_end().into(), heat, &shown.tensor("encodings"));
    Ok(view.legend(legend).over_window(window.pixels))
}

/// A radar patch among the optical ones, each sensor's patches less their own mean.
async fn across(system: &System, w: &Weights, stage: &Stage) -> Result<View> {
    let window = Window::of(system, stage.limits);
    let [radar, optical] = [Sensor::Radar, Sensor::Optical].map(|sensor| window.encoded(system, w, stage, sensor));
    let (Some(radar), Some(optical)) = (radar?, optical?) else { return Ok(lacking(stage, "across", window.side)) };
    let shown = Similarity::of(stage);
    let (query, name) = query(stage, system.shown_grid(Sensor::Radar), window.side, RADAR);
    let one = shown.tokens(radar).narrow(1, query, 1);
    let all = Tensor::cat(vec![one, shown.tokens(optical)], 1);
    let values = readback::floats(similarity_map(all, 0)).await?.split_off(1);
    let (legend, how) = shown.legend(&values, |_| false);
    let caption = format!(
        "How like {name}, as the radar encoder sees it, every optical patch is to the optical encoder, nothing hidden. No loss compares patches of both: what is seen here came by itself. {how} {}",
        window.words()
    );
    let heat = ViewKind::Heat(heat(window.side, values, Some(query), system.shown_grid(Sensor::Optical)));
    let view = stage.view(&VIEWS, "across", caption.trim_end().into(), heat, &shown.tensor("encodings"));
    Ok(view.legend(legend).over_window(window.pixels))
}

/// Cosines of the projections of the next batch, radar by row and optical by column.
async fn pairs(system: &System, w: &Weights, stage: &Stage) -> Result<View> {
    let (croma, loader) = (&system.croma, &stage.loader);
    let batch = loader.train_batch(stage.step)?;
    let batch = batch.part(0..batch.samples()?.min(system.shown.compared()))?;
    let (scenes, count) = croma.config.pairs(&batch, w.device())?;
    let [radar, optical] = croma.unimodal(w, &scenes, &croma.masks(count, &stage.rng)?);
    let rows = croma.projections(w, croma.gap_radar.forward(w, radar), croma.gap_optical.forward(w, optical));
    let cosines =
        |[radar, optical]: [Tensor<2>; 2]| -> Tensor<1> { unit(radar).matmul(unit(optical).transpose()).flatten(0, 1) };
    let shown = Similarity::of(stage);
    let centred = rows.clone().map(|x| shown.tokens(x.unsqueeze_dim(0)).squeeze_dim::<2>(0));
    let read = readback::many(vec![cosines(rows), cosines(centred)]).await?;
    let [raw, values] = <[Vec<f32>; 2]>::try_from(read).unwrap_or([const { Vec::new() }; 2]);
    let (legend, how) = shown.legend(&values, |_| false);
    let caption = format!(
        "Cosines of the next batch's projections, as much hidden as in training. The diagonal is pairs of one place; all others are driven apart. Recall at 1 by the loss's own cosines: {:.0} % of the radar pictures find their optical one, by chance {:.0} %. {how}",
        100.0 * recall_at_one(&raw, count),
        100.0 / count.max(1) as f64
    );
    let names = |sensor: &str| (1..=count).map(|n| format!("{sensor} picture {n}")).collect();
    let matrix = Matrix {
        rows: count as u32,
        columns: count as u32,
        values,
        row_names: names(RADAR),
        column_names: names(OPTICAL),
        row_title: "radar pictures".into(),
        column_title: "optical pictures".into(),
        row_grid: Some(SCENES.into()),
        column_grid: Some(SCENES.into()),
        ..Matrix::default()
    };
    let tensor = shown.tensor("projections");
    Ok(stage.view(&VIEWS, "pairs", caption, ViewKind::Matrix(matrix), &tensor).legend(legend))
}

/// What a head adds to the scores of a patch with every other one; of a table of positions, how like its rows are.
fn bias(system: &System, stage: &Stage, masks: &Masks) -> View {
    let config = &system.croma.config;
    let (side, tokens, heads) = (config.side(), config.tokens(), config.encoder.heads);
    let (query, name) = query(stage, OPTICAL, side, OPTICAL);
    let head = system.shown.head.min(heads.saturating_sub(1));
    if config.positions == Positions::SineCosine {
        let dim = config.encoder.dim;
        let table = sincos_2d(dim, side, side).split_off(dim);
        let row = |token: usize| &table[token * dim..(token + 1) * dim];
        let like = |token| row(token).iter().zip(row(query)).map(|(a, b)| a * b).sum::<f32>() / (dim as f32 / 2.0);
        let values: Vec<f32> = (0..tokens).map(like).collect();
        let low = values.iter().copied().fold(1.0, f32::min);
        let legend = Legend { low, high: 1.0, signed: false, unit: "cosine of positions".into() };
        let caption = format!(
            "How like the position of {name} all others are in the sine-cosine table that is added to the patches; no head has a bias."
        );
        let heat = heat(side, values, Some(query), OPTICAL);
        return stage.view(&VIEWS, "bias", caption, ViewKind::Heat(heat), "positions").of_formula().legend(legend);
    }
    let slope = alibi::slopes(heads).get(head).copied().unwrap_or(0.0);
    let distances = alibi::distances([side, side]);
    let of = |token: usize| -(slope * f64::from(distances[query * tokens + token])) as f32;
    let values: Vec<f32> = (0..tokens).map(of).collect();
    let low = values.iter().copied().fold(0.0, f32::min);
    let legend = Legend { low, high: 0.0, signed: false, unit: "added to the score".into() };
    let [seen, seen_radar] = [&masks.optical, &masks.radar].map(|mask| mask.kept);
    let caption = format!(
        "What head {} of {heads} adds to the scores of {name} with every other: {slope:.4} less for each patch of distance. In training it is taken between the {seen} optical and {seen_radar} radar patches that are seen.",
        head + 1
    );
    let heat = heat(side, values, Some(query), OPTICAL);
    stage.view(&VIEWS, "bias", caption, ViewKind::Heat(heat), "alibi").of_formula().legend(legend)
}
