//! Convolutional networks in PyTorch's conventions: layers against plain loops and differences, whole networks against the
//! golden numbers of systems that use them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use masquerade_engine::blocks::batch_norm::Pass;
use masquerade_engine::blocks::convolution::active::{Active, MapPass};
use masquerade_engine::blocks::convolution::torch::{Conv2d, ConvTranspose2d, Sizes};
use masquerade_engine::blocks::convolution::{max_pool_over, to_first, to_last};
use masquerade_engine::blocks::encoders::convnext::{ConvNext, ConvNextConfig};
use masquerade_engine::blocks::encoders::resnet::{Kind, ResNet, ResNetConfig, Stem};
use masquerade_engine::blocks::masks::Mask;
use masquerade_engine::checkpoint::safetensors::{self, HostTensor};
use masquerade_engine::weights::{Init, Weights};

use crate::finite_differences::check;
use crate::kernels::{close, gradient, leaf, values};

fn device() -> Device {
    Device::flex().autodiff()
}

/// One pixel of a map with zeros around it.
struct Map<'a> {
    values: &'a [f32],
    shape: [usize; 4],
}

impl Map<'_> {
    fn at(&self, batch: usize, row: i64, column: i64, channel: usize) -> Option<f64> {
        let [_, rows, columns, channels] = self.shape;
        let inside = (0..rows as i64).contains(&row) && (0..columns as i64).contains(&column);
        inside.then(|| {
            let place = (batch * rows + row as usize) * columns + column as usize;
            f64::from(self.values[place * channels + channel])
        })
    }
}

#[test]
fn convolutions_agree_with_plain_loops() {
    let depthwise = Sizes::depthwise(4, 7);
    let grouped = Sizes { groups: 2, ..Sizes::new(4, 6, 3, 2) };
    let all = [Sizes::new(3, 5, 3, 1), Sizes::new(2, 3, 7, 2), Sizes::patches(3, 4, 2), depthwise, grouped];
    for sizes in all {
        let Sizes { inputs, outputs, side, stride, padding, groups } = sizes;
        let mut w = Weights::new(&device(), 1);
        let layer = Conv2d::new(w.root(), sizes, Init::Normal(0.5), true);
        w.set("bias", (0..outputs).map(|i| 0.1 * i as f32).collect()).expect("a bias");
        let [weight, bias] = ["weight", "bias"].map(|name| values(w.by_name(name).expect("it").value.clone()));
        let shape = [2, 6, 8, inputs];
        let input = leaf("map", shape);
        let numbers = values(input.clone());
        let map = Map { values: &numbers, shape };
        let got = layer.forward(&w, input.clone());
        let [_, rows, columns, _] = got.dims();
        assert_eq!([rows, columns], [6, 8].map(|length: usize| (length + 2 * padding - side) / stride + 1));
        let (each, per) = (inputs / groups, outputs / groups);
        let mut wanted = Vec::new();
        for (b, y, x, n) in places([2, rows, columns, outputs]) {
            let mut sum = f64::from(bias[n]);
            for (c, j, i) in (0..each).flat_map(|c| (0..side * side).map(move |k| (c, k / side, k % side))) {
                let (row, column) = ((y * stride + j) as i64, (x * stride + i) as i64);
                let pixel = map.at(b, row - padding as i64, column - padding as i64, n / per * each + c);
                sum += pixel.unwrap_or(0.0) * f64::from(weight[((n * each + c) * side + j) * side + i]);
            }
            wanted.push(sum as f32);
        }
        close(&format!("{sizes:?}"), &values(got), &wanted, 1e-5);
        check(&format!("slopes of {sizes:?}"), &[2 * 6 * 8 * inputs], 5e-3, |x| {
            let y = layer.forward(&w, x[0].clone().reshape(shape));
            let count = y.dims().iter().product::<usize>();
            y.reshape([count])
        });
        let gradients = w.backward(&layer.forward(&w, input).square().sum());
        assert!(gradients.iter().all(Option::is_some), "weight and bias get gradients");
    }
}

fn places([a, b, c, d]: [usize; 4]) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..a * b * c * d).map(move |i| (i / (b * c * d), i / (c * d) % b, i / d % c, i % d))
}

