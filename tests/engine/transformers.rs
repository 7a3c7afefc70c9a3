//! Transformer blocks in all their forms against plain loops in f64, and their slopes against finite differences.

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::blocks::dropout::DropPath;
use masquerade_engine::blocks::encoders::attention::{Given, Names, QkvBias};
use masquerade_engine::blocks::encoders::transformer::{Block, BlockInput, Cross, Form, NormPlace, TransformerConfig};
use masquerade_engine::blocks::linear::Start;
use masquerade_engine::blocks::positions::rotary::{Pairs, Rotary};
use masquerade_engine::rng::Rng;
use masquerade_engine::weights::Weights;

use crate::finite_differences::check;
use crate::kernels::{close, values};

const CONFIG: TransformerConfig = TransformerConfig { dim: 8, depth: 1, heads: 2, mlp_ratio: 1.5, ln_eps: 1e-6 };
const BATCH: usize = 2;
const TOKENS: usize = 5;
const KEYS: usize = 3;
/// Width of the other sequence.
const CONTEXT: usize = 6;

type Rows = Vec<Vec<f64>>;

/// A block whose weights are all random, and its weights.
fn block(form: Form) -> (Block, Weights) {
    let mut w = Weights::new(&Device::flex().autodiff(), 1);
    let block = Block::formed(w.root(), CONFIG, form);
    let names: Vec<(String, usize)> =
        w.list.iter().map(|weight| (weight.name.clone(), weight.shape.iter().product())).collect();
    for (name, count) in names {
        let mut rng = Rng::new(3, &name);
        let numbers = (0..count).map(|_| 0.5 * rng.normal()).collect();
        w.set(&name, numbers).expect("its own size");
    }
    (block, w)
}

fn numbers(name: &str, count: usize) -> Vec<f32> {
    let mut rng = Rng::new(11, name);
    (0..count).map(|_| rng.normal()).collect()
}

fn tensor<const D: usize>(numbers: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers.to_vec(), shape), &Device::flex().autodiff())
}

fn rows(numbers: &[f32], width: usize) -> Rows {
    numbers.chunks(width).map(|row| row.iter().map(|v| f64::from(*v)).collect()).collect()
}

/// The weights as the plain loops read them.
struct Plain<'a>(&'a Weights);

impl Plain<'_> {
    fn get(&self, name: &str) -> Option<Vec<f64>> {
        Some(values(self.0.by_name(name)?.value.clone()).iter().map(|v| f64::from(*v)).collect())
    }

    fn linear(&self, name: &str, x: &Rows) -> Rows {
        let weight = self.get(&format!("{name}.weight")).expect("a weight");
        let bias = self.get(&format!("{name}.bias"));
        let width = x[0].len();
        let out = |row: &Vec<f64>| {
            let one = |(i, line): (usize, &[f64])| {
                line.iter().zip(row).map(|(a, b)| a * b).sum::<f64>() + bias.as_ref().map_or(0.0, |bias| bias[i])
            };
            weight.chunks(width).enumerate().map(one).collect()
        };
        x.iter().map(out).collect()
    }

    fn norm(&self, name: &str, x: &Rows) -> Rows {
        let [gamma, beta] = ["weight", "bias"].map(|part| self.get(&format!("{name}.{part}")).expect("a norm"));
        let one = |row: &Vec<f64>| {
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            let variance = row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / row.len() as f64;
            let scale = (variance + CONFIG.ln_eps).sqrt();
            row.iter().enumerate().map(|(i, v)| (v - mean) / scale * gamma[i] + beta[i]).collect()
        };
        x.iter().map(one).collect()
    }

    /// Biases of queries and values that are apart from their layers.
    fn shifted(&self, name: &str, x: Rows) -> Rows {
        let Some(bias) = self.get(name) else { return x };
        x.into_iter().map(|row| row.iter().zip(&bias).map(|(v, b)| v + b).collect()).collect()
    }
}

