//! Whether patches find their own picture: which they look at, and which they are like.

use burn::tensor::Tensor;

use super::{Mixture, PATCHES};
use crate::error::Result;
use crate::kernels::pictures::Order;
use crate::readback;
use crate::similarity::Similarity;
use crate::trace::{Curve, Curves, Heat, Legend, Matrix, View, ViewKind};

/// The views of patches that are wanted.
pub(super) async fn views(mixture: &Mixture<'_>) -> Result<Vec<View>> {
    let wanted: Vec<&str> =
        ["kept", "similarity", "pairs", "share"].into_iter().filter(|id| mixture.stage.wants(id)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (model, w, mixing) = (mixture.model, mixture.w, &mixture.mixing);
    let patches = model.mix(&mixture.imgs, mixing, Order::ChannelFirst);
    let input = model.encoder_input(w, patches, mixing);
    let mut views = Vec::new();
    if wanted.contains(&"kept") || wanted.contains(&"share") {
        let kept = model.kept(w, input.clone());
        if wanted.contains(&"kept") {
            views.push(looked_at(mixture, &kept).await?);
        }
        if wanted.contains(&"share") {
            views.push(share(mixture, &kept).await?);
        }
    }
    if wanted.contains(&"similarity") || wanted.contains(&"pairs") {
        let tokens = model.encode(w, input).narrow(1, 1, mixing.tokens);
        if wanted.contains(&"similarity") {
            views.push(similarity(mixture, tokens.clone()).await?);
        }
        if wanted.contains(&"pairs") {
            views.push(pairs(mixture, tokens).await?);
        }
    }
    Ok(views)
}

/// The patch that is looked at, the middle one by default.
fn query(mixture: &Mixture<'_>) -> usize {
    let side = mixture.model.config.side();
    mixture.stage.token(PATCHES).unwrap_or((side / 2) * side + side / 2).min(mixture.mixing.tokens - 1)
}

/// What a patch is called, and the picture it is of.
fn named(mixture: &Mixture<'_>, patch: usize) -> String {
    let source = mixture.mixing.of(0).get(patch).copied().unwrap_or(0);
    format!("patch {} (of picture {})", patch + 1, source + 1)
}

/// The patches that the patch under the cursor looks at, in all blocks that choose.
async fn looked_at(mixture: &Mixture<'_>, kept: &[Tensor<4>]) -> Result<View> {
    let (mixing, config, query) = (&mixture.mixing, &mixture.model.config, query(mixture));
    let sources = mixing.of(0);
    let choosing: Vec<usize> = (0..kept.len()).filter(|block| config.largest(*block).is_some()).collect();
    let blocks = if choosing.is_empty() { (0..kept.len()).collect() } else { choosing.clone() };
    let row = |block: &usize| kept[*block].clone().narrow(2, 1 + query, 1).narrow(3, 1, mixing.tokens);
    let rows: Vec<Tensor<4>> = blocks.iter().map(row).collect(); // [1, heads, 1, tokens] each
    let mut values = readback::floats(Tensor::cat(rows, 1).mean_dim(1)).await?;
    let own = |patch: usize| sources.get(patch) == sources.get(query);
    let (mut right, mut all) = (0.0, 0.0);
    for (patch, value) in values.iter_mut().enumerate() {
        all += f64::from(*value);
        right += if own(patch) { f64::from(*value) } else { 0.0 };
        *value = if own(patch) { *value } else { -*value };
    }
    let side = config.side() as u32;
    let heat = Heat {
        rows: side,
        columns: side,
        values,
        query: Some(query as u32),
        over: Some("input".into()),
        ..Heat::default()
    };
    let legend = Legend { low: -1.0, high: 1.0, signed: true, unit: "share of heads".into() };
    let named = named(mixture, query);
    let caption = match choosing.first().and_then(|block| config.largest(*block)) {
        None => format!("{named} looks at all patches, of its own picture (above zero) or another's."),
        Some(largest) => format!(
            "Each head of the blocks that choose lets {named} look at {} patches: how many of them look where, above zero at its own picture, below at another's. {:.0} % are its own's; chance is {:.0} %.",
            largest.keys,
            100.0 * right / f64::max(all, 1.0),
            100.0 / config.mixed as f64
        ),
    };
    Ok(mixture.view("kept", caption, ViewKind::Heat(heat), "kept keys").legend(legend))
}

/// The share of patches looked at that are of the same picture, by block.
async fn share(mixture: &Mixture<'_>, kept: &[Tensor<4>]) -> Result<View> {
    let (mixing, model) = (&mixture.mixing, mixture.model);
    let shares = readback::floats(model.homologous_share(kept, mixing)).await?;
    let same = readback::floats(mixing.homologous_tensor(&mixture.w.device().clone().without_autodiff())).await?;
    let chance = same.iter().map(|v| f64::from(*v)).sum::<f64>() / (same.len().max(1)) as f64;
    let points = |of: &dyn Fn(usize) -> f64| (0..shares.len()).map(|block| ((block + 1) as f64, of(block))).collect();
    let curves = Curves {
        curves: vec![
            Curve::line("looked at", points(&|block| f64::from(shares[block]))),
            Curve::line("chance", points(&|_| chance)),
        ],
        x_title: "block".into(),
        y_title: "share of the own picture".into(),
        log_x: false,
    };
    let caption = "Of the patches that patches look at in each block, the share that is of their own picture; a block that looks at all is at chance.";
    Ok(mixture.view("share", caption.into(), ViewKind::Curves(curves), "homologous share"))
}

/// Cosines of the patch under the cursor with all others of the mixture.
async fn similarity(mixture: &Mixture<'_>, tokens: Tensor<3>) -> Result<View> {
    let (side, query) = (mixture.model.config.side() as u32, query(mixture));
    let shown = Similarity::of(mixture.stage);
    let (values, legend, how) = shown.map(tokens, query).await?;
    let heat = Heat {
        rows: side,
        columns: side,
        values,
        query: Some(query as u32),
        over: Some("input".into()),
        ..Heat::default()
    };
    let caption =
        format!("How like {} the encoder finds every other patch of the mixture. {how}", named(mixture, query));
    Ok(mixture.view("similarity", caption, ViewKind::Heat(heat), &shown.tensor("latent")).legend(legend))
}

/// Cosines of all patches, sorted by picture.
async fn pairs(mixture: &Mixture<'_>, tokens: Tensor<3>) -> Result<View> {
    let (mixing, shown) = (&mixture.mixing, Similarity::of(mixture.stage));
    let count = mixing.tokens;
    let cosines = crate::blocks::objectives::homologous_contrast::cosines(shown.tokens(tokens));
    let values = readback::floats(cosines).await?;
    let sources = mixing.of(0);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|patch| sources.get(*patch).copied());
    let sorted: Vec<f32> = order
        .iter()
        .flat_map(|row| order.iter().map(|column| values[*row * count + *column]).collect::<Vec<_>>())
        .collect();
    let (legend, how) = shown.legend(&sorted, |place| place / count == place % count);
    let names = order.iter().map(|patch| named(mixture, *patch)).collect();
    let tokens = order.iter().map(|patch| *patch as u32).collect();
    let matrix = Matrix::of_pairs(sorted, names, "patches, by picture", PATCHES, tokens);
    let caption = format!(
        "How alike all patches of the mixture are to one another, those of each picture together: squares along the diagonal are pictures that hold together. {how}"
    );
    Ok(mixture.view("pairs", caption, ViewKind::Matrix(matrix), &shown.tensor("latent")).legend(legend))
}
