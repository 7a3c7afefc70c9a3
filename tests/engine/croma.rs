//! CROMA: relative positions, masks of two sensors, scenes that lack one, what is shown of them.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::batch::{Batch, Role, Values};
use masquerade_engine::blocks::encoders::transformer::TransformerConfig;
use masquerade_engine::blocks::masks::Mask;
use masquerade_engine::blocks::positions::alibi::{Alibi, distances, slopes};
use masquerade_engine::card::KnobValue;
use masquerade_engine::limits::Limits;
use masquerade_engine::method::StepContext;
use masquerade_engine::methods::croma::card::{Feature, Masking, Positions, SelfBias};
use masquerade_engine::methods::croma::config::Config;
use masquerade_engine::methods::croma::encoders::Places;
use masquerade_engine::methods::croma::model::{Croma, Scenes};
use masquerade_engine::pixel_bytes::PixelBytes;
use masquerade_engine::readback;
use masquerade_engine::registry;
use masquerade_engine::rng::Rng;
use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::settings::Settings;
use masquerade_engine::shape::{Input, Shape};
use masquerade_engine::trace::{Cursor, Heat, View, ViewKind};
use masquerade_engine::weights::Weights;
use masquerade_tests::block_on;

use crate::methods::{Driven, losses};

fn config(masks: Masking, positions: Positions) -> Config {
    let stack = |dim, depth, heads| TransformerConfig { dim, depth, heads, mlp_ratio: 4.0, ln_eps: 1e-5 };
    Config {
        img_size: 16,
        patch_size: 4,
        optical_channels: 12,
        radar_channels: 2,
        encoder: stack(32, 2, 4),
        radar_layers: 1,
        fusion_layers: 1,
        decoder: stack(32, 1, 8),
        mask_ratio: 0.75,
        masks,
        positions,
        fusion_self_bias: SelfBias::Cross,
        detach_keys: true,
        lambda_contrast: 1.0,
        lambda_mae: 1.0,
        target_eps: 1e-6,
        sigmas: 2.0,
        feature: Feature::Joint,
    }
}

fn model(config: Config) -> (Croma, Weights) {
    let mut w = Weights::new(&Device::flex(), 3);
    let croma = Croma::new(config, &mut w).expect("a model");
    (croma, w)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(readback::floats(tensor)).expect("values")
}

/// Scenes whose patches are flat: patch `order[i]` of the scene stands at place i.
fn flat(order: &[usize], config: &Config) -> Scenes {
    let cells = config.patch_size * config.patch_size;
    let of = |stream: &str, channels: usize| {
        let mut rng = Rng::new(5, stream);
        let levels: Vec<f32> = (0..order.len() * channels).map(|_| rng.uniform()).collect();
        let patch = |token: &usize| levels[token * channels..(token + 1) * channels].to_vec();
        let filled = order.iter().flat_map(patch).flat_map(|level| vec![level; cells]).collect::<Vec<f32>>();
        Tensor::from_data(TensorData::new(filled, [1, order.len(), channels * cells]), &Device::flex())
    };
    Scenes { radar: of("radar", config.radar_channels), optical: of("optical", config.optical_channels) }
}

