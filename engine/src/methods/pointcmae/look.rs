//! Point-CMAE on the stage: the cloud by mask, both reconstructions, the error, the similarity of groups, the contrast.

use burn::tensor::Tensor;

use crate::blocks::batch_norm::Pass;
use crate::blocks::masks::Mask;
use crate::blocks::objectives::agreement::cosines;
use crate::blocks::tokenizers::point_groups::Groups;
use crate::error::{Error, Result};
use crate::method::{Local, OnStage, Stage};
use crate::methods::pointcmae::model::{Forward, PointCmae, Seen, mask_of};
use crate::readback;
use crate::session::{Abilities, Switch};
use crate::similarity::Similarity;
use crate::trace::{Cloud, Grid, Legend, Matrix, View, ViewKind};
use crate::weights::Weights;

/// Ids and titles in stage order.
const VIEWS: [(&str, &str); 6] = [
    ("input", "Input"),
    ("reconstruction", "Reconstruction"),
    ("reconstruction_second", "Reconstruction, second branch"),
    ("error", "Error"),
    ("similarity", "Similarity"),
    ("contrast", "Contrast"),
];

/// Views that only two branches have.
const OF_TWO: [&str; 2] = ["reconstruction_second", "contrast"];

/// The grid of all views.
const GROUPS: &str = "groups";

/// Ids and titles of this system's views.
fn views(model: &PointCmae) -> impl Iterator<Item = (&'static str, &'static str)> {
    let two = model.branches.len() > 1;
    VIEWS.into_iter().filter(move |(id, _)| two || !OF_TWO.contains(id))
}

/// What the views share: the cloud on the host.
struct Shown {
    points: Vec<[f32; 3]>,
    centres: Vec<[f32; 3]>,
    /// The group whose centre is nearest to each point.
    token: Vec<u32>,
}

impl OnStage for PointCmae {
    fn grids(&self) -> Vec<Grid> {
        let groups = self.config.groups as u32;
        let visible = groups - self.config.hidden() as u32;
        vec![Grid::new(GROUPS, [1, 1, groups], "group of points").painted(visible)]
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            samples: true,
            draws: Some("mask".into()),
            mask_knob: Some("mask_ratio".into()),
            fine_tunes: true,
            switches: [Switch::raw_prediction()].into_iter().chain(Similarity::switches()).collect(),
        }
    }

    fn views(&self) -> Vec<(String, String)> {
        views(self).map(|(id, title)| (id.to_string(), title.to_string())).collect()
    }

    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(look(self, weights, stage))
    }
}

/// The views the stage wants, computed now.
///
/// # Errors
/// [`Error::Request`] when the painted mask does not fit; [`Error::Device`] when the device is lost.
async fn look(model: &PointCmae, w: &Weights, stage: &Stage) -> Result<Vec<View>> {
    let wants = |id: &str| stage.wants(id) && views(model).any(|(known, _)| known == id);
    let masks = stage_masks(model, stage)?;
    let cloud = model.evaluation_points(w, &stage.batch)?;
    let groups = model.group(cloud.clone());
    let shown = shown(cloud, &groups).await?;
    let mut found = Vec::new();
    if wants("input") {
        found.push(input(&shown, &masks, stage));
    }
    if ["reconstruction", "reconstruction_second", "error", "contrast"].iter().any(|id| wants(id)) {
        let forward = model.forward(w, groups.clone(), &masks, &Pass::evaluation(), None);
        for (id, (branch, mask)) in
            ["reconstruction", "reconstruction_second"].iter().zip(forward.branches.iter().zip(&masks))
        {
            if wants(id) {
                found.push(reconstruction(id, &shown, branch, mask, stage).await?);
            }
        }
        if wants("error") {
            found.push(error(model, &shown, &forward, &masks, stage).await?);
        }
        if wants("contrast") {
            found.extend(contrast(model, &forward, &masks, stage).await?);
        }
    }
    if wants("similarity") {
        found.push(similarity(model, w, groups, &shown, stage).await?);
    }
    Ok(found.into_iter().map(on_groups).collect())
}

/// Which views show groups, and which are about one.
fn on_groups(view: View) -> View {
    let (shows, about) = (view.id != "contrast", view.id == "similarity");
    view.of_grid(shows.then_some(GROUPS), about.then_some(GROUPS))
}