fn gelu(x: f64) -> f64 {
    // The error function by its series, which is exact for the sizes here.
    let z = x / 2.0_f64.sqrt();
    let (mut term, mut sum) = (z, z);
    for n in 1..200 {
        term *= -z * z / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    x * 0.5 * (1.0 + 2.0 / std::f64::consts::PI.sqrt() * sum)
}

fn sum(a: &Rows, b: &Rows) -> Rows {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}

/// Turn the first `turned` numbers of every head by the angles of the row's position.
fn turned(x: Rows, (count, pairs): (usize, Pairs)) -> Rows {
    let dim = CONFIG.dim / CONFIG.heads;
    let one = |(position, row): (usize, Vec<f64>)| {
        let mut out = row.clone();
        for head in 0..CONFIG.heads {
            for pair in 0..count / 2 {
                let (a, b) = match pairs {
                    Pairs::Neighbours => (2 * pair, 2 * pair + 1),
                    Pairs::Halves => (pair, pair + count / 2),
                };
                let (a, b) = (head * dim + a, head * dim + b);
                let angle = position as f64 * 100.0_f64.powf(-2.0 * pair as f64 / count as f64);
                out[a] = row[a] * angle.cos() - row[b] * angle.sin();
                out[b] = row[a] * angle.sin() + row[b] * angle.cos();
            }
        }
        out
    };
    x.into_iter().enumerate().map(one).collect()
}

/// `bias` is [heads][queries][keys].
fn attended(q: &Rows, k: &Rows, v: &Rows, bias: &[Rows], seen: &[bool]) -> Rows {
    let dim = CONFIG.dim / CONFIG.heads;
    let mut out = vec![vec![0.0; CONFIG.dim]; q.len()];
    for (head, bias) in bias.iter().enumerate().take(CONFIG.heads) {
        let part = head * dim..(head + 1) * dim;
        for (i, query) in q.iter().enumerate() {
            let score = |(j, key): (usize, &Vec<f64>)| {
                let dot: f64 = query[part.clone()].iter().zip(&key[part.clone()]).map(|(a, b)| a * b).sum();
                if seen[j] { (dot / (dim as f64).sqrt() + bias[i][j]).exp() } else { 0.0 }
            };
            let shares: Vec<f64> = k.iter().enumerate().map(score).collect();
            let total = shares.iter().sum::<f64>().max(1e-300);
            for (share, value) in shares.iter().zip(v) {
                for d in part.clone() {
                    out[i][d] += share / total * value[d];
                }
            }
        }
    }
    out
}

/// What one sample is given, for the plain loops.
struct Sample<'a> {
    bias: &'a [Rows],
    seen: &'a [bool],
    rotary: Option<(usize, Pairs)>,
    context: Option<(&'a Rows, &'a [Rows], &'a [bool])>,
}

fn reference(w: &Plain<'_>, form: &Form, x: Rows, sample: &Sample<'_>) -> Rows {
    let branch = |x: Rows, norm: &str, of: &dyn Fn(&Rows) -> Rows| match form.place {
        NormPlace::Before => sum(&x, &of(&w.norm(norm, &x))),
        NormPlace::After => w.norm(norm, &sum(&x, &of(&x))),
    };
    let own = |x: &Rows| {
        let attn = form.attn;
        let all = w.linear(&format!("{attn}.{}", form.names.qkv), x);
        let part = |which: usize| -> Rows {
            all.iter().map(|row| row[which * CONFIG.dim..(which + 1) * CONFIG.dim].to_vec()).collect()
        };
        let q = w.shifted(&format!("{attn}.q_bias"), part(0));
        let (k, v) = (part(1), w.shifted(&format!("{attn}.v_bias"), part(2)));
        let (q, k) = match sample.rotary {
            Some(rotary) => (turned(q, rotary), turned(k, rotary)),
            None => (q, k),
        };
        w.linear(&format!("{attn}.{}", form.names.proj), &attended(&q, &k, &v, sample.bias, sample.seen))
    };
    let cross = |x: Rows, first: bool| {
        let (Some(cross), Some((context, bias, seen))) = (form.cross, sample.context) else { return x };
        if cross.first != first {
            return x;
        }
        let context = cross.norms.1.map_or_else(|| context.clone(), |name| w.norm(name, context));
        let of = |x: &Rows| {
            let [q, k, v] = cross.names.parts.map(|name| format!("{}.{name}", cross.attn));
            let queries = w.shifted(&format!("{}.q_bias", cross.attn), w.linear(&q, x));
            let (keys, all) = (w.linear(&k, &context), w.linear(&v, &context));
            let keys: Rows = keys.into_iter().map(|row| row[..CONFIG.dim].to_vec()).collect();
            let from = if k == v { CONFIG.dim } else { 0 };
            let all: Rows = all.into_iter().map(|row| row[from..from + CONFIG.dim].to_vec()).collect();
            let all = w.shifted(&format!("{}.v_bias", cross.attn), all);
            let proj = format!("{}.{}", cross.attn, cross.names.proj);
            w.linear(&proj, &attended(&queries, &keys, &all, bias, seen))
        };
        branch(x, cross.norms.0, &of)
    };
    let mlp = |x: &Rows| {
        let hidden = w.linear(form.mlp[0], x);
        let hidden: Rows = hidden.iter().map(|row| row.iter().map(|v| gelu(*v)).collect()).collect();
        w.linear(form.mlp[1], &hidden)
    };
    let x = cross(x, true);
    let x = branch(x, form.norms[0], &own);
    let x = cross(x, false);
    branch(x, form.norms[1], &mlp)
}

/// All forms: CROMA's, HiCMAE's and BERT's among them.
fn forms() -> Vec<(&'static str, Form)> {
    let apart = Names { qkv: "create_qkv", parts: ["create_q", "create_k", "create_v"], proj: "out" };
    let shared = Cross { context: CONFIG.dim, first: false, norms: ("n", Some("n")), attn: "x", names: apart };
    let first = Cross {
        context: CONTEXT,
        first: true,
        norms: ("cross_norm1", Some("cross_norm2")),
        attn: "cross_attn",
        names: Names::VIT,
    };
    let bare = Cross { norms: ("cross_norm1", None), ..first };
    let base = Form { start: Start::Normal(0.1), ..Form::default() };
    vec![
        ("plain", base),
        ("post-norm", Form { place: NormPlace::After, norms: ["ln_a", "ln_b"], mlp: ["up", "down"], ..base }),
        ("cross first", Form { bias: QkvBias::QueryValue, cross: Some(first), ..base }),
        ("cross with a shared norm", Form { bias: QkvBias::None, cross: Some(shared), names: apart, ..base }),
        ("post-norm cross", Form { place: NormPlace::After, cross: Some(bare), ..base }),
    ]
}

fn planes(numbers: &[f32], rows_of: usize, columns: usize) -> Vec<Rows> {
    numbers.chunks(rows_of * columns).map(|plane| rows(plane, columns)).collect()
}

#[test]
fn every_form_agrees_with_plain_loops() {
    for (name, form) in forms() {
        for rotary in [None, Some((4, Pairs::Neighbours)), Some((2, Pairs::Halves))] {
            let (block, w) = block(form);
            let width = form.cross.map_or(CONTEXT, |cross| cross.context);
            let x = numbers("x", BATCH * TOKENS * CONFIG.dim);
            let context = numbers("context", BATCH * KEYS * width);
            let bias = numbers("bias", CONFIG.heads * TOKENS * TOKENS);
            let far = numbers("far", BATCH * CONFIG.heads * TOKENS * KEYS);
            let seen = [[true, true, false, true, false], [false, true, true, true, true]];
            let near = [[true, false, true], [true, true, true]];
            let mask = |seen: &[bool]| -> Vec<f32> { seen.iter().map(|s| f32::from(u8::from(*s))).collect() };
            let positions: Vec<f64> = (0..TOKENS).map(|i| i as f64).collect();
            let device = Device::flex().autodiff();
            let own = Given {
                bias: Some(tensor(&bias, [1, CONFIG.heads, TOKENS, TOKENS])),
                key_mask: Some(tensor(&mask(&seen.concat()), [BATCH, TOKENS])),
                rotary: rotary.map(|(count, pairs)| Rotary::new(&positions, count, 100.0, pairs, &device)),
                ..Given::default()
            };
            let other = Given {
                bias: Some(tensor(&far, [BATCH, CONFIG.heads, TOKENS, KEYS])),
                key_mask: Some(tensor(&mask(&near.concat()), [BATCH, KEYS])),
                ..Given::default()
            };
            let input = BlockInput { own, context: Some((tensor(&context, [BATCH, KEYS, width]), other)) };
            let got = block.forward_given(&w, tensor(&x, [BATCH, TOKENS, CONFIG.dim]), &input, &mut None);
            let bias = planes(&bias, TOKENS, TOKENS);
            let far = planes(&far, TOKENS, KEYS);
            let wanted: Vec<f32> = (0..BATCH)
                .flat_map(|at| {
                    let x = rows(&x, CONFIG.dim)[at * TOKENS..(at + 1) * TOKENS].to_vec();
                    let context = rows(&context, width)[at * KEYS..(at + 1) * KEYS].to_vec();
                    let far = &far[at * CONFIG.heads..(at + 1) * CONFIG.heads];
                    let sample =
                        Sample { bias: &bias, seen: &seen[at], rotary, context: Some((&context, far, &near[at])) };
                    reference(&Plain(&w), &form, x, &sample).concat()
                })
                .map(|v| v as f32)
                .collect();
            close(&format!("{name}, {rotary:?}"), &values(got.flatten::<1>(0, 2)), &wanted, 2e-5);
        }
    }
}

#[test]
fn every_weight_of_every_form_gets_a_gradient_and_slopes_are_right() {
    for (name, form) in forms() {
        let (block, w) = block(form);
        let width = form.cross.map_or(CONTEXT, |cross| cross.context);
        let counts = [TOKENS * CONFIG.dim, KEYS * width, CONFIG.heads * TOKENS * TOKENS];
        let device = Device::flex().autodiff();
        let rotary = Rotary::new(&[0.0, 1.0, 2.0, 5.0, 9.0], 4, 100.0, Pairs::Neighbours, &device);
        let compute = |w: &Weights, x: &[Tensor<1>]| {
            let context = x[1].clone().reshape([1, KEYS, width]);
            let bias = Some(x[2].clone().reshape([1, CONFIG.heads, TOKENS, TOKENS]));
            let own = Given { bias, rotary: Some(rotary.clone()), ..Given::default() };
            let input = BlockInput { own, context: Some((context, Given::default())) };
            let x = x[0].clone().reshape([1, TOKENS, CONFIG.dim]);
            block.forward_given(w, x, &input, &mut None).reshape([TOKENS * CONFIG.dim])
        };
        // The other sequence is not looked at where there is no such branch.
        let inputs = if form.cross.is_some() { vec![0, 1, 2] } else { vec![0, 2] };
        let counted: Vec<usize> = inputs.iter().map(|input| counts[*input]).collect();
        check(name, &counted, 2e-2, |given| {
            let mut x = vec![tensor(&numbers("context", counts[1]), [counts[1]]); 3];
            inputs.iter().zip(given).for_each(|(input, given)| x[*input] = given.clone());
            compute(&w, &x)
        });
        let x: Vec<Tensor<1>> = counts.iter().map(|count| tensor(&numbers("x", *count), [*count])).collect();
        let gradients = w.backward(&compute(&w, &x).square().sum());
        for (weight, gradient) in w.list.iter().zip(gradients) {
            let gradient = values(gradient.unwrap_or_else(|| panic!("{name}: {} has no gradient", weight.name)));
            assert!(gradient.iter().any(|v| *v != 0.0), "{name}: {}", weight.name);
        }
    }
}

#[test]
fn branches_that_are_dropped_leave_a_sample_as_it_is() {
    let (block, w) = block(Form::default());
    let x = tensor(&numbers("x", 16 * TOKENS * CONFIG.dim), [16, TOKENS, CONFIG.dim]);
    let mut never = Some(DropPath { rate: 0.0, rng: Rng::new(1, "drop") });
    let whole = values(block.forward(&w, x.clone()).flatten::<1>(0, 2));
    assert_eq!(values(block.forward_dropping(&w, x.clone(), &mut never).flatten::<1>(0, 2)), whole);
    let mut often = Some(DropPath { rate: 0.8, rng: Rng::new(1, "drop") });
    let dropped = values(block.forward_dropping(&w, x.clone(), &mut often).flatten::<1>(0, 2));
    let given = values(x.flatten::<1>(0, 2));
    let each = TOKENS * CONFIG.dim;
    let same = dropped.chunks(each).zip(given.chunks(each)).filter(|(a, b)| a == b).count();
    assert!((5..16).contains(&same), "{same} of 16 samples skip both branches, about 64 % should");
    let rates: Vec<f64> = DropPath::ramp(often.as_ref(), 5).map(|drop| drop.map_or(-1.0, |drop| drop.rate)).collect();
    close("the ramp", &rates.iter().map(|r| *r as f32).collect::<Vec<_>>(), &[0.0, 0.2, 0.4, 0.6, 0.8], 1e-6);
    assert!(DropPath::ramp(None, 3).all(|drop| drop.is_none()));
}
