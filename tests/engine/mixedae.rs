//! MixedAE: mixtures, homologous attention and contrast, weights of MAE, what is shown.

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::batch::{Batch, Role, Values};
use masquerade_engine::blocks::masks::Mask;
use masquerade_engine::blocks::objectives::homologous_contrast;
use masquerade_engine::blocks::tokenizers::image_patches::{Pictures, patches_channel_first};
use masquerade_engine::card::KnobValue;
use masquerade_engine::checkpoint::{self, keys, safetensors};
use masquerade_engine::host_tensor::HostTensor;
use masquerade_engine::kernels::attention::largest_keys::stock;
use masquerade_engine::kernels::attention::{Largest, largest_keys};
use masquerade_engine::kernels::pictures::Order;
use masquerade_engine::methods::mixedae::card::Mode;
use masquerade_engine::methods::mixedae::mixing::Mixing;
use masquerade_engine::methods::mixedae::model::{Config, Mixedae};
use masquerade_engine::registry;
use masquerade_engine::rng::Rng;
use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::settings::Settings;
use masquerade_engine::shape::Shape;
use masquerade_engine::trace::{Cursor, View, ViewKind};
use masquerade_engine::weights::Weights;
use masquerade_tests::block_on;

use crate::kernels::{close, values};
use crate::methods::{Driven, losses};

fn config(knobs: &[(&str, KnobValue)]) -> Config {
    let card = registry::card("mixedae").expect("a card");
    let knobs = knobs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect();
    let session = Session { method: card.id.clone(), preset: "micro".into(), knobs, ..Session::default() };
    let settings = Settings::of(&session, &card, Shape { channels: 1, ..Shape::default() }).expect("settings");
    Config::of(&settings).expect("sizes that fit")
}

fn model(knobs: &[(&str, KnobValue)]) -> (Mixedae, Weights) {
    let mut w = Weights::new(&Device::flex(), 3);
    let model = Mixedae::new(config(knobs), &mut w).expect("a model");
    (model, w)
}

fn pictures(count: usize, size: usize) -> Tensor<4> {
    let mut rng = Rng::new(4, "pictures");
    let values: Vec<f32> = (0..count * size * size).map(|_| rng.between(-1.0, 1.0)).collect();
    Tensor::from_data(TensorData::new(values, [count, 1, size, size]), &Device::flex())
}

#[test]
fn every_picture_owns_as_much_and_every_patch_is_seen_once() {
    for (tokens, pictures) in [(16, 4), (49, 4), (10, 3), (7, 2)] {
        let mixing = Mixing::random(3, tokens, pictures, Mode::Full, &Rng::new(1, "mix"));
        assert_eq!((mixing.mixtures(), mixing.sources.len()), (3 * pictures, 3 * pictures * tokens));
        for group in 0..3 {
            let of = |round: usize| mixing.of(group * pictures + round);
            for round in 0..pictures {
                for picture in 0..pictures as u32 {
                    let own = of(round).iter().filter(|source| **source == picture).count();
                    assert!(own == tokens / pictures || own == tokens.div_ceil(pictures), "{own} of {tokens}");
                }
                let next: Vec<u32> = of(0).iter().map(|source| (source + round as u32) % pictures as u32).collect();
                assert_eq!(of(round), next);
            }
            for token in 0..tokens {
                let mut seen: Vec<u32> = (0..pictures).map(|round| of(round)[token]).collect();
                seen.sort_unstable();
                assert_eq!(seen, (0..pictures as u32).collect::<Vec<_>>());
            }
        }
        let composed = Mixing::random(3, tokens, pictures, Mode::Compose, &Rng::new(1, "mix"));
        assert_eq!((0..3).map(|g| composed.of(g)).collect::<Vec<_>>(), [0, 1, 2].map(|g| mixing.of(g * pictures)));
    }
}

#[test]
fn a_mixture_has_each_patch_of_its_picture_at_its_place() {
    for mode in [Mode::Compose, Mode::Full] {
        let (model, _) = model(&[]);
        let (tokens, mixed) = (model.config.tokens(), model.config.mixed);
        // Two pictures more than two groups: they are left over.
        let imgs = pictures(2 * mixed + 2, model.config.img_size);
        let mixing = Mixing::random(2, tokens, mixed, mode, &Rng::new(2, "mix"));
        let all = values(patches_channel_first(imgs.clone(), model.config.patch_size));
        let got = values(model.mix(&Pictures::from(imgs), &mixing, Order::ChannelFirst));
        let width = model.config.patch_size * model.config.patch_size;
        for mixture in 0..mixing.mixtures() {
            for (token, source) in mixing.of(mixture).iter().enumerate() {
                let picture = mixture / mixing.rounds * mixed + *source as usize;
                let wanted = &all[(picture * tokens + token) * width..][..width];
                assert_eq!(&got[(mixture * tokens + token) * width..][..width], wanted);
            }
        }
    }
}