/// The pooled encodings of radar, optical and both.
fn pooled(croma: &Croma, w: &Weights, scenes: &Scenes, places: &Places) -> [Vec<f32>; 3] {
    let all = croma.encode_all(w, scenes, places);
    let joint: Tensor<2> = all.joint.mean_dim(1).squeeze_dim(1);
    [croma.gap_radar.forward(w, all.radar), croma.gap_optical.forward(w, all.optical), joint].map(values)
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn turned_and_mirrored_scenes_of_flat_patches_have_the_same_pooled_encodings() {
    // Also on a grid that is larger than that of training.
    for side in [4, 6] {
        let grid = |place: fn(usize, usize, usize) -> usize| -> Vec<usize> {
            (0..side * side).map(|token| place(token / side, token % side, side)).collect()
        };
        let straight = grid(|row, column, side| row * side + column);
        let turned = grid(|row, column, side| column * side + side - 1 - row);
        let mirrored = grid(|row, column, side| row * side + side - 1 - column);
        for positions in [Positions::Alibi, Positions::SineCosine] {
            let (croma, w) = model(config(Masking::Independent, positions));
            let places = Places::new(&croma.config, [side, side]);
            let of = |order: &[usize]| pooled(&croma, &w, &flat(order, &croma.config), &places);
            let before = of(&straight);
            for moved in [&turned, &mirrored] {
                for (sensor, (a, b)) in before.iter().zip(of(moved)).enumerate() {
                    let apart = apart(a, &b);
                    if positions == Positions::Alibi {
                        assert!(apart <= 7e-7, "{apart:e} of encoder {sensor}, {side} patches a side");
                    } else {
                        assert!(apart > 1e-3, "a table of places tells what is above: {apart:e}");
                    }
                }
            }
        }
    }
}

#[test]
fn biases_fall_with_distance_by_the_slope_of_a_head() {
    assert_eq!(slopes(4), [0.25, 0.0625, 0.015625, 0.00390625]);
    assert_eq!(distances([2, 2])[1..4], [1.0, 1.0, 2.0_f32.sqrt()]);
    let alibi = Alibi::new(3, [2, 3]);
    let whole: Tensor<4> = alibi.bias(None, None, &Device::flex());
    assert_eq!(whole.dims(), [1, 3, 6, 6]);
    let whole = values(whole);
    // Between the corners: one row and two columns.
    let far = 5.0_f64.sqrt();
    for (head, slope) in [0.0625, 0.00390625, 0.25].into_iter().enumerate() {
        assert!((f64::from(whole[head * 36 + 5]) + slope * far).abs() < 1e-7);
    }
    let masks = [[0.3, 0.1, 0.9, 0.8, 0.7, 0.2], [0.9, 0.8, 0.1, 0.7, 0.3, 0.6]];
    let [queries, keys] = masks.map(|noise: [f32; 6]| Mask::from_noise(&noise, 6, 2));
    let picked: Tensor<4> = alibi.bias(Some(&queries), Some(&keys), &Device::flex());
    assert_eq!((picked.dims(), &queries.ids_keep, &keys.ids_keep), ([1, 3, 2, 2], &vec![1, 5], &vec![2, 4]));
    let own = |head: usize, query: usize, key: usize| whole[head * 36 + query * 6 + key];
    let expected: Vec<f32> =
        (0..3).flat_map(|head| [own(head, 1, 2), own(head, 1, 4), own(head, 5, 2), own(head, 5, 4)]).collect();
    assert_eq!(values(picked), expected);
}

#[test]
fn slopes_are_those_of_the_authors_for_any_number_of_heads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/croma/golden.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: there are no golden numbers beside the repository");
        return;
    };
    let golden: serde_json::Value = serde_json::from_str(&text).expect("golden.json");
    let table = golden["alibi_slopes"].as_object().expect("a table");
    assert!(table.len() > 3);
    for (heads, expected) in table {
        let own = slopes(heads.parse().expect("a number of heads"));
        let expected: Vec<f64> = expected.as_array().expect("slopes").iter().filter_map(|v| v.as_f64()).collect();
        assert_eq!(own.len(), expected.len());
        assert!(own.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-7), "{heads} heads: {own:?}");
    }
}

#[test]
fn masks_of_both_sensors_go_together_as_the_rule_says() {
    let draw = |rule, seed| {
        let (croma, _) = model(config(rule, Positions::Alibi));
        croma.masks(8, &Rng::new(seed, "masks")).expect("masks")
    };
    let seen = |mask: &Mask| mask.hidden.iter().map(|hidden| !hidden).collect::<Vec<bool>>();
    for rule in [Masking::Independent, Masking::Shared, Masking::Disjoint] {
        let masks = draw(rule, 1);
        assert_eq!((masks.radar.kept, masks.optical.kept, masks.radar.samples), (4, 4, 8));
        assert_eq!(masks, draw(rule, 1));
        assert_ne!(masks, draw(rule, 2));
        let both = seen(&masks.radar).into_iter().zip(seen(&masks.optical)).filter(|(a, b)| *a && *b).count();
        match rule {
            Masking::Shared => assert_eq!(masks.radar, masks.optical),
            Masking::Disjoint => assert_eq!(both, 0),
            Masking::Independent => assert!(both > 0 && both < 32, "{both}"),
        }
    }
}

/// Scenes of 16 × 16 pixels of random values; those at `without` lack radar.
fn batch(count: usize, without: &[usize]) -> Batch {
    let of = |stream: &str, channels: usize| {
        let mut rng = Rng::new(2, stream);
        let pixels: Vec<u16> = (0..count * 256 * channels).map(|_| rng.below(65_536) as u16).collect();
        let pixels = PixelBytes::new([count, 16, 16, channels], pixels, &vec![0.5; channels], &vec![0.3; channels]);
        Values::Bytes(pixels.expect("pixels"))
    };
    let mut batch = Batch::of(Role::Optical, of("optical", 12));
    batch.inputs.insert(Role::Radar, of("radar", 2));
    if !without.is_empty() {
        batch.without.insert(Role::Radar, without.to_vec());
    }
    batch.indices = (0..count).collect();
    batch
}

