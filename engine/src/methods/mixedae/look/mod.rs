//! MixedAE on the stage: the pictures, their mixture, what is rebuilt of each, and which patches find their own picture.
//! This file: the stage's mixture, pictures and errors. `found`: what patches look at and how alike they are.

mod found;

use burn::tensor::Tensor;

use crate::batch::{Batch, Role};
use crate::blocks::objectives::pixel_error;
use crate::blocks::tokenizers::image_patches::{Pictures, pictures_from_patches};
use crate::error::Result;
use crate::kernels::pictures::Order;
use crate::method::patch_views::{nearness, picture};
use crate::method::{Local, OnStage, Stage};
use crate::methods::mixedae::card::Mode;
use crate::methods::mixedae::mixing::Mixing;
use crate::methods::mixedae::model::Mixedae;
use crate::readback;
use crate::session::{Abilities, Switch};
use crate::similarity::Similarity;
use crate::trace::{self, Board, Grid, Heat, Legend, Picture, View, ViewKind, titled};
use crate::weights::Weights;

/// Ids and titles, in stage order.
const VIEWS: [(&str, &str); 9] = [
    ("input", "Mixture"),
    ("pictures", "Pictures"),
    ("reconstruction", "Rebuilt"),
    ("mask", "Hidden"),
    ("error", "Error"),
    ("kept", "Looked at"),
    ("similarity", "Similarity"),
    ("pairs", "All pairs"),
    ("share", "Own by block"),
];

/// The grid of all views of patches.
const PATCHES: &str = "patches";

/// Switch: patches of the mixture are tinted by their picture.
const TINT: &str = "tint";
/// What they are tinted with: seven hues that differ for colour-blind eyes too, and grey.
const TINTS: [[u8; 3]; 8] = [
    [0, 114, 178],
    [230, 159, 0],
    [0, 158, 115],
    [204, 121, 167],
    [86, 180, 233],
    [213, 94, 0],
    [240, 228, 66],
    [128, 128, 128],
];

impl OnStage for Mixedae {
    fn grids(&self) -> Vec<Grid> {
        let side = self.config.side() as u32;
        vec![Grid::new(PATCHES, [1, side, side], "patch")]
    }

    fn abilities(&self) -> Abilities {
        let tooltip = "Tint each patch of the mixture by the picture that it is of";
        let mut switches = vec![Switch::new(TINT, "Tint by picture", tooltip), Switch::raw_prediction()];
        switches.extend(self.config.norm_pix.then(Switch::true_patch_mean));
        switches.extend(Similarity::switches());
        Abilities { samples: true, draws: Some("mixture".into()), fine_tunes: true, switches, ..Abilities::default() }
    }

    fn views(&self) -> Vec<(String, String)> {
        titled(&VIEWS)
    }

    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(look(self, weights, stage))
    }
}

/// The mixture on the stage: the picture that was chosen, and others from all over its half of the set.
struct Mixture<'a> {
    model: &'a Mixedae,
    w: &'a Weights,
    stage: &'a Stage,
    batch: Batch,
    imgs: Pictures,
    mixing: Mixing,
    indices: Vec<usize>,
}

impl<'a> Mixture<'a> {
    fn new(model: &'a Mixedae, w: &'a Weights, stage: &'a Stage) -> Result<Self> {
        let count = stage.loader.len(stage.half).max(1);
        let first = stage.batch.indices.first().copied().unwrap_or(0);
        // Neighbours in a set are often of one class.
        let mixed = model.config.mixed;
        let indices: Vec<usize> = (0..mixed).map(|i| (first + i * count / mixed) % count).collect();
        let batch = stage.loader.evaluation_batch(stage.half, &indices)?;
        let imgs = batch.pictures(Role::Imgs, w.device())?;
        // The first mixture of a group is the same in both modes.
        let mixing = Mixing::random(1, model.config.tokens(), model.config.mixed, Mode::Compose, &stage.rng);
        mixing.upload(w.device());
        Ok(Self { model, w, stage, batch, imgs, mixing, indices })
    }

