//! MAE on the stage: input, mask, reconstruction, error, and the similarity of one patch to all others.

use crate::batch::Role;
use crate::blocks::masks::{Mask, grid};
use crate::blocks::objectives::pixel_error;
use crate::blocks::tokenizers::image_patches::{Pictures, pictures_from_patches};
use crate::error::{Error, Result};
use crate::kernels::pictures::Order;
use crate::method::patch_views::{self, nearness};
use crate::method::{Local, OnStage, Stage};
use crate::methods::mae::model::{Mae, Sampling};
use crate::readback;
use crate::rng::Rng;
use crate::session::{Abilities, Switch};
use crate::similarity::Similarity;
use crate::trace::{self, Grid, Heat, Legend, Picture, View, ViewKind, titled};
use crate::weights::Weights;

/// Ids and titles, in stage order.
const VIEWS: [(&str, &str); 5] = [
    ("input", "Input"),
    ("mask", "Mask"),
    ("reconstruction", "Reconstruction"),
    ("error", "Error"),
    ("similarity", "Similarity"),
];

/// The grid of all views.
const PATCHES: &str = "patches";

impl OnStage for Mae {
    fn grids(&self) -> Vec<Grid> {
        let side = self.config.side() as u32;
        let kept = self.random_masking(1, &Rng::new(0, "grid")).map_or(0, |mask| mask.kept);
        vec![Grid::new(PATCHES, [1, side, side], "patch").painted(kept as u32)]
    }

    fn abilities(&self) -> Abilities {
        let hidden = self.grids().iter().any(|grid| grid.visible < grid.tokens());
        let mut switches = vec![Switch::raw_prediction()];
        switches.extend(self.config.norm_pix.then(Switch::true_patch_mean));
        switches.extend(Similarity::switches());
        Abilities {
            samples: true,
            draws: (hidden && self.config.sampling != Sampling::Grid).then(|| "mask".into()),
            mask_knob: Some("mask_ratio".into()),
            fine_tunes: true,
            switches,
        }
    }

    fn views(&self) -> Vec<(String, String)> {
        titled(&VIEWS)
    }

    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(look(self, weights, stage))
    }
}

/// The views the stage wants, computed now.
///
/// # Errors
/// [`Error::Request`] when the painted mask is of another size; [`Error::Device`] when the device is lost.
async fn look(mae: &Mae, w: &Weights, stage: &Stage) -> Result<Vec<View>> {
    let wants = |id: &str| stage.wants(id);
    let imgs = stage.batch.pictures(Role::Imgs, w.device())?;
    let mask = stage_mask(mae, stage)?;
    let mut views = Vec::new();
    if wants("input") {
        let values = readback::floats(imgs.whole()?).await?;
        let caption = "The picture as the encoder would get it, whole.".into();
        let picture = picture_from_values(mae, stage, &values);
        views.push(stage.view(&VIEWS, "input", caption, ViewKind::Picture(picture), "imgs").of_data());
    }
    if wants("mask") {
        let side = mae.config.side() as u32;
        let hidden = mask.tokens - mask.kept;
        let caption = format!(
            "{hidden} of {} patches are hidden; the encoder sees the others only.{}",
            mask.tokens,
            if stage.painted.is_empty() { real_share(mae, hidden) } else { String::new() }
        );
        let kind = ViewKind::Mask(trace::Mask { rows: side, columns: side, hidden: mask.hidden.clone() });
        views.push(stage.view(&VIEWS, "mask", caption, kind, "mask").of_formula());
    }
    if wants("reconstruction") || wants("error") {
        views.extend(rebuilt(mae, w, stage, &imgs, &mask).await?.into_iter().filter(|v| wants(&v.id)));
    }
    if wants("similarity") {
        views.push(similarity(mae, w, stage, &imgs).await?);
    }
    Ok(views.into_iter().map(on_patches).collect())
}

/// All views show patches; the similarity is about one.
fn on_patches(view: View) -> View {
    let about = (view.id == "similarity").then_some(PATCHES);
    view.of_grid(Some(PATCHES), about)
}

/// What the rule of the knobs really hides, where that is not the share that was asked for: a grid has no choice.
fn real_share(mae: &Mae, hidden: usize) -> String {
    let tokens = mae.config.side() * mae.config.side();
    let [real, asked] = [hidden as f64 / tokens as f64, mae.config.mask_ratio].map(|share| (100.0 * share).round());
    match mae.config.sampling {
        Sampling::Grid if real != asked => {
            let stride = grid::stride_for(mae.config.mask_ratio);
            format!(
                " That is {real} %: {asked} % were asked for, and the grid keeps the first of every {stride} × {stride}."
            )
        }
        _ => String::new(),
    }
}

