//! MixedAE's own number: how well patches know their own picture.

use crate::batch::{Half, Role};
use crate::error::{Error, Result};
use crate::kernels::pictures::Order;
use crate::method::{Subject, no_metric};
use crate::methods::mixedae::mixing::Mixing;
use crate::methods::mixedae::model::Mixedae;
use crate::readback;
use crate::rng::Rng;

/// Names of the numbers.
pub(super) const METRICS: [&str; 1] = ["homologous_share"];

/// Most test pictures that are mixed for it, and how many at once.
const MOST: usize = 512;
const AT_ONCE: usize = 64;

/// `homologous_share`: of the patches that patches look at, themselves included, the share that is of the same picture, on
/// test pictures: the mean over the blocks that choose. Chance is 1 / pictures of a mixture.
///
/// # Errors
/// [`Error::Request`] for an unknown metric, [`Error::Data`] when there are too few test pictures to mix.
pub(super) async fn measure(model: &Mixedae, metric: &str, subject: Subject<'_>) -> Result<f64> {
    if metric != METRICS[0] {
        return Err(no_metric(metric, &METRICS));
    }
    let (config, loader, w) = (&model.config, subject.loader, subject.weights);
    let count = loader.len(Half::Test).min(MOST);
    let each = (AT_ONCE / config.mixed).max(1) * config.mixed;
    let (mut sum, mut mixtures) = (0.0, 0);
    for start in (0..count).step_by(each) {
        let groups = (count - start).min(each) / config.mixed;
        if groups == 0 {
            break;
        }
        let indices: Vec<usize> = (start..start + groups * config.mixed).collect();
        let batch = loader.evaluation_batch(Half::Test, &indices)?;
        let rng = Rng::new(subject.settings.seed, "homologous share").at(start as u64);
        let mixing = Mixing::random(groups, config.tokens(), config.mixed, config.mode, &rng);
        let patches = model.mix(&batch.pictures(Role::Imgs, w.device())?, &mixing, Order::ChannelFirst);
        let kept = model.kept(w, model.encoder_input(w, patches, &mixing));
        let shares = readback::floats(model.homologous_share(&kept, &mixing)).await?;
        // Where no block chooses, all patches of all blocks are looked at.
        let chooses = |block: &usize| config.largest(*block).is_some();
        let any = (0..shares.len()).any(|block| chooses(&block));
        let blocks: Vec<usize> = (0..shares.len()).filter(|block| !any || chooses(block)).collect();
        let all: f64 = blocks.iter().map(|block| f64::from(shares[*block])).sum();
        sum += all / blocks.len().max(1) as f64 * mixing.mixtures() as f64;
        mixtures += mixing.mixtures();
    }
    if mixtures == 0 {
        let why = format!("there are {count} test pictures, and a mixture has {}", config.mixed);
        return Err(Error::data(
            "The homologous share cannot be measured",
            why,
            "Choose a data set with more pictures",
        ));
    }
    Ok(sum / mixtures as f64)
}
