//! Golden numbers of the regularized autoencoders: what each case of a fixture asks, computed by the functions that
//! train and sample.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use crate::density::mixture::{Blurred, Mixture};
use crate::density::shapes::{self, Spiral};
use crate::density::{line, samples};
use crate::error::Result;
use crate::golden::{Answers, Case, Got};
use crate::knobs::Choice;
use crate::methods::rae::classic::{Activation, Classic, ClassicConfig, Scale};
use crate::methods::rae::model::{cross_entropy, squared_error};
use crate::methods::rae::sampler::{Energy, Move, Sampler, Walkers, energy_difference};
use crate::readback;
use crate::weights::{Weights, plain};

/// Compute what a case expects.
///
/// # Errors
/// [`Error::Fixture`](crate::error::Error::Fixture) for a case that is not known or whose parts are missing.
pub async fn verify(case: &Case<'_>) -> Result<BTreeMap<String, Got>> {
    let mut answers = Answers::default();
    match case.name {
        "dae" | "lin" | "sig" => denoising(case, &mut answers).await?,
        "rcae" => contractive(case, &mut answers).await?,
        "oned" => one_dimension(case, &mut answers)?,
        "gmm" => mixture(case, &mut answers)?,
        "energy_difference" => energies(case, &mut answers).await?,
        "mh_first_order" | "mh_path" | "langevin" | "mh_langevin" => chain(case, &mut answers).await?,
        "ninja" => star(case, &mut answers)?,
        "spiral" => spiral(case, &mut answers)?,
        "parzen" => parzen(case, &mut answers)?,
        other => return Err(case.unknown("name", other)),
    }
    Ok(answers.got)
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

fn input(case: &Case<'_>, role: &str) -> Result<Vec<f64>> {
    Ok(wide(&case.input(role)?.values))
}

fn narrow(values: impl IntoIterator<Item = f64>) -> Vec<f32> {
    values.into_iter().map(|v| v as f32).collect()
}

/// The net of a case with the fixture's weights.
fn net(case: &Case<'_>) -> Result<(Classic, Weights)> {
    let activation = |key: &str| {
        let name = case.word(key);
        Activation::named(name).ok_or_else(|| case.unknown("activation", name))
    };
    let given = case.weights();
    let scale = if given.contains_key("s") { Scale::Learned } else { Scale::Constant(case.number("s").unwrap_or(1.0)) };
    let config = ClassicConfig {
        dim: case.count("d")?,
        hidden: case.count("hidden")?,
        encoder: activation("f")?,
        output: activation("g")?,
        scale,
    };
    let mut weights = Weights::new(&case.device.clone().autodiff(), 0);
    let net = Classic::new(&mut weights.root(), config);
    for (name, tensor) in given {
        weights.set(&name, tensor.values)?;
    }
    Ok((net, weights))
}

/// A sum over points and coordinates, or its mean over the points.
fn reduced(case: &Case<'_>, sum: Tensor<1>, points: usize) -> Result<Tensor<1>> {
    Ok(if case.word("reduction") == "sum" { sum } else { sum.div_scalar(points as f64) })
}

async fn denoising(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (net, mut w) = net(case)?;
    let (clean, noisy): (Tensor<2>, Tensor<2>) =
        (case.input("x")?.tensor(w.device())?, case.input("x_noisy")?.tensor(w.device())?);
    let entropy = case.word("loss") == "cross_entropy";
    let errors = |w: &Weights| {
        let r = net.reconstruct(w, noisy.clone());
        if entropy { cross_entropy(r, clean.clone()) } else { squared_error(r, clean.clone()) }
    };
    let points = clean.dims()[0];
    let out = |what: &str| format!("out/{}.{what}", case.name);
    answers.tensor(&out("h"), net.encode(&w, noisy.clone())).await?;
    answers.tensor(&out("r"), net.reconstruct(&w, noisy.clone())).await?;
    answers.tensor(&out("enc_jacobian"), net.encoder_jacobian(&w, clean.clone())).await?;
    answers.tensor(&out("jacobian_r"), net.with_jacobian(&w, clean.clone()).1).await?;
    answers.tensor(&out("loss_elem"), errors(&w)).await?;
    let loss = |w: &Weights| reduced(case, errors(w).sum(), points);
    answers.tensor(&out("loss_sum"), loss(&w)?).await?;
    answers.gradients(case, &w, &loss(&w)?).await?;
    let steps = case.count("sgd_steps").unwrap_or(0);
    for _ in 0..steps {
        let rate = case.number("lr")?;
        for (index, gradient) in w.backward(&loss(&w)?).into_iter().enumerate() {
            if let Some(gradient) = gradient {
                let value = plain(w.list[index].value.clone()) - gradient.mul_scalar(rate);
                w.replace(index, value);
            }
        }
    }
    for weight in &w.list {
        let values = readback::floats(weight.value.clone()).await?;
        answers.host(&out(&format!("after{steps}.{}", weight.name)), weight.shape.clone(), values);
    }
    Ok(())
}

async fn contractive(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (net, w) = net(case)?;
    let x: Tensor<2> = case.input("x")?.tensor(w.device())?;
    let points = x.dims()[0];
    let (r, jacobian) = net.with_jacobian(&w, x.clone());
    let error = squared_error(r, x).sum_dim(1).squeeze_dim::<1>(1);
    let penalty = jacobian.square().sum_dim(2).sum_dim(1).reshape([points]);
    let loss =
        reduced(case, (error.clone() + penalty.clone().mul_scalar(case.number("sigma")?.powi(2))).sum(), points)?;
    let out = |what: &str| format!("out/{}.{what}", case.name);
    answers.tensor(&out("rec"), error).await?;
    answers.tensor(&out("penalty"), penalty).await?;
    answers.tensor(&out("loss"), loss.clone()).await?;
    answers.gradients(case, &w, &loss).await
}

fn one_dimension(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (grid, p, sigmas) = (input(case, "x")?, input(case, "p")?, input(case, "sigmas")?);
    let scale = case.number("e_scale")?;
    let shape = [sigmas.len(), grid.len()];
    answers.host("out/score1d", [grid.len()], narrow(grid.iter().map(|x| -scale * line::energy_slope(*x))));
    let all =
        |solve: fn(&[f64], &[f64], f64) -> Vec<f64>| narrow(sigmas.iter().flat_map(|sigma| solve(&grid, &p, *sigma)));
    answers.host("out/r1d_dae", shape, all(line::denoising));
    answers.host("out/r1d_cae", shape, all(line::contractive));
    Ok(())
}

fn sigma(case: &Case<'_>) -> Result<f64> {
    case.number("sigma").or_else(|lacking| input(case, "sigma")?.first().copied().ok_or(lacking))
}

fn blurred(case: &Case<'_>, sigma: f64) -> Result<Blurred> {
    let dim = case.input("mu")?.shape.last().copied().unwrap_or(0);
    Mixture::new(dim, input(case, "mu")?, input(case, "cov")?, Vec::new())?.blurred(sigma)
}

fn mixture(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let x = input(case, "x")?;
    let (clean, noisy) = (blurred(case, 0.0)?, blurred(case, sigma(case)?)?);
    let d = clean.dim();
    let n = x.len() / d;
    let each = |value: &dyn Fn(&[f64]) -> Vec<f64>| narrow(x.chunks_exact(d).flat_map(value));
    for (density, end) in [(&clean, ""), (&noisy, "_sigma")] {
        answers.host(&format!("out/gmm.logp{end}"), [n], each(&|x| vec![density.log_density(x)]));
        answers.host(&format!("out/gmm.score{end}"), [n, d], each(&|x| density.score(x)));
        answers.host(&format!("out/gmm.hessian{end}"), [n, d, d], each(&|x| density.hessian(x)));
    }
    answers.host("out/gmm.r_star", [n, d], each(&|x| noisy.reconstruct(x)));
    answers.host("out/gmm.r_star_jacobian", [n, d, d], each(&|x| noisy.jacobian(x)));
    Ok(())
}

async fn energies(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (from, to, sigma) = (input(case, "from")?, input(case, "to")?, sigma(case)?);
    let density = blurred(case, sigma)?;
    let d = density.dim();
    let n = from.len() / d;
    let path = Energy::Path(case.count("m")?);
    for (name, how) in [("out/dE_first_order", Energy::FirstOrder), ("out/dE_path", path)] {
        answers.host(name, [n], narrow(energy_difference(&density, sigma, how, &from, &to).await?));
    }
    let exact =
        from.chunks_exact(d).zip(to.chunks_exact(d)).map(|(a, b)| density.log_density(a) - density.log_density(b));
    answers.host("out/dE_exact", [n], narrow(exact));
    Ok(())
}

async fn chain(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (noise, uniform, sigma) = (input(case, "noise")?, input(case, "u")?, sigma(case)?);
    let density = blurred(case, sigma)?;
    let d = density.dim();
    let walk = match (case.number("beta"), case.word("accept")) {
        (Ok(beta), "always") => Move::Langevin { beta },
        (Ok(beta), _) => Move::LangevinCorrected { beta },
        (Err(_), _) => Move::Isotropic { tau: case.number("tau")? },
    };
    let energy = match case.word("energy") {
        "first_order" | "" => Energy::FirstOrder,
        _ => Energy::Path(case.count("m")?),
    };
    let sampler = Sampler { walk, energy, temperature: case.number("T")?, sigma };
    let mut walkers = Walkers::at(input(case, "x0")?);
    let (mut trace, mut log_a, mut accepted) = (Vec::new(), Vec::new(), Vec::new());
    for (noise, uniform) in noise.chunks_exact(d).zip(uniform.chunks_exact(1)) {
        let step = sampler.step(&density, &mut walkers, noise, uniform).await?;
        trace.extend(narrow(walkers.x.iter().copied()));
        log_a.extend(narrow(step.log_a));
        accepted.extend(step.accepted.iter().map(|a| f32::from(u8::from(*a))));
    }
    let out = |what: &str| format!("out/{}.{what}", case.name);
    answers.host(&out("trace"), [log_a.len(), d], trace);
    answers.host(&out("loga"), [log_a.len()], log_a);
    answers.host(&out("accepted"), [accepted.len()], accepted);
    Ok(())
}

fn star(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let x = input(case, "x")?;
    let points = x.as_chunks::<2>().0;
    answers.host("out/ninja_E", [points.len()], narrow(points.iter().map(|x| shapes::star_energy(*x))));
    answers.host("out/ninja_grad", [points.len(), 2], narrow(points.iter().flat_map(|x| shapes::star_slope(*x))));
    Ok(())
}

fn spiral(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let (u, n, noise) = (input(case, "u")?, input(case, "n")?, case.number("spiral_noise")?);
    let spiral = Spiral { scale: case.number("scale")?, from: case.number("t_min")?, to: case.number("t_max")? };
    answers.host("out/spiral_clean", [u.len(), 2], narrow(u.iter().flat_map(|u| spiral.point(*u))));
    answers.host("out/spiral", [u.len(), 2], narrow(u.iter().zip(&n).flat_map(|(u, n)| spiral.beside(*u, noise * n))));
    Ok(())
}

fn parzen(case: &Case<'_>, answers: &mut Answers) -> Result<()> {
    let dim = case.input("true")?.shape.last().copied().unwrap_or(1);
    let cross = samples::parzen_cross_entropy(&input(case, "true")?, &input(case, "model")?, dim, case.number("b")?);
    answers.host("out/parzen_ce", [1], narrow([cross]));
    answers.host("out/parzen_ce_official", [1], narrow([cross + samples::parzen_official_offset(dim)]));
    Ok(())
}