fn stage_mask(mae: &Mae, stage: &Stage) -> Result<Mask> {
    let tokens = mae.config.side() * mae.config.side();
    match stage.painted.get(PATCHES) {
        None => mae.random_masking(1, &stage.rng),
        Some(hidden) if hidden.len() == tokens => Ok(Mask::painted(hidden)),
        Some(hidden) => {
            let why = format!("it has {} patches, the picture has {tokens}", hidden.len());
            Err(Error::request("The painted mask does not fit", why, "Draw a new mask"))
        }
    }
}

/// Reconstruction and error of one pass through encoder and decoder.
async fn rebuilt(mae: &Mae, w: &Weights, stage: &Stage, imgs: &Pictures, mask: &Mask) -> Result<Vec<View>> {
    let (side, p) = (mae.config.side(), mae.config.patch_size);
    let latent = mae.forward_encoder(w, imgs, mask);
    let prediction = mae.forward_decoder(w, latent, mask); // [1, tokens, values]
    let pixels = imgs.patches(p, Order::ChannelLast);
    let target = pixel_error::target(pixels.clone(), mae.config.norm_pix);
    let error = pixel_error::per_patch(prediction.clone(), target);
    let (mean, deviation) = pixel_error::patch_statistics(pixels.clone());
    // A normalised prediction has no brightness of its own. The honest default takes it from the visible patches near
    // by; the true patch's own would leak the answer.
    let (leaks, raw) = (stage.switched("true_patch_mean"), stage.switched("raw_prediction"));
    let shown = match (mae.config.norm_pix, leaks) {
        (false, _) => prediction,
        (true, true) => prediction * deviation + mean,
        (true, false) => {
            let near = nearness(&mask.hidden, side, &prediction.device()); // [1, tokens, tokens]
            prediction * near.clone().matmul(deviation) + near.matmul(mean)
        }
    };
    let hidden = mask.hidden_tensor(&shown.device()).unsqueeze_dim::<3>(2);
    let shown = if raw { shown } else { pixels * hidden.clone().neg().add_scalar(1.0) + shown * hidden };
    let rebuilt = pictures_from_patches(shown, side, p);
    let flat = vec![rebuilt.flatten::<1>(0, 3), error.flatten::<1>(0, 1)];
    let read = readback::many(flat).await?;
    let (values, errors) = (read.first().cloned().unwrap_or_default(), read.get(1).cloned().unwrap_or_default());
    let source_of_light = match (mae.config.norm_pix, leaks) {
        (false, _) => "",
        (true, true) => {
            " Brightness and contrast of each hidden patch are taken from the true patch, which leaks the answer."
        }
        (true, false) => {
            " The model predicts normalised patches; brightness and contrast are those of the visible patches near by."
        }
    };
    let caption = if raw {
        format!("The raw prediction, also where the patch was visible (no loss is taken there).{source_of_light}")
    } else {
        format!("Visible patches as given, hidden ones as predicted.{source_of_light}")
    };
    let picture = picture_from_values(mae, stage, &values);
    let of_hidden = errors.iter().zip(&mask.hidden).filter(|(_, h)| **h).map(|(e, _)| *e);
    let legend = Legend::up_to(of_hidden, "mean squared error");
    let undefined = mask.hidden.iter().map(|h| !h).collect();
    let (rows, columns) = (side as u32, side as u32);
    let heat = Heat { rows, columns, values: errors, undefined, query: None, over: Some("input".into()) };
    let words = "Error of each hidden patch, the numbers the loss is the mean of; visible patches have no loss.";
    Ok(vec![
        stage.view(&VIEWS, "reconstruction", caption, ViewKind::Picture(picture), "pred"),
        stage.view(&VIEWS, "error", words.into(), ViewKind::Heat(heat), "per_patch_loss").legend(legend),
    ])
}

/// Cosine of the token under the cursor with every patch token of the unmasked encoder's output.
async fn similarity(mae: &Mae, w: &Weights, stage: &Stage, imgs: &Pictures) -> Result<View> {
    let side = mae.config.side();
    let tokens = side * side;
    let query = stage.token(PATCHES).unwrap_or((side / 2) * side + side / 2).min(tokens - 1);
    let shown = Similarity::of(stage);
    let (values, legend, how) = shown.map(mae.tokens(w, imgs, 1), query).await?;
    let heat = Heat {
        rows: side as u32,
        columns: side as u32,
        values,
        query: Some(query as u32),
        over: Some("input".into()),
        ..Heat::default()
    };
    let caption = format!(
        "How like patch {} (row {}, column {}) the encoder finds every other patch, nothing hidden. {how}",
        query + 1,
        query / side + 1,
        query % side + 1
    );
    Ok(stage.view(&VIEWS, "similarity", caption, ViewKind::Heat(heat), &shown.tensor("latent")).legend(legend))
}

/// Normalised [channels, height, width] values as an RGBA picture.
fn picture_from_values(mae: &Mae, stage: &Stage, values: &[f32]) -> Picture {
    let sizes = [mae.config.in_chans, mae.config.img_size, mae.config.side()];
    patch_views::picture(stage.batch.pixels(Role::Imgs).ok(), sizes, values)
}
