//! Point clouds: kernels against burn's own operations, groups, heads, the models.

use burn::tensor::{Device, Int, Tensor, TensorData};
use masquerade_engine::blocks::batch_norm::Pass;
use masquerade_engine::blocks::encoders::transformer::TransformerConfig;
use masquerade_engine::blocks::objectives::agreement::Agreement;
use masquerade_engine::blocks::objectives::chamfer::Chamfer;
use masquerade_engine::blocks::tokenizers::point_groups::{Normalising, group};
use masquerade_engine::kernels::points::{chamfer, farthest_points, nearest_points};
use masquerade_engine::methods::pointcmae::classifier::{HeadSizes, PointClassifier, Tuning};
use masquerade_engine::methods::pointcmae::config::{Config, System};
use masquerade_engine::methods::pointcmae::model::{PointCmae, hidden_twice, mask_of};
use masquerade_engine::methods::pointcmae::segmentation::{PartSegmenter, SegmentationSizes};
use masquerade_engine::rng::Rng;
use masquerade_engine::weights::Weights;

use crate::kernels::{close, gradient, leaf, same, values};

fn whole<const R: usize>(index: Tensor<R, Int>) -> Vec<i64> {
    index.into_data().convert::<i64>().try_into_vec().expect("whole numbers")
}

fn cloud(points: &[[f32; 3]]) -> Tensor<3> {
    Tensor::from_data(TensorData::new(points.concat(), [1, points.len(), 3]), &Device::flex())
}

#[test]
fn farthest_points_agree_with_burn() {
    for ([clouds, points, picks], origin) in
        [([1, 1, 1], None), ([2, 50, 7], Some(0.4)), ([3, 300, 30], None), ([2, 5, 4], Some(9.0))]
    {
        let x = leaf("points", [clouds, points, 3]);
        let (got, stock) = (farthest_points(x.clone(), picks, origin), farthest_points::stock(x, picks, origin));
        assert_eq!(whole(got), whole(stock), "{clouds} × {points}");
    }
}