#[test]
fn queries_keep_their_largest_keys_and_the_lower_index_of_equals() {
    let heads = 2;
    for (batch, tokens, dim, largest) in [
        (2, 9, 3, Largest { keys: 3, always: 1 }),
        (1, 6, 2, Largest { keys: 6, always: 0 }),
        (1, 12, 4, Largest { keys: 1, always: 2 }),
    ] {
        let mut rng = Rng::new(3, "qkv");
        // Few whole numbers, so that many products are equal.
        let whole: Vec<f32> = (0..batch * tokens * 3 * heads * dim).map(|_| rng.between(-1.5, 1.5).round()).collect();
        let qkv = Tensor::from_data(TensorData::new(whole.clone(), [batch, tokens, 3 * heads * dim]), &Device::flex());
        let kept = values(largest_keys(qkv.clone(), heads, largest));
        assert_eq!(kept, values(stock(qkv, heads, largest)));
        let at = |b: usize, t: usize, plane: usize, head: usize| {
            &whole[((b * tokens + t) * 3 + plane) * heads * dim + head * dim..][..dim]
        };
        for (row, kept) in kept.chunks_exact(tokens).enumerate() {
            let (b, head, query) = (row / tokens / heads, row / tokens % heads, row % tokens);
            let (own, other) = (at(b, query, 0, head), |key: usize| at(b, key, 1, head));
            // Both zeros are one.
            let product = |key: usize| own.iter().zip(other(key)).map(|(a, b)| a * b).sum::<f32>() + 0.0;
            let mut order: Vec<usize> = (largest.always..tokens).collect();
            order.sort_by(|a, b| product(*b).total_cmp(&product(*a)));
            let rest = |key: usize| order.iter().position(|k| *k == key).is_some_and(|place| place >= largest.keys);
            for (key, bias) in kept.iter().enumerate() {
                assert_eq!(*bias != 0.0, query >= largest.always && rest(key), "{row} {key}");
            }
        }
    }
}

#[test]
fn the_contrast_is_supervised_contrast_of_each_mixture() {
    let (tokens, dim, tau) = (5, 3, 0.4_f64);
    let sources = [0, 1, 0, 0, 1];
    let mut rng = Rng::new(5, "z");
    let z: Vec<f32> = (0..2 * tokens * dim).map(|_| rng.between(-1.0, 1.0)).collect();
    let device = Device::flex();
    let same = |a: usize, b: usize| f32::from(u8::from(sources[a] == sources[b]));
    let square = |of: &dyn Fn(usize, usize) -> f32, copies: usize| {
        let values: Vec<f32> =
            (0..copies).flat_map(|_| (0..tokens * tokens).map(|i| of(i / tokens, i % tokens))).collect();
        Tensor::<3>::from_data(TensorData::new(values, [copies, tokens, tokens]), &device)
    };
    let itself = square(&|a, b| f32::from(u8::from(a == b)), 1);
    let input = Tensor::<3>::from_data(TensorData::new(z.clone(), [2, tokens, dim]), &device);
    let got = values(homologous_contrast::per_token(input, square(&same, 2), itself, tau));
    let mut wanted = Vec::new();
    for sample in z.chunks_exact(tokens * dim) {
        let row = |t: usize| &sample[t * dim..(t + 1) * dim];
        let dot = |a: usize, b: usize| row(a).iter().zip(row(b)).map(|(x, y)| f64::from(x * y)).sum::<f64>();
        let score = |a: usize, b: usize| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt() / tau;
        for l in 0..tokens {
            let sum: f64 = (0..tokens).filter(|j| *j != l).map(|j| score(l, j).exp()).sum();
            let positives: Vec<usize> = (0..tokens).filter(|p| *p != l && sources[*p] == sources[l]).collect();
            let loss: f64 = positives.iter().map(|p| sum.ln() - score(l, *p)).sum::<f64>() / positives.len() as f64;
            wanted.push(loss as f32);
        }
    }
    close("contrast", &got, &wanted, 1e-5);
}

#[test]
fn weights_of_mae_fit_but_for_the_segments_and_give_the_same_features() {
    let mae = registry::entry("mae").expect("MAE");
    let card = (mae.card)();
    let sizes = ["depth"].map(|knob| (knob.to_string(), KnobValue::Number(2.0))).into();
    let session = Session { preset: "micro".into(), knobs: sizes, ..Session::default() };
    let settings = Settings::of(&session, &card, Shape { channels: 1, ..Shape::default() }).expect("settings");
    let mut of_mae = Weights::new(&Device::flex(), 9);
    let method = (mae.build)(&settings, &mut of_mae).expect("a model");
    let metadata = checkpoint::describe(&session, "").expect("metadata");
    let file = block_on(safetensors::save(&of_mae, &metadata)).expect("a file");

    let (model, mut w) = model(&[]);
    let plan = keys::plan("mae", &checkpoint::open(&file).expect("weights"), &w, keys::vit_mae::LAYOUTS);
    assert_eq!(plan.report.missing, ["segment_embed.weight"]);
    assert!(plan.report.unexpected.is_empty() && plan.report.wrong_shape.is_empty(), "{:?}", plan.report);
    keys::apply(plan, &mut w).expect("weights that fit");
    let imgs = pictures(3, model.config.img_size);
    let size = model.config.img_size;
    let batch = Batch::of(Role::Imgs, Values::Floats(HostTensor::new([3, 1, size, size], values(imgs.clone()))));
    let features = method.embed(&of_mae, &batch).expect("features");
    let tokens = model.tokens(&w, &Pictures::from(imgs), 3);
    close("features", &values(tokens.mean_dim(1)), &values(features), 1e-6);
}