#[test]
fn scenes_that_lack_a_sensor_have_no_part_in_losses_of_pairs() {
    let entry = registry::entry("croma").expect("CROMA");
    let inputs = vec![Input::new(Role::Optical, [0, 0, 12]), Input::new(Role::Radar, [0, 0, 2])];
    let shape = Shape { channels: 12, inputs, ..Shape::default() };
    let mut session = Session { method: "croma".into(), preset: "micro".into(), ..Session::default() };
    let built = |session: &Session| {
        let settings = Settings::of(session, &(entry.card)(), shape.clone()).expect("settings");
        let mut w = Weights::new(&Device::flex(), 1);
        ((entry.build)(&settings, &mut w).expect("a model"), w)
    };
    let (method, w) = built(&session);
    let context = StepContext::first(Rng::new(1, "step"));
    let loss = |batch: &Batch| method.loss(&w, batch, &context).map(|loss| values(loss.total)[0]);
    // The last one lacks radar: what is left is the batch without it.
    let whole = batch(5, &[]);
    let lacking = batch(5, &[4]);
    assert_eq!(loss(&lacking).expect("a loss"), loss(&whole.part(0..4).expect("a part")).expect("a loss"));
    assert_ne!(loss(&lacking).expect("a loss"), loss(&whole).expect("a loss"));
    let report = loss(&batch(2, &[0, 1])).expect_err("no pair").report();
    assert!(report.title.contains("both sensors") && !report.what_to_do.is_empty(), "{report:?}");
    // The joint encoding needs both; the optical one does not.
    assert!(method.embed(&w, &lacking).is_err());
    session.knobs.insert("feature".into(), KnobValue::Choice("optical".into()));
    let (optical, w) = built(&session);
    assert_eq!(optical.embed(&w, &lacking).expect("features").dims(), [5, 32]);
    session.knobs.insert("contrast".into(), KnobValue::Number(0.0));
    session.knobs.insert("reconstruction".into(), KnobValue::Number(0.0));
    let (idle, w) = built(&session);
    assert!(idle.loss(&w, &whole, &context).is_err(), "nothing to learn");
}

fn micro(knobs: &[(&str, KnobValue)]) -> Driven {
    micro_on(Driven::cpu(), knobs)
}

fn micro_on(mut driven: Driven, knobs: &[(&str, KnobValue)]) -> Driven {
    let knobs = knobs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect();
    let events = driven.send(Command::Show(Box::new(Session {
        method: "croma".into(),
        preset: "micro".into(),
        data: "places".into(),
        seed: 3,
        knobs,
        stored: false,
        ..Session::default()
    })));
    assert!(events.iter().any(|e| matches!(e, Event::Opened { .. })), "{events:?}");
    driven
}

fn look(driven: &mut Driven, ids: &[&str], cursor: Option<Cursor>) -> Vec<View> {
    let views = ids.iter().map(|id| (*id).to_string()).collect();
    let events = driven.send(Command::Look { request: 1, views, cursor });
    events.into_iter().find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None }).expect("views")
}

#[test]
fn either_objective_and_both_fall() {
    for (contrast, reconstruction) in [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0)] {
        let mut driven =
            micro(&[("contrast", KnobValue::Number(contrast)), ("reconstruction", KnobValue::Number(reconstruction))]);
        let all = losses(&driven.send(Command::Step(80)));
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        // Of sixteen places each batch compares, contrast alone learns little in eighty steps: from ln 16 = 2.773.
        let falls = if reconstruction > 0.0 { 0.97 } else { 0.99 };
        assert!(mean(&all[60..]) < falls * mean(&all[..20]), "{contrast} {reconstruction}: {all:?}");
    }
}