#[test]
fn transposed_convolutions_agree_with_plain_loops() {
    for (side, stride, padding) in [(4, 2, 1), (2, 2, 0), (3, 1, 1), (5, 3, 2)] {
        let (inputs, outputs) = (3, 2);
        let mut w = Weights::new(&device(), 2);
        let sizes = Sizes { inputs, outputs, side, stride, padding, groups: 1 };
        let layer = ConvTranspose2d::new(w.root(), sizes, Init::Normal(0.5));
        w.set("bias", vec![0.25, -1.0]).expect("a bias");
        let weight = values(w.by_name("weight").expect("it").value.clone());
        let (shape, [rows, columns]) = ([2, 3, 4, inputs], [3, 4].map(|n| (n - 1) * stride + side - 2 * padding));
        let input = leaf("map", shape);
        let numbers = values(input.clone());
        let mut wanted = vec![0.0_f64; 2 * rows * columns * outputs];
        for (b, y, x, c) in places(shape) {
            let pixel = f64::from(numbers[((b * 3 + y) * 4 + x) * inputs + c]);
            for (n, j, i) in (0..outputs).flat_map(|n| (0..side * side).map(move |k| (n, k / side, k % side))) {
                let (row, column) = ((y * stride + j).wrapping_sub(padding), (x * stride + i).wrapping_sub(padding));
                if row < rows && column < columns {
                    wanted[((b * rows + row) * columns + column) * outputs + n] +=
                        pixel * f64::from(weight[((c * outputs + n) * side + j) * side + i]);
                }
            }
        }
        let biased = wanted.iter().enumerate().map(|(i, v)| (v + [0.25, -1.0][i % 2]) as f32).collect::<Vec<f32>>();
        let got = layer.forward(&w, input);
        assert_eq!(got.dims(), [2, rows, columns, outputs]);
        close(&format!("{side} {stride} {padding}"), &values(got), &biased, 1e-5);
        check(&format!("slopes of {side} {stride} {padding}"), &[2 * 3 * 4 * inputs], 5e-3, |x| {
            let y = layer.forward(&w, x[0].clone().reshape(shape));
            let count = y.dims().iter().product::<usize>();
            y.reshape([count])
        });
        let gradients = w.backward(&layer.forward(&w, leaf("map", shape)).square().sum());
        assert!(gradients.iter().all(Option::is_some));
    }
}

#[test]
fn the_largest_of_windows_that_overlap_gets_the_gradient_once_a_window() {
    for (side, stride, padding) in [(3, 2, 1), (3, 1, 1), (2, 2, 0)] {
        let shape = [2, 5, 6, 3];
        let input = leaf("map", shape);
        let numbers = values(input.clone());
        let map = Map { values: &numbers, shape };
        let got = max_pool_over(input.clone(), side, stride, padding);
        let [_, rows, columns, _] = got.dims();
        assert_eq!([rows, columns], [5, 6].map(|n| (n + 2 * padding - side) / stride + 1));
        let (mut wanted, mut slopes) = (Vec::new(), vec![0.0_f32; numbers.len()]);
        for (b, y, x, c) in places([2, rows, columns, 3]) {
            let window = (0..side * side).map(|k| ((y * stride + k / side) as i64, (x * stride + k % side) as i64));
            let (best, value) = window
                .map(|(row, column)| (row - padding as i64, column - padding as i64))
                .filter_map(|at| Some((at, map.at(b, at.0, at.1, c)?)))
                .fold(((0, 0), f64::NEG_INFINITY), |best, one| if one.1 > best.1 { one } else { best });
            wanted.push(value as f32);
            slopes[((b * 5 + best.0 as usize) * 6 + best.1 as usize) * 3 + c] += 1.0;
        }
        close("the largest", &values(got.clone()), &wanted, 1e-7);
        close("its gradient", &gradient(&input)(&got.sum().backward()).expect("a gradient"), &slopes, 1e-6);
    }
}

#[test]
fn the_usual_networks_have_the_usual_sizes_and_names() {
    let trained = |w: &Weights| {
        w.list.iter().filter(|x| !x.name.contains("running")).map(|x| x.shape.iter().product::<usize>()).sum::<usize>()
    };
    let mut w = Weights::new(&device(), 0);
    ResNet::new(w.root(), &ResNetConfig::resnet_18());
    assert_eq!(trained(&w), 11_176_512, "torchvision's ResNet-18 without its classifier");
    assert!(
        w.by_name("layer2.0.downsample.1.running_var").is_some() && w.by_name("layer1.0.downsample.0.weight").is_none()
    );
    let mut w = Weights::new(&device(), 0);
    ResNet::new(w.root(), &ResNetConfig::resnet_50());
    assert_eq!(trained(&w), 23_508_032, "torchvision's ResNet-50 without its classifier");
    assert_eq!(w.by_name("layer4.2.conv3.weight").map(|x| x.shape.clone()), Some(vec![2048, 512, 1, 1]));
    let mut w = Weights::new(&device(), 0);
    ConvNext::new(w.root(), &ConvNextConfig::tiny());
    assert_eq!(trained(&w), 27_818_592, "ConvNeXt-T without its last norm and classifier");
    assert_eq!(w.by_name("stages.2.8.dwconv.weight").map(|x| x.shape.clone()), Some(vec![384, 1, 7, 7]));
}