/// The masks of the stage; a painted one takes the place of the first branch's.
fn stage_masks(model: &PointCmae, stage: &Stage) -> Result<Vec<Mask>> {
    let mut masks = model.random_masks(1, &stage.rng);
    let (Some(hidden), Some(first)) = (stage.painted.get(GROUPS), masks.first_mut()) else { return Ok(masks) };
    let (groups, kept) = (model.config.groups, hidden.iter().filter(|h| !**h).count());
    if hidden.len() != groups || kept == 0 || kept == groups {
        let why = format!(
            "it leaves {kept} of {} groups, and the cloud has {groups}: some must be hidden, some seen",
            hidden.len()
        );
        return Err(Error::request("The painted mask does not fit", why, "Draw a new mask"));
    }
    *first = mask_of(hidden, groups, kept);
    Ok(masks)
}

async fn shown(cloud: Tensor<3>, groups: &Groups) -> Result<Shown> {
    let read = readback::many(vec![cloud.flatten(0, 2), groups.centres.clone().flatten(0, 2)]).await?;
    let mut lists = read.into_iter().map(|values| values.as_chunks::<3>().0.to_vec());
    let (points, centres) = (lists.next().unwrap_or_default(), lists.next().unwrap_or_default());
    let squared = |a: &[f32; 3], b: &[f32; 3]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let nearest = |point: &[f32; 3]| {
        let places = centres.iter().enumerate();
        places
            .min_by(|a, b| squared(point, a.1).total_cmp(&squared(point, b.1)))
            .map_or(u32::MAX, |(group, _)| group as u32)
    };
    let token = points.iter().map(nearest).collect();
    Ok(Shown { points, centres, token })
}

fn input(shown: &Shown, masks: &[Mask], stage: &Stage) -> View {
    let groups = shown.centres.len();
    let hidden = |mask: usize, group: usize| masks.get(mask).is_some_and(|mask| mask.hidden[group]);
    let class = (0..groups).map(|group| u32::from(hidden(0, group)) + 2 * u32::from(hidden(1, group))).collect();
    let (names, caption): (&[&str], String) = if masks.len() > 1 {
        let twice = (0..groups).filter(|group| hidden(0, *group) && hidden(1, *group)).count();
        let caption = format!(
            "Each point belongs to the group with the nearest centre; {twice} of {groups} groups are hidden in both branches."
        );
        (&["visible", "hidden in the first", "hidden in the second", "hidden twice"], caption)
    } else {
        let count = (0..groups).filter(|group| hidden(0, *group)).count();
        (
            &["visible", "hidden"],
            format!("Each point belongs to the group with the nearest centre; {count} of {groups} groups are hidden."),
        )
    };
    let cloud = Cloud {
        dims: 3,
        points: shown.points.concat(),
        token: shown.token.clone(),
        class,
        classes: names.iter().map(|name| (*name).to_string()).collect(),
        ..Cloud::default()
    };
    stage.view(&VIEWS, "input", caption, ViewKind::Cloud(cloud), "points").of_data()
}

/// Numbers of the groups that a mask hides, ascending: the order of predictions.
fn hidden_groups(mask: &Mask) -> impl Iterator<Item = usize> {
    mask.hidden.iter().enumerate().filter(|(_, hidden)| **hidden).map(|(group, _)| group)
}

async fn reconstruction(id: &str, shown: &Shown, branch: &Seen, mask: &Mask, stage: &Stage) -> Result<View> {
    let size = branch.prediction.dims()[1];
    let predicted = readback::floats(branch.prediction.clone()).await?;
    let (mut points, mut token) = (Vec::new(), Vec::new());
    if !stage.switched("raw_prediction") {
        for (point, group) in shown.points.iter().zip(&shown.token).filter(|(_, group)| !mask.hidden[**group as usize])
        {
            points.extend(point);
            token.push(*group);
        }
    }
    for (group, of_group) in hidden_groups(mask).zip(predicted.chunks(3 * size.max(1))) {
        let centre = shown.centres[group];
        points.extend(of_group.iter().enumerate().map(|(i, v)| v + centre[i % 3]));
        token.extend(std::iter::repeat_n(group as u32, size));
    }
    let cloud = Cloud {
        dims: 3,
        points,
        token,
        class: mask.hidden.iter().map(|hidden| u32::from(*hidden)).collect(),
        classes: vec!["as given".into(), "predicted".into()],
        ..Cloud::default()
    };
    let caption = if stage.switched("raw_prediction") {
        "The prediction alone: the points of each hidden group, put back to its centre.".to_string()
    } else {
        format!(
            "Points near visible groups as given, and {size} predicted points for each of the {} hidden groups.",
            mask.tokens - mask.kept
        )
    };
    Ok(stage.view(&VIEWS, id, caption, ViewKind::Cloud(cloud), "prediction + centre"))
}