    /// Normalised values of one picture as a picture.
    fn picture(&self, values: &[f32]) -> Picture {
        let config = &self.model.config;
        picture(self.batch.pixels(Role::Imgs).ok(), [config.in_chans, config.img_size, config.side()], values)
    }

    /// Pictures side by side, each with its class and how much of the mixture is its own.
    fn board(&self, values: &[f32]) -> Board {
        let config = &self.model.config;
        let each = config.in_chans * config.img_size * config.img_size;
        let (labels, names) = (self.stage.loader.labels(self.stage.half), self.stage.loader.report().classes);
        let word = |(place, index): (usize, &usize)| {
            let name = labels.get(*index).and_then(|label| names.get(*label as usize)).cloned();
            let own = self.mixing.hidden(0, place).iter().filter(|hidden| !**hidden).count();
            format!("{} · {own} patches", name.unwrap_or_else(|| format!("picture {}", index + 1)))
        };
        Board {
            pictures: values.chunks_exact(each.max(1)).map(|values| self.picture(values)).collect(),
            group: (0..self.indices.len() as u32).collect(),
            words: self.indices.iter().enumerate().map(word).collect(),
            clashes: vec![false; self.indices.len()],
        }
    }

    fn view(&self, id: &str, caption: String, kind: ViewKind, tensor: &str) -> View {
        self.stage.view(&VIEWS, id, caption, kind, tensor)
    }
}

/// The views the stage wants, computed now.
///
/// # Errors
/// [`crate::error::Error::Device`] when the device is lost.
async fn look(model: &Mixedae, w: &Weights, stage: &Stage) -> Result<Vec<View>> {
    let mixture = Mixture::new(model, w, stage)?;
    let wants = |id: &str| stage.wants(id);
    let mut views = Vec::new();
    if wants("input") {
        views.push(input(&mixture).await?);
    }
    if wants("pictures") {
        let values = readback::floats(mixture.imgs.whole()?).await?;
        let caption = "The pictures that are mixed: the chosen one, and others from all over the set.".into();
        views.push(mixture.view("pictures", caption, ViewKind::Board(mixture.board(&values)), "imgs").of_data());
    }
    if wants("mask") {
        let side = model.config.side() as u32;
        let hidden = mixture.mixing.hidden(0, 0);
        let count = hidden.iter().filter(|hidden| **hidden).count();
        let caption = format!(
            "{count} of {} patches of the chosen picture are not in the mixture: other pictures stand there.",
            hidden.len()
        );
        let kind = ViewKind::Mask(trace::Mask { rows: side, columns: side, hidden });
        views.push(mixture.view("mask", caption, kind, "mask").of_formula());
    }
    if wants("reconstruction") || wants("error") {
        views.extend(rebuilt(&mixture).await?.into_iter().filter(|view| wants(&view.id)));
    }
    views.extend(found::views(&mixture).await?);
    Ok(views.into_iter().map(on_grid).collect())
}

/// Which grid a view shows, and which cursor it is about.
fn on_grid(view: View) -> View {
    let (grid, about) = match view.id.as_str() {
        "kept" | "similarity" => (Some(PATCHES), Some(PATCHES)),
        "pictures" | "reconstruction" | "pairs" | "share" => (None, None),
        _ => (Some(PATCHES), None),
    };
    view.of_grid(grid, about)
}

/// The mixture as the encoder gets it, tinted where that is asked for.
async fn input(mixture: &Mixture<'_>) -> Result<View> {
    let config = &mixture.model.config;
    let patches = mixture.model.mix(&mixture.imgs, &mixture.mixing, Order::ChannelLast);
    let values = readback::floats(pictures_from_patches(patches, config.side(), config.patch_size)).await?;
    let mut shown = mixture.picture(&values);
    let tinted = mixture.stage.switched(TINT);
    if tinted {
        let (size, patch, side) = (config.img_size, config.patch_size, config.side());
        for (pixel, rgba) in shown.rgba.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let token = pixel / size / patch * side + pixel % size / patch;
            let source = mixture.mixing.of(0).get(token).copied().unwrap_or(0) as usize;
            let tint = TINTS[source % TINTS.len()];
            rgba.iter_mut().zip(tint).for_each(|(own, tint)| *own = ((u16::from(*own) + u16::from(tint)) / 2) as u8);
        }
    }
    let colours = if tinted { " Tinted by picture." } else { "" };
    let caption = format!("{} pictures in one, as the encoder gets them.{colours}", config.mixed);
    Ok(mixture.view("input", caption, ViewKind::Picture(shown), "mixed imgs").of_data())
}