#[test]
fn patches_are_told_apart_by_who_sees_them() {
    let mut driven = micro(&[]);
    // Radar sees the first two rows, the optical encoder the first two columns.
    let radar: Vec<bool> = (0..16).map(|token| token / 4 > 1).collect();
    let optical: Vec<bool> = (0..16).map(|token| token % 4 > 1).collect();
    driven.show(|s| {
        s.painted.insert("radar".into(), radar.clone());
        s.painted.insert("optical".into(), optical.clone());
    });
    let views = look(&mut driven, &["radar_mask", "optical_mask", "seen", "radar_error", "optical_error"], None);
    for (view, hidden) in views.iter().zip([&optical, &radar]) {
        assert!(matches!(&view.kind, ViewKind::Mask(mask) if mask.hidden == *hidden), "{}", view.id);
    }
    let seen = views.iter().find(|view| view.id == "seen").expect("the classes");
    let ViewKind::Cloud(cloud) = &seen.kind else { panic!("{:?}", seen.kind) };
    assert_eq!(cloud.class[..8], [0, 0, 1, 1, 0, 0, 1, 1]);
    assert_eq!(cloud.class[8..], [2, 2, 3, 3, 2, 2, 3, 3]);
    assert!(cloud.classes.iter().all(|name| seen.caption.contains(&format!("{name} (4)"))), "{}", seen.caption);
    for (id, hidden) in [("radar_error", &radar), ("optical_error", &optical)] {
        let view = views.iter().find(|view| view.id == id).expect("the errors");
        let ViewKind::Heat(heat) = &view.kind else { panic!("{:?}", view.kind) };
        assert!(heat.undefined.iter().zip(hidden).all(|(undefined, hidden)| undefined != hidden), "{id}");
    }
}

#[test]
fn a_cursor_of_one_sensor_moves_the_views_about_it() {
    let mut driven = micro(&[]);
    let ids = ["optical_similarity", "radar_similarity", "across", "bias"];
    let queries = |views: &[View]| -> Vec<Option<u32>> {
        let query = |view: &View| if let ViewKind::Heat(heat) = &view.kind { heat.query } else { None };
        ids.iter().map(|id| views.iter().find(|view| view.id == *id).and_then(query)).collect()
    };
    let views = look(&mut driven, &ids, Some(Cursor::new("radar", 3)));
    assert_eq!(queries(&views), [Some(10), Some(3), Some(3), Some(10)]);
    let views = look(&mut driven, &ids, Some(Cursor::new("optical", 5)));
    assert_eq!(queries(&views), [Some(5), Some(10), Some(10), Some(5)]);
    let ViewKind::Heat(bias) = &views.iter().find(|view| view.id == "bias").expect("the bias").kind else {
        panic!("no map")
    };
    // The first of four heads falls by a quarter a patch.
    assert_eq!((bias.values[5], bias.values[4], bias.values[6], bias.values[13]), (0.0, -0.25, -0.25, -0.5));
}

fn choice(name: &str) -> KnobValue {
    KnobValue::Choice(name.into())
}

/// The map of a view and its caption.
fn map(driven: &mut Driven, id: &str, cursor: Option<Cursor>) -> (Heat, String) {
    let view = look(driven, &[id], cursor).remove(0);
    let ViewKind::Heat(heat) = view.kind else { panic!("{id} is no map") };
    (heat, view.caption)
}

#[test]
fn extent_changes_the_grid_and_the_number_of_tokens() {
    let mut driven = micro(&[]);
    let wider = |driven: &mut Driven, extent: &str| {
        let events = driven.show(|s| drop(s.knobs.insert("extent".into(), choice(extent))));
        let told =
            events.into_iter().find_map(|e| if let Event::Opened { model, .. } = e { Some(model) } else { None });
        told.expect("another report of the model")
    };
    for (extent, side) in [("twice", 8), ("four times", 16), ("scene", 16)] {
        if extent == "scene" {
            wider(&mut driven, "own");
        }
        let model = wider(&mut driven, extent);
        for id in ["optical_window", "radar_window"] {
            assert_eq!(model.grids.iter().find(|grid| grid.id == id).expect("a grid").shape, [1, side, side]);
            let view = look(&mut driven, &[id], None).remove(0);
            let ViewKind::Picture(picture) = view.kind else { panic!("{id} is no picture") };
            assert_eq!((picture.width, picture.grid), (4 * side, (side, side)), "{id}");
        }
        assert_eq!(model.grids[0].shape, [1, 4, 4], "masks are those of the model's own side");
        let last = side * side - 1;
        for (id, about) in
            [("optical_similarity", "optical_window"), ("radar_similarity", "radar_window"), ("across", "radar_window")]
        {
            let (heat, caption) = map(&mut driven, id, Some(Cursor::new(about, last)));
            assert_eq!((heat.rows, heat.values.len(), heat.query), (side, (side * side) as usize, Some(last)), "{id}");
            assert!(caption.contains(&format!("all {} patches takes", side * side)), "{caption}");
            assert!(id == "across" || heat.values[last as usize] > 0.999, "{id}");
        }
    }
    // What was kept is of these weights and of no others.
    let before = map(&mut driven, "optical_similarity", None);
    assert_eq!(map(&mut driven, "optical_similarity", None), before);
    driven.send(Command::Step(3));
    assert_ne!(map(&mut driven, "optical_similarity", None).0.values, before.0.values);
    let trained = map(&mut driven, "optical_similarity", None).0.values;
    // The next sixteen samples are of another scene.
    driven.show(|s| s.sample = 16);
    assert_ne!(map(&mut driven, "optical_similarity", None).0.values, trained);
    let model = wider(&mut driven, "own");
    assert!(model.views.iter().all(|(id, _)| !id.ends_with("window")) && model.grids.len() == 3);
}

