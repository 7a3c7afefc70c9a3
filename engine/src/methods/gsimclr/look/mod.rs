//! G-SimCLR on the stage: what the autoencoder sees and rebuilds, the batch with its clusters, the latent, the
//! similarities. This file: the autoencoder. `batch`: the batch that comes next.

mod batch;

use crate::batch::Half;
use crate::blocks::batch_norm::Pass;
use crate::error::Result;
use crate::eval::principal::{Plane, plane};
use crate::knobs::KnobTable;
use crate::loader::Clusters;
use crate::method::{Local, OnStage, Stage};
use crate::methods::gsimclr::card::GsimclrKnobs;
use crate::methods::gsimclr::model::{Batches, CHANNELS, Config, Gsimclr, noisy};
use crate::methods::gsimclr::plan;
use crate::readback;
use crate::session::Abilities;
use crate::settings::Settings;
use crate::similarity::Similarity;
use crate::trace::{Cloud, Grid, Heat, Legend, Picture, View, ViewKind, titled};
use crate::weights::Weights;

/// Ids and titles, in stage order.
const VIEWS: [(&str, &str); 7] = [
    ("input", "Input"),
    ("noisy", "Noisy"),
    ("reconstruction", "Reconstruction"),
    ("error", "Error"),
    ("batch", "Batch"),
    ("latent", "Latent"),
    ("pairs", "Pairs"),
];

/// Pictures of the latent view.
const LATENT: usize = 400;
/// Most pictures of a batch that are shown.
const SHOWN: usize = 128;
/// Clusters of the latent view that have a colour of their own.
const COLOURS: usize = 12;

/// The grids: pixels of the picture, pictures of the next batch, pictures of the latent view.
const PIXELS: &str = "pixels";
const BATCH: &str = "batch";
const LATENT_PICTURES: &str = "latent";

/// What the views are divided into, for a model with these knobs.
///
/// # Errors
/// [`crate::error::Error::Request`] when a knob is missing.
pub fn grids(config: &Config, settings: &Settings) -> Result<Vec<Grid>> {
    let (side, samples) = (config.side() as u32, settings.data.samples);
    let batch = GsimclrKnobs::of(settings)?.batch.min(samples);
    Ok(vec![
        Grid::new(PIXELS, [1, side, side], "pixel"),
        Grid::new(BATCH, [1, 1, batch.min(SHOWN) as u32], "picture of the batch"),
        Grid::new(LATENT_PICTURES, [1, 1, samples.min(LATENT) as u32], "picture"),
    ])
}

/// Which grid a view shows.
fn on_grid(view: View) -> View {
    let grid = match view.id.as_str() {
        "batch" => Some(BATCH),
        "latent" => Some(LATENT_PICTURES),
        "pairs" => None,
        _ => Some(PIXELS),
    };
    view.of_grid(grid, None)
}

impl OnStage for Gsimclr {
    fn grids(&self) -> Vec<Grid> {
        self.grids.clone()
    }