/// Chamfer distance of each group that some branch hides, the mean of the branches that do.
async fn error(model: &PointCmae, shown: &Shown, forward: &Forward, masks: &[Mask], stage: &Stage) -> Result<View> {
    let distances = forward
        .branches
        .iter()
        .map(|branch| model.config.chamfer.of_each(branch.prediction.clone(), branch.target.clone()));
    let read = readback::many(distances.collect()).await?;
    let (mut sums, mut counts) = (vec![0.0_f32; shown.centres.len()], vec![0_u32; shown.centres.len()]);
    for (mask, distances) in masks.iter().zip(read) {
        for (group, distance) in hidden_groups(mask).zip(distances) {
            sums[group] += distance;
            counts[group] += 1;
        }
    }
    let values: Vec<f32> = sums.iter().zip(&counts).map(|(sum, count)| sum / (*count).max(1) as f32).collect();
    let token = shown.token.iter().map(|group| if counts[*group as usize] > 0 { *group } else { u32::MAX }).collect();
    let legend = Legend::up_to(values.iter().copied(), "Chamfer distance");
    let cloud = Cloud { dims: 3, points: shown.points.concat(), token, values, ..Cloud::default() };
    let caption = "Chamfer distance of each hidden group, the numbers the loss is the mean of; groups that no branch hides are grey.";
    Ok(stage.view(&VIEWS, "error", caption.into(), ViewKind::Cloud(cloud), "per_group_loss").legend(legend))
}

/// Cosine of the group under the cursor with every group, nothing hidden.
async fn similarity(model: &PointCmae, w: &Weights, groups: Groups, shown: &Shown, stage: &Stage) -> Result<View> {
    let query = stage.token(GROUPS).unwrap_or(0).min(shown.centres.len().saturating_sub(1));
    let latent = model.encode(w, groups, &Pass::evaluation());
    let similarity = Similarity::of(stage);
    let (values, legend, how) = similarity.map(latent, query).await?;
    let cloud = Cloud {
        dims: 3,
        points: shown.points.concat(),
        token: shown.token.clone(),
        values,
        query: Some(query as u32),
        ..Cloud::default()
    };
    let caption = format!("How like group {} the encoder finds every other group, nothing hidden. {how}", query + 1);
    Ok(stage.view(&VIEWS, "similarity", caption, ViewKind::Cloud(cloud), &similarity.tensor("latent")).legend(legend))
}

/// Cosines of the first branch's features (rows) with the second's (columns).
async fn contrast(model: &PointCmae, forward: &Forward, masks: &[Mask], stage: &Stage) -> Result<Option<View>> {
    let Ok([first, second]) = <[Tensor<3>; 2]>::try_from(model.features(forward, masks)) else { return Ok(None) };
    let groups = first.dims()[1];
    let similarity = Similarity::of(stage);
    let values = readback::floats(cosines(similarity.tokens(first), similarity.tokens(second))).await?;
    let (legend, how) = similarity.legend(&values, |_| false);
    let twice: Vec<usize> = (0..groups).filter(|group| masks.iter().all(|mask| mask.hidden[*group])).collect();
    let mean = |numbers: &[f32]| numbers.iter().sum::<f32>() / numbers.len().max(1) as f32;
    let rows: Vec<String> = twice.iter().map(|group| (group + 1).to_string()).collect();
    let own: Vec<f32> = twice.iter().map(|group| values[group * groups + group]).collect();
    let all: Vec<f32> = twice.iter().flat_map(|group| &values[group * groups..(group + 1) * groups]).copied().collect();
    let words = "Rows: groups in the first branch, columns: in the second.";
    let caption = if twice.is_empty() {
        format!("{words} No group is hidden twice. {how}")
    } else {
        format!(
            "{words} Hidden twice: {}. These rows have a mean cosine of {:.2} with themselves and {:.2} with all. {how}",
            rows.join(", "),
            mean(&own),
            mean(&all)
        )
    };
    let names: Vec<String> = (1..=groups).map(|group| format!("group {group}")).collect();
    let kind = ViewKind::Matrix(Matrix {
        rows: groups as u32,
        columns: groups as u32,
        values,
        row_names: names.clone(),
        column_names: names,
        row_title: "first branch".into(),
        column_title: "second branch".into(),
        row_grid: Some(GROUPS.into()),
        column_grid: Some(GROUPS.into()),
        ..Matrix::default()
    });
    let tensor = similarity.tensor("decoder features");
    Ok(Some(stage.view(&VIEWS, "contrast", caption, kind, &tensor).legend(legend)))
}