#[test]
fn an_extent_that_does_not_fit_is_encoded_in_tiles_and_says_so() {
    // Sixteen heads have biases of 64 bytes for each pair of patches: those of 4 × 4 patches fit, of 5 × 5 do not.
    let limits = Limits { tensor: 39_999, memory: None, whose: "the CPU" };
    let knobs = [("heads", KnobValue::Number(16.0)), ("batch", KnobValue::Number(2.0))];
    let mut driven = micro_on(Driven::cpu().with(|host| host.within(limits)), &knobs);
    driven.show(|s| s.switches.extend(["not_centred".to_string()]));
    let own = map(&mut driven, "radar_similarity", Some(Cursor::new("radar", 5))).0.values;
    driven.show(|s| drop(s.knobs.insert("extent".into(), choice("scene"))));
    let (heat, caption) = map(&mut driven, "radar_similarity", None);
    assert_eq!(heat.values.len(), 256);
    assert!(caption.contains("the CPU allows 1 MiB") && caption.contains("16 tiles of 4 × 4 patches"), "{caption}");
    // The model's own input is one of the tiles.
    let mut same = |tile: u32| {
        let first = tile / 4 * 64 + tile % 4 * 4;
        let seen = map(&mut driven, "radar_similarity", Some(Cursor::new("radar_window", first + 17))).0.values;
        let part = (0..16).map(|token| seen[(first + token / 4 * 16 + token % 4) as usize]).collect::<Vec<f32>>();
        apart(&part, &own) < 1e-5
    };
    assert_eq!((0..16).filter(|tile| same(*tile)).count(), 1);
    // Of 16 patches a side, tiles of 11 overlap.
    let limits = Limits { tensor: 300_000, ..limits };
    let knobs = [("batch", KnobValue::Number(2.0)), ("extent", choice("scene"))];
    let mut driven = micro_on(Driven::cpu().with(|host| host.within(limits)), &knobs);
    let (heat, caption) = map(&mut driven, "optical_similarity", Some(Cursor::new("optical_window", 255)));
    assert!(caption.contains("4 tiles of 11 × 11 patches"), "{caption}");
    assert!(heat.values[255] > 0.999 && heat.values.iter().all(|v| v.is_finite() && *v < 1.001));
}

#[test]
fn a_table_of_places_serves_no_larger_extent() {
    let mut driven = micro(&[("positions", choice("sine-cosine"))]);
    let events = driven.show(|s| drop(s.knobs.insert("extent".into(), choice("twice"))));
    let report = events.iter().find_map(|e| if let Event::Error(report) = e { Some(report) } else { None });
    let report = report.expect("a refusal");
    assert!(report.why.contains("sine-cosine") && report.what_to_do.contains("ALiBi"), "{report:?}");
    assert!(!driven.session.knobs.contains_key("extent"));
}

#[test]
fn a_map_of_drawn_scenes_has_no_ground() {
    let mut driven = micro(&[]);
    let view = look(&mut driven, &["optical_similarity"], None).remove(0);
    assert_eq!(view.window, None);
    for (id, why) in [("optical_similarity", "where on the Earth"), ("optical", "no map"), ("hologram", "no such view")]
    {
        let events = driven.send(Command::SaveMap { view: id.into() });
        let report = events.iter().find_map(|e| if let Event::Error(report) = e { Some(report) } else { None });
        assert!(report.is_some_and(|report| report.why.contains(why)), "{events:?}");
    }
}