#[test]
fn farthest_points_start_at_the_first_and_leave_out_the_origin() {
    let x = cloud(&[[1.0, 0.0, 0.0], [0.01, 0.0, 0.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]);
    // The third from the first, the lower of two equals; then the one above; then the one at the origin, unless it is
    // left out.
    assert_eq!(whole(farthest_points(x.clone(), 4, None)), [0, 3, 2, 1]);
    assert_eq!(whole(farthest_points(x, 4, Some(1e-3))), [0, 3, 2, 0]);
}

#[test]
fn nearest_points_agree_with_burn_and_take_the_first_of_equals() {
    for [clouds, points, centres, picks] in [[1, 1, 1, 1], [2, 30, 7, 9], [3, 90, 13, 90]] {
        let (x, at) = (leaf("points", [clouds, points, 3]), leaf("centres", [clouds, centres, 3]));
        let (got, stock) = (nearest_points(x.clone(), at.clone(), picks), nearest_points::stock(x, at, picks));
        assert_eq!(whole(got), whole(stock), "{clouds} × {points}");
    }
    let x = cloud(&[[2.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
    assert_eq!(whole(nearest_points(x, cloud(&[[0.0; 3]]), 4)), [3, 1, 2, 4]);
}

#[test]
fn chamfer_agrees_with_burn() {
    for [sets, of_a, of_b] in [[1, 1, 1], [3, 7, 9], [70, 20, 5]] {
        let (a, b) = (leaf("a", [sets, of_a, 3]), leaf("b", [sets, of_b, 3]));
        let both = |[there, back]: [Tensor<2>; 2]| Tensor::cat(vec![there, back], 1);
        let (got, stock) = (both(chamfer(a.clone(), b.clone())), both(chamfer::stock(a.clone(), b.clone())));
        same(got, stock, 1e-5, &[&gradient(&a), &gradient(&b)]);
    }
}

#[test]
fn chamfer_has_the_slope_that_differences_have() {
    let shape = [2, 5, 3];
    let (a, b) = (leaf("a", shape), leaf("b", [2, 4, 3]));
    for form in [Chamfer::L1, Chamfer::L2] {
        let found = values(a.grad(&form.loss(a.clone(), b.clone()).backward()).expect("a gradient"));
        let at = |i: usize, step: f32| {
            let mut moved = values(a.clone());
            moved[i] += step;
            let moved = Tensor::<3>::from_data(TensorData::new(moved, shape), &Device::flex().autodiff());
            values(form.loss(moved, b.clone()))[0]
        };
        let slopes: Vec<f32> = (0..found.len()).map(|i| (at(i, 2e-3) - at(i, -2e-3)) / 4e-3).collect();
        close(&format!("{form:?}"), &found, &slopes, 2e-2);
    }
    // Equal sets lie on one another, and the root has no slope there instead of none that is a number.
    let gradients = Chamfer::L1.loss(a.clone(), a.clone()).backward();
    assert!(values(a.grad(&gradients).expect("a gradient")).iter().all(|v| v.is_finite()));
}

#[test]
fn a_group_starts_with_its_centre() {
    let groups = group(leaf("cloud", [2, 40, 3]), 6, 5, Some(1e-3));
    let (chosen, members) = (whole(groups.chosen), whole(groups.members));
    for (group, centre) in chosen.iter().enumerate() {
        assert_eq!(members[group * 5], *centre);
    }
    let first: Vec<f32> = values(groups.points).chunks(15).flat_map(|group| group[..3].to_vec()).collect();
    assert_eq!(first, vec![0.0; 36]);
}

fn config(system: System) -> Config {
    let stack = |depth| TransformerConfig { dim: 12, depth, heads: 2, mlp_ratio: 2.0, ln_eps: 1e-5 };
    Config {
        system,
        points: 40,
        groups: 10,
        group_size: 6,
        encoder: stack(3),
        decoder: stack(2),
        widths: [5, 7],
        position_hidden: 6,
        projection: 4,
        mask_ratio: 0.6,
        chamfer: Chamfer::L2,
        agreement: Some(Agreement::WholeRow),
        reconstruction_weight: 1.0,
        agreement_weight: 1.0,
        origin: Some(1e-3),
        drop_path: 0.0,
        normalising: Normalising { eps: 1e-5, momentum: 0.1 },
    }
}

fn model(config: Config) -> (PointCmae, Weights) {
    let mut weights = Weights::new(&Device::flex().autodiff(), 1);
    (PointCmae::new(config, &mut weights).expect("a model"), weights)
}

#[test]
fn masks_hide_the_floor_of_the_share_and_differ() {
    let (model, _) = model(config(System::PointCmae));
    let masks = model.random_masks(50, &Rng::new(1, "masks"));
    assert_eq!(masks.len(), 2);
    for mask in &masks {
        assert!(mask.hidden.chunks(10).all(|row| row.iter().filter(|h| **h).count() == 6));
        assert!(mask.ids_keep.chunks(4).all(|ids| ids.is_sorted()), "visible groups in ascending order");
    }
    assert_ne!(masks[0].hidden, masks[1].hidden);
    // 36 of 100 groups are hidden twice if the masks know nothing of one another.
    let (_, twice) = hidden_twice(&masks);
    assert!((140..220).contains(&twice), "{twice}");
    assert_eq!(masks[1].hidden, model.random_masks(50, &Rng::new(1, "masks"))[1].hidden);
}

#[test]
fn a_batch_without_a_token_hidden_twice_has_no_contrast() {
    let (model, w) = model(config(System::PointCmae));
    let apart = [mask_of(&[true, true, true, true, true, false, false, false, false, false], 10, 5)];
    let other = [mask_of(&[false, false, false, false, false, true, true, true, true, true], 10, 5)];
    let masks = [apart, other].concat();
    let groups = model.group(leaf("cloud", [1, 40, 3]));
    let forward = model.forward(&w, groups, &masks, &Pass::training(), None);
    let losses = model.losses(&forward, &masks);
    assert!(losses.agreement.is_none());
    assert!(values(losses.total)[0].is_finite());
}

#[test]
fn point_mae_is_one_branch_and_every_weight_learns() {
    for system in [System::PointMae, System::PointCmae] {
        let (model, w) = model(Config { projection: 0, ..config(system) });
        let masks = model.random_masks(3, &Rng::new(1, "masks"));
        let groups = model.group(leaf("cloud", [3, 40, 3]));
        let forward = model.forward(&w, groups, &masks, &Pass::training(), None);
        let losses = model.losses(&forward, &masks);
        assert_eq!(losses.reconstructions.len(), model.config.branches());
        assert_eq!(losses.agreement.is_some(), system == System::PointCmae);
        for (weight, gradient) in w.list.iter().zip(w.backward(&losses.total)).filter(|(weight, _)| weight.trains()) {
            let gradient = values(gradient.unwrap_or_else(|| panic!("{} has no gradient", weight.name)));
            assert!(gradient.iter().any(|v| *v != 0.0), "the gradient of {} is zero", weight.name);
        }
        assert_eq!(w.by_name("mask_token").is_some(), system == System::PointMae);
        assert_eq!(w.by_name("MAE_encoder.cls_token2").is_some(), system == System::PointCmae);
        assert!(w.by_name("MAE_encoder.blocks.blocks.2.attn.qkv.bias").is_none());
    }
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let refused = |change: fn(&mut Config), word: &str| {
        let mut wrong = config(System::PointCmae);
        change(&mut wrong);
        let report = wrong.check().expect_err("an error").report();
        assert!(report.why.contains(word), "{report:?}");
    };
    refused(|c| c.groups = 41, "41 groups");
    refused(|c| c.group_size = 41, "of 41");
    refused(|c| c.mask_ratio = 0.05, "hides 0");
    refused(|c| c.mask_ratio = 1.0, "hides 10");
    refused(|c| c.encoder.heads = 5, "multiple");
}

#[test]
fn tuning_trains_what_it_should() {
    for (tuning, layers) in [(Tuning::Full, 3), (Tuning::Mlp3, 3), (Tuning::Linear, 1)] {
        let mut w = Weights::new(&Device::flex().autodiff(), 1);
        let sizes = HeadSizes { hidden: 9, classes: 5, dropout: 0.5 };
        let model = PointClassifier::new(config(System::PointCmae), tuning, sizes, &mut w);
        let heads = w
            .list
            .iter()
            .filter(|weight| weight.name.starts_with("cls_head_finetune") && weight.shape.len() == 2)
            .count();
        assert_eq!(heads, layers);
        let only_class = w.list.iter().filter(|weight| weight.trains()).all(|weight| weight.name.contains("cls"));
        assert_eq!(only_class, tuning != Tuning::Full);
        let rng = Rng::new(1, "dropout");
        let logits = |rng: Option<&Rng>, pass: &Pass| {
            let tokens = model.tokens(&w, leaf("cloud", [4, 40, 3]), pass, rng);
            assert_eq!(tokens.dims(), [4, 11, 12]);
            model.scores(&w, PointClassifier::feature(tokens), pass, rng)
        };
        let pass = Pass::training();
        let trained = logits(Some(&rng), &pass);
        assert_eq!(trained.dims(), [4, 5]);
        let reached = w.backward(&trained.sum()).into_iter().flatten().count();
        assert_eq!(reached, w.list.iter().filter(|weight| weight.trains()).count());
        assert!(pass.updates().len() >= 4, "the PointNet's statistics drift even where it is frozen");
        let evaluated = || values(logits(None, &Pass::evaluation()));
        assert_eq!(evaluated(), evaluated());
    }
}

#[test]
fn part_segmentation_gives_every_point_a_distribution() {
    let mut w = Weights::new(&Device::flex().autodiff(), 1);
    let sizes = SegmentationSizes { categories: 3, category_width: 4, propagated: [16, 12], hidden: [10, 8], parts: 6 };
    let model = PartSegmenter::new(config(System::PointCmae), sizes, &mut w);
    let categories = Tensor::<2>::from_data([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], w.device());
    let (pass, rng) = (Pass::training(), Rng::new(1, "dropout"));
    let parts = model.forward(&w, leaf("cloud", [2, 40, 3]), categories, &pass, Some(&rng));
    assert_eq!(parts.dims(), [2, 40, 6]);
    close("sums", &values(parts.clone().exp().sum_dim(2)), &[1.0; 80], 1e-5);
    let gradients = w.backward(&parts.narrow(2, 0, 1).mean());
    for (weight, gradient) in w.list.iter().zip(gradients).filter(|(weight, _)| weight.trains()) {
        assert!(gradient.is_some(), "{} has no gradient", weight.name);
    }
    let official = SegmentationSizes::of_width(384);
    assert_eq!(official.propagated, [1536, 1024]);
}