#[test]
fn with_nothing_left_out_homologous_attention_is_ordinary_attention() {
    let all = KnobValue::Number(16.0);
    let (kept_all, w) = model(&[("kept_keys", all)]);
    let (ordinary, _) = model(&[("homologous", KnobValue::Switch(false))]);
    let imgs = Pictures::from(pictures(4, kept_all.config.img_size));
    let mixing = Mixing::random(1, kept_all.config.tokens(), 4, Mode::Compose, &Rng::new(2, "mix"));
    let latent = |model: &Mixedae| {
        let patches = model.mix(&imgs, &mixing, Order::ChannelFirst);
        values(model.encode(&w, model.encoder_input(&w, patches, &mixing)))
    };
    close("latent", &latent(&kept_all), &latent(&ordinary), 1e-6);
    let (few, _) = model(&[("kept_keys", KnobValue::Number(2.0))]);
    assert_ne!(latent(&few), latent(&ordinary));
    // Pictures that are not mixed are encoded as by MAE, whatever the knobs.
    let whole = few.encoder.forward(&w, &imgs, &Mask::none(4, few.config.tokens())).narrow(1, 1, few.config.tokens());
    assert_eq!(values(few.tokens(&w, &imgs, 4)), values(whole));
}

#[test]
fn too_few_pictures_and_patches_are_refused_with_the_reason() {
    let card = registry::card("mixedae").expect("a card");
    let refused = |knobs: &[(&str, f64)], samples: usize| {
        let knobs = knobs.iter().map(|(name, value)| ((*name).to_string(), KnobValue::Number(*value))).collect();
        let session = Session { method: card.id.clone(), preset: "micro".into(), knobs, ..Session::default() };
        let shape = Shape { channels: 1, samples, ..Shape::default() };
        Config::of(&Settings::of(&session, &card, shape).expect("settings")).expect_err("refused").report().why
    };
    assert!(refused(&[], 3).contains("3 pictures of a step are fewer than the 4 of a mixture"));
    assert!(refused(&[("batch", 2.0)], 100).contains("2 pictures of a step"));
    assert!(refused(&[("img_size", 28.0), ("patch_size", 14.0)], 100).contains("4 patches for 4 pictures"));
}

fn look(driven: &mut Driven, views: &[&str], cursor: Option<Cursor>) -> Vec<View> {
    let views = views.iter().map(|id| (*id).to_string()).collect();
    let events = driven.send(Command::Look { request: 1, views, cursor });
    events.into_iter().find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None }).expect("views")
}

#[test]
fn both_losses_fall_and_the_stage_tells_whose_patches_are_looked_at() {
    let mut driven = Driven::cpu();
    let session = Session {
        method: "mixedae".into(),
        preset: "micro".into(),
        data: "shapes".into(),
        stored: false,
        ..Session::default()
    };
    driven.send(Command::Show(Box::new(session)));
    let curve = losses(&driven.send(Command::Step(60)));
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    assert!(mean(&curve[50..]) < mean(&curve[..10]), "{curve:?}");

    let views = look(&mut driven, &["pictures", "reconstruction", "kept", "share"], Some(Cursor::new("patches", 3)));
    let ViewKind::Board(board) = &views[0].kind else { panic!("no board") };
    assert_eq!(board.pictures.len(), 4);
    assert!(matches!(&views[1].kind, ViewKind::Board(rebuilt) if rebuilt.pictures != board.pictures));
    let ViewKind::Heat(kept) = &views[2].kind else { panic!("no map") };
    // Two heads keep four patches each; a sign tells whose they are.
    let sum: f32 = kept.values.iter().map(|v| v.abs()).sum();
    assert!((sum - 4.0).abs() < 1e-5 && kept.query == Some(3), "{kept:?}");
    let ViewKind::Curves(share) = &views[3].kind else { panic!("no curves") };
    let [looked_at, chance] = &share.curves[..] else { panic!("two curves") };
    assert!((looked_at.points[0].1 - chance.points[0].1).abs() < 1e-6, "the first block looks at all");
    let tinted = driven.show(|session| {
        session.switches.insert("tint".into());
    });
    assert!(!tinted.iter().any(|event| matches!(event, Event::Error(_))), "{tinted:?}");
}