#[test]
fn small_networks_train_and_their_weights_get_gradients() {
    let config = ResNetConfig {
        stem: Stem::Small,
        stem_width: 4,
        stages: vec![(4, 1, 1), (6, 1, 2)],
        ..ResNetConfig::resnet_18()
    };
    let mut w = Weights::new(&device(), 3);
    let net = ResNet::new(w.root(), &config);
    let pass = Pass::training();
    let feature = net.feature(&w, leaf("pictures", [2, 8, 8, 3]), &MapPass::dense(&pass));
    assert_eq!(feature.dims(), [2, config.feature()]);
    let gradients = w.backward(&feature.square().sum());
    for (weight, gradient) in w.list.iter().zip(gradients) {
        assert_eq!(gradient.is_some(), !weight.name.contains("running"), "{}", weight.name);
    }
    assert_eq!(pass.updates().len(), w.list.iter().filter(|x| x.name.contains("running")).count());

    let config = ConvNextConfig { channels: 3, patch: 2, dims: vec![4, 6], depths: vec![1, 1], layer_scale: 0.5 };
    let mut w = Weights::new(&device(), 3);
    let net = ConvNext::new(w.root(), &config);
    let pass = Pass::evaluation();
    let last = net.stages(&w, leaf("pictures", [2, 8, 8, 3]), &MapPass::dense(&pass), None).pop().expect("a map");
    assert_eq!(last.dims(), [2, 2, 2, 6]);
    let gradients = w.backward(&last.square().sum());
    assert!(w.list.iter().zip(&gradients).all(|(_, gradient)| gradient.is_some()));
    check("ConvNeXt", &[8 * 8 * 3], 2e-2, |x| {
        let maps = net.stages(&w, x[0].clone().reshape([1, 8, 8, 3]), &MapPass::dense(&pass), None);
        maps.last().expect("a map").clone().reshape([2 * 2 * 6])
    });
}

type Tensors = BTreeMap<String, HostTensor>;

/// The tensors of a file of golden numbers beside the repository; `None`, with a message, where there is none.
fn golden(file: &str) -> Option<Tensors> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures").join(file);
    match std::fs::read(&path) {
        Ok(bytes) => Some(safetensors::read(&bytes).expect("golden numbers").tensors),
        Err(_) => {
            eprintln!("skipped: there is no {}", path.display());
            None
        }
    }
}

/// Put the weights under `prefix` into the model; all of the model's must be there.
fn fill(w: &mut Weights, tensors: &Tensors, prefix: &str) {
    let names: Vec<String> = w.list.iter().map(|weight| weight.name.clone()).collect();
    for name in names {
        let tensor = tensors.get(&format!("{prefix}{name}")).unwrap_or_else(|| panic!("{name} is not in the file"));
        assert_eq!(tensor.shape, w.by_name(&name).expect("it").shape, "{name}");
        w.set(&name, tensor.values.clone()).expect("its size");
    }
}

fn tensor<const D: usize>(tensors: &Tensors, name: &str) -> Tensor<D> {
    tensors.get(name).unwrap_or_else(|| panic!("{name} is not in the file")).tensor(&device()).expect("its shape")
}

#[test]
fn a_bottleneck_network_without_early_strides_agrees_with_golden_numbers() {
    let Some(tensors) = golden("imaginet/golden.safetensors") else { return };
    let config = ResNetConfig {
        stem: Stem::Large { stride: 1 },
        stem_width: 4,
        kind: Kind::Bottleneck { expansion: 4 },
        stages: vec![(4, 1, 1), (5, 1, 2), (6, 1, 2), (8, 1, 2)],
        shortcut: "shortcut",
        ..ResNetConfig::resnet_50()
    };
    let mut w = Weights::new(&device(), 0);
    let net = ResNet::new(w.root(), &config);
    fill(&mut w, &tensors, "w/encoder.");
    let pictures = to_last(tensor(&tensors, "in/images"));
    let pass = Pass::evaluation();
    let dense = MapPass::dense(&pass);
    let stem = to_first(net.stem(&w, pictures.clone(), &dense)).narrow(0, 0, 1);
    close("stem", &values(stem), &tensors["out/eval_maxpool_item0"].values, 1e-4);
    let maps = net.stages(&w, pictures.clone(), &dense, None);
    close(
        "layer 1",
        &values(to_first(maps[0].clone()).narrow(0, 0, 1)),
        &tensors["out/eval_layer1_item0"].values,
        1e-4,
    );
    for (number, map) in maps.iter().enumerate().skip(1) {
        let wanted = &tensors[&format!("out/eval_layer{}", number + 1)];
        close(&format!("layer {}", number + 1), &values(to_first(map.clone())), &wanted.values, 1e-4);
    }
    close("feature", &values(net.feature(&w, pictures.clone(), &dense)), &tensors["out/eval_feat"].values, 1e-4);

    let pass = Pass::training();
    let maps = net.stages(&w, pictures, &MapPass::dense(&pass), None);
    close("trained", &values(to_first(maps[3].clone())), &tensors["out/train_layer4"].values, 1e-4);
    let updates = pass.updates();
    assert!(!updates.is_empty());
    for (index, value) in updates {
        let name = format!("out/updated/encoder.{}", w.list[index].name);
        close(&name, &values(value), &tensors[&name].values, 1e-4);
    }
}