/// What the decoder makes of every picture, and how far off it is of the first.
async fn rebuilt(mixture: &Mixture<'_>) -> Result<Vec<View>> {
    let (model, w, mixing, stage) = (mixture.model, mixture.w, &mixture.mixing, mixture.stage);
    let (config, device) = (&model.config, w.device().clone().without_autodiff());
    let patches = model.mix(&mixture.imgs, mixing, Order::ChannelFirst);
    let latent = model.encode(w, model.encoder_input(w, patches, mixing));
    let prediction = model.decode(w, latent, mixing); // [pictures, tokens, values]
    let pixels = model.pixels(&mixture.imgs, mixing);
    let error = pixel_error::per_patch(prediction.clone(), pixel_error::target(pixels.clone(), config.norm_pix));
    let (mean, deviation) = pixel_error::patch_statistics(pixels.clone());
    let (leaks, raw) = (stage.switched("true_patch_mean"), stage.switched("raw_prediction"));
    // A normalised prediction has no brightness of its own: it is taken from the picture's own patches near by.
    let shown = match (config.norm_pix, leaks) {
        (false, _) => prediction,
        (true, true) => prediction * deviation + mean,
        (true, false) => {
            let near = (0..config.mixed).map(|own| nearness(&mixing.hidden(0, own), config.side(), &device)).collect();
            let near = Tensor::cat(near, 0); // [pictures, tokens, tokens]
            prediction * near.clone().matmul(deviation) + near.matmul(mean)
        }
    };
    let hidden = mixing.hidden_tensor(&shown.device()).unsqueeze_dim::<3>(2);
    let shown = if raw { shown } else { pixels * hidden.clone().neg().add_scalar(1.0) + shown * hidden };
    let rebuilt = pictures_from_patches(shown, config.side(), config.patch_size);
    let read = readback::many(vec![rebuilt.flatten::<1>(0, 3), error.narrow(0, 0, 1).flatten::<1>(0, 1)]).await?;
    let (values, errors) = (read.first().cloned().unwrap_or_default(), read.get(1).cloned().unwrap_or_default());
    let light = match (config.norm_pix, leaks) {
        (false, _) => "",
        (true, true) => " Brightness and contrast of each patch are the true ones, which leaks the answer.",
        (true, false) => " Brightness and contrast of each patch are those of the picture's own patches near by.",
    };
    let what = if raw {
        "What the decoder makes of every picture, also of the patches that were in the mixture."
    } else {
        "Every picture, from its own patches of the mixture and what the decoder makes of the rest."
    };
    let hidden = mixing.hidden(0, 0);
    let of_hidden = errors.iter().zip(&hidden).filter(|(_, hidden)| **hidden).map(|(error, _)| *error);
    let legend = Legend::up_to(of_hidden, "mean squared error");
    let side = config.side() as u32;
    let heat = Heat {
        rows: side,
        columns: side,
        undefined: hidden.iter().map(|hidden| !hidden).collect(),
        values: errors,
        ..Heat::default()
    };
    let words =
        "Error of the chosen picture's patches that are not in the mixture: numbers that the loss is the mean of.";
    let board = ViewKind::Board(mixture.board(&values));
    Ok(vec![
        mixture.view("reconstruction", format!("{what}{light}"), board, "pred"),
        mixture.view("error", words.into(), ViewKind::Heat(heat), "per_patch_loss").legend(legend),
    ])
}