    fn abilities(&self) -> Abilities {
        let switches = Similarity::switches().into();
        Abilities { samples: true, draws: Some("noise".into()), switches, ..Abilities::default() }
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
/// [`crate::error::Error::Device`] when the device is lost.
async fn look(model: &Gsimclr, w: &Weights, stage: &Stage) -> Result<Vec<View>> {
    let wants = |id: &str| stage.wants(id);
    // Batches and the latent are of training pictures.
    let trains = |id: &str| wants(id) && !stage.loader.is_empty();
    let side = model.config.side();
    let pictures = model.config.pictures(&stage.batch)?;
    let mut views = Vec::new();
    if wants("input") {
        let caption = if side == model.config.img_size {
            "The picture as the networks get it.".into()
        } else {
            format!("The picture as the networks get it, with a border up to {side} × {side} pixels.")
        };
        views.push(stage.view(&VIEWS, "input", caption, ViewKind::Picture(picture(&pictures, side)), "imgs").of_data());
    }
    if ["noisy", "reconstruction", "error"].into_iter().any(wants) {
        views.extend(rebuilt(model, w, stage, &pictures).await?.into_iter().filter(|v| wants(&v.id)));
    }
    if trains("batch") {
        views.push(batch::board(model, stage)?);
    }
    if trains("latent") {
        views.push(latent(model, w, stage).await?);
    }
    if trains("pairs") {
        views.push(batch::pairs(model, w, stage).await?);
    }
    Ok(views.into_iter().map(on_grid).collect())
}

/// Noisy input, reconstruction and error of the autoencoder, with its running statistics.
async fn rebuilt(model: &Gsimclr, w: &Weights, stage: &Stage, pictures: &[f32]) -> Result<Vec<View>> {
    let (config, network) = (&model.config, &model.networks.autoencoder);
    let (side, evaluation) = (config.side(), Pass::evaluation());
    let noisy = noisy(pictures, config.noise, &stage.rng);
    let latent = network.encode(w, config.tensor(noisy.clone(), w.device()), &evaluation);
    let values = readback::floats(network.decode(w, latent, &evaluation)).await?;
    let squares = |(one, other): (&[f32], &[f32])| {
        one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / CHANNELS as f32
    };
    let errors: Vec<f32> = values.chunks(CHANNELS).zip(pictures.chunks(CHANNELS)).map(squares).collect();
    let mean = errors.iter().sum::<f32>() / errors.len().max(1) as f32;
    let legend = Legend::up_to(errors.iter().copied(), "squared error");
    let heat = Heat { rows: side as u32, columns: side as u32, values: errors, ..Heat::default() };
    let noise = format!("The picture with noise of deviation {}, which the autoencoder takes away.", config.noise);
    let words =
        format!("What the autoencoder makes of the noisy picture, by way of its narrow latent.{}", untrained(model));
    let error = format!(
        "Squared error of each pixel against the clean picture; {mean:.4} on average, which is the loss of the first phase."
    );
    Ok(vec![
        stage.view(&VIEWS, "noisy", noise, ViewKind::Picture(picture(&noisy, side)), "imgs + noise").of_data(),
        stage.view(&VIEWS, "reconstruction", words, ViewKind::Picture(picture(&values, side)), "reconstruction"),
        stage.view(&VIEWS, "error", error, ViewKind::Heat(heat), "(reconstruction − imgs)²").legend(legend),
    ])
}

/// What there is to say where the autoencoder is not trained.
fn untrained(model: &Gsimclr) -> &'static str {
    if model.config.batches == Batches::Random {
        " Random batches need no autoencoder: this one is not trained."
    } else {
        ""
    }
}

/// The autoencoder's embedding of some training pictures in the plane of its two main directions.
async fn latent(model: &Gsimclr, w: &Weights, stage: &Stage) -> Result<View> {
    let (loader, none) = (&stage.loader, Clusters::new());
    let clusters = loader.clusters().unwrap_or(&none);
    let pool: Vec<usize> =
        if clusters.is_empty() { (0..loader.len(Half::Train)).collect() } else { clusters.keys().copied().collect() };
    let chosen: Vec<usize> = pool.iter().copied().step_by(pool.len().div_ceil(LATENT).max(1)).collect();
    let features = plan::embedded(&model.config, &model.networks, w, loader, &chosen).await?;
    let Plane { points, share } = plane(&features);
    let labels = loader.labels(Half::Train);
    let (class, classes, by) = if !clusters.is_empty() {
        let most = clusters.values().max().map_or(0, |last| *last as usize + 1);
        let class =
            chosen.iter().map(|index| clusters.get(index).map_or(0, |cluster| cluster % COLOURS as u32)).collect();
        let names = (0..most.min(COLOURS)).map(|cluster| {
            if most > COLOURS {
                format!("cluster {}, {} …", cluster + 1, cluster + 1 + COLOURS)
            } else {
                format!("cluster {}", cluster + 1)
            }
        });
        (class, names.collect(), "by its cluster")
    } else if !labels.is_empty() {
        (
            chosen.iter().map(|index| labels.get(*index).copied().unwrap_or(0)).collect(),
            loader.report().classes,
            "by its class, as there are no clusters yet",
        )
    } else {
        (Vec::new(), Vec::new(), "alike, as there are no clusters yet")
    };
    let caption = format!(
        "{} pictures where the autoencoder puts them, in the plane of the two main directions ({:.0} % of the variance), each coloured {by}.{}",
        chosen.len(),
        100.0 * share,
        untrained(model)
    );
    let cloud = Cloud { dims: 2, points, class, classes, ..Cloud::default() };
    Ok(stage.view(&VIEWS, "latent", caption, ViewKind::Cloud(cloud), "mean of the latent"))
}

/// Values [side, side, 3] in 0 … 1 as an RGBA picture.
fn picture(values: &[f32], side: usize) -> Picture {
    let byte = |value: &f32| (value * 255.0).round().clamp(0.0, 255.0) as u8;
    let rgba = values.as_chunks::<CHANNELS>().0.iter().flat_map(|[r, g, b]| [byte(r), byte(g), byte(b), 255]).collect();
    Picture { width: side as u32, height: side as u32, rgba, grid: (side as u32, side as u32), hidden: Vec::new() }
}