/// Pictures of SparK's fixtures, with zeros where they are hidden, and the mask.
fn masked(tensors: &Tensors) -> (Tensor<4>, Active) {
    let pictures: Tensor<4> = tensor(tensors, "in/image_u8");
    let seen = &tensors["out/active"].values;
    let hidden: Vec<bool> = seen.iter().map(|v| *v == 0.0).collect();
    let mut mask = Mask::painted(&hidden[..4]);
    mask.samples = 2;
    mask.hidden = hidden;
    let active = Active::new(&mask, [2, 2], &device());
    (active.keep(to_last(pictures.sub_scalar(128.0).div_scalar(64.0))), active)
}

#[test]
fn masked_networks_agree_with_golden_numbers() {
    if let Some(tensors) = golden("spark/golden.safetensors") {
        let config = ResNetConfig {
            stem_width: 64,
            stages: vec![(4, 1, 1), (4, 1, 2), (6, 1, 2), (8, 1, 2)],
            ..ResNetConfig::resnet_50()
        };
        let mut w = Weights::new(&device(), 0);
        let net = ResNet::new(w.root(), &config);
        fill(&mut w, &tensors, "w/sparse_encoder.sp_cnn.");
        let ((pictures, active), pass) = (masked(&tensors), Pass::training());
        let maps = net.stages(&w, pictures, &MapPass { norm: &pass, active: Some(&active) }, None);
        for (number, map) in maps.into_iter().enumerate().skip(1) {
            let wanted = &tensors[&format!("out/enc_feat_{number}")];
            close(&format!("ResNet, map {number}"), &values(to_first(map)), &wanted.values, 1e-4);
        }
        let updates = pass.updates();
        for (index, value) in updates.into_iter().filter(|(index, _)| w.list[*index].name.starts_with("bn1.")) {
            let name = format!("out/after.sparse_encoder.sp_cnn.{}", w.list[index].name);
            close(&name, &values(value), &tensors[&name].values, 1e-4);
        }
    }
    if let Some(tensors) = golden("spark/golden_convnext.safetensors") {
        let config = ConvNextConfig { dims: vec![6, 8, 10, 12], depths: vec![1; 4], ..ConvNextConfig::tiny() };
        let mut w = Weights::new(&device(), 0);
        let net = ConvNext::new(w.root(), &config);
        fill(&mut w, &tensors, "w/sparse_encoder.sp_cnn.");
        let ((pictures, active), pass) = (masked(&tensors), Pass::training());
        let maps = net.stages(&w, pictures, &MapPass { norm: &pass, active: Some(&active) }, None);
        for (number, map) in maps.into_iter().enumerate().skip(1) {
            let wanted = &tensors[&format!("out/enc_feat_{number}")];
            close(&format!("ConvNeXt, map {number}"), &values(to_first(map)), &wanted.values, 1e-4);
        }
    }
}

#[test]
fn what_is_not_seen_stays_zero_and_does_not_count() {
    let mut mask = Mask::painted(&[true, false, false, true]);
    mask.samples = 1;
    let active = Active::new(&mask, [2, 2], &device());
    let map: Tensor<4> = leaf("map", [1, 4, 4, 3]);
    let kept = values(active.keep(map.clone()));
    let shown = values(map);
    for (b, y, x, c) in places([1, 4, 4, 3]) {
        let at = ((b * 4 + y) * 4 + x) * 3 + c;
        let seen = (y < 2) != (x < 2);
        assert_eq!(kept[at], if seen { shown[at] } else { 0.0 });
    }
}
