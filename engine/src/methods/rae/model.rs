//! The denoiser r and its criteria: denoising, cross-entropy, contraction of the whole reconstruction.

use burn::tensor::{Tensor, TensorData};

use crate::error::{Error, Result};
pub use crate::methods::rae::card::Criterion;
use crate::methods::rae::classic::{Classic, ClassicConfig, Scale};
use crate::methods::rae::modern::{Modern, ModernConfig};
use crate::rng::Rng;
use crate::weights::{Weights, plain};

/// How the standard deviation of the rare large noise compares with the usual one.
const RARE_FACTOR: f64 = 10.0;
/// Keeps the logarithms of the cross-entropy finite.
const LOG_FLOOR: f64 = 1e-7;

/// Which net.
#[derive(Debug, Clone, PartialEq)]
pub enum NetConfig {
    Classic(ClassicConfig),
    Modern(ModernConfig),
}

/// Sizes and switches of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub net: NetConfig,
    pub criterion: Criterion,
    /// Standard deviation σ of the noise, in the units of the data.
    pub sigma: f64,
    /// Share of the points that get noise of ten times σ on top.
    pub rare: f64,
    /// Random directions that estimate ‖∂r/∂x‖²; 0: exact.
    pub probes: usize,
}

impl Config {
    /// Numbers of a point.
    pub fn dim(&self) -> usize {
        match &self.net {
            NetConfig::Classic(net) => net.dim,
            NetConfig::Modern(net) => net.dim,
        }
    }

    /// Whether sizes and switches fit one another.
    ///
    /// # Errors
    /// [`Error::Request`] naming what does not.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: &str| Err(Error::request("These settings do not fit together", why, "Change one of them"));
        let widths = match &self.net {
            NetConfig::Classic(net) => vec![net.dim, net.hidden],
            NetConfig::Modern(net) => [net.dim].into_iter().chain(net.hidden.iter().copied()).collect(),
        };
        if widths.contains(&0) {
            return refuse("a layer would have no unit");
        }
        if !(self.sigma > 0.0 && self.sigma.is_finite()) {
            return refuse("the noise needs a σ above zero");
        }
        let between_0_and_1 = |net: &ClassicConfig| {
            net.output == super::classic::Activation::Sigmoid && net.scale == Scale::Constant(1.0)
        };
        if self.criterion == Criterion::CrossEntropy
            && !matches!(&self.net, NetConfig::Classic(net) if between_0_and_1(net))
        {
            return refuse("cross-entropy needs the classic net with a sigmoid output and the scale 1");
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
enum Net {
    Classic(Classic),
    Modern(Modern),
}

/// A regularized autoencoder.
#[derive(Debug, Clone)]
pub struct Rae {
    pub config: Config,
    net: Net,
}

impl Rae {
    /// Declare all weights.
    ///
    /// # Errors
    /// [`Error::Request`] when the settings do not fit one another.
    pub fn new(config: Config, weights: &mut Weights) -> Result<Self> {
        config.check()?;
        let mut scope = weights.root();
        let net = match &config.net {
            NetConfig::Classic(net) => Net::Classic(Classic::new(&mut scope, *net)),
            NetConfig::Modern(net) => Net::Modern(Modern::new(&mut scope, net.clone())),
        };
        Ok(Self { config, net })
    }

    /// The activations of the last hidden layer.
    ///
    /// # Shapes
    /// [rows, dim] → [rows, hidden]
    pub fn encode(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        match &self.net {
            Net::Classic(net) => net.encode(w, x),
            Net::Modern(net) => net.encode(w, x),
        }
    }

    /// # Shapes
    /// [rows, dim] → r [rows, dim]
    pub fn reconstruct(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        match &self.net {
            Net::Classic(net) => net.reconstruct(w, x),
            Net::Modern(net) => net.reconstruct(w, x, self.config.sigma),
        }
    }

    /// r, and the product of ∂r/∂x with a direction for each point.
    ///
    /// # Shapes
    /// x, direction [rows, dim] → two of [rows, dim]
    pub fn with_tangent(&self, w: &Weights, x: Tensor<2>, direction: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        match &self.net {
            Net::Classic(net) => net.with_tangent(w, x, direction),
            Net::Modern(net) => net.with_tangent(w, x, direction, self.config.sigma),
        }
    }

    /// r and ∂r/∂x: in closed form for the classic net, column by column for the residual one.
    ///
    /// # Shapes
    /// [rows, dim] → [rows, dim], [rows, dim (of r), dim (of x)]
    pub fn with_jacobian(&self, w: &Weights, x: Tensor<2>) -> (Tensor<2>, Tensor<3>) {
        if let Net::Classic(net) = &self.net {
            return net.with_jacobian(w, x);
        }
        let [rows, dim] = x.dims();
        let unit: Vec<f32> = (0..rows * dim * dim).map(|i| if i / dim % dim == i % dim { 1.0 } else { 0.0 }).collect();
        let (r, columns) = self.along(w, x, unit, dim);
        (r, columns.swap_dims(1, 2))
    }

    /// r, and `count` products of ∂r/∂x with directions [rows, count, dim] for each point.
    ///
    /// # Shapes
    /// [rows, dim] → [rows, dim], [rows, count, dim]
    fn along(&self, w: &Weights, x: Tensor<2>, directions: Vec<f32>, count: usize) -> (Tensor<2>, Tensor<3>) {
        let [rows, dim] = x.dims();
        let directions = Tensor::from_data(TensorData::new(directions, [rows * count, dim]), &x.device());
        let repeated = x.unsqueeze_dim::<3>(1).expand([rows, count, dim]).reshape([rows * count, dim]);
        let (r, products) = self.with_tangent(w, repeated, directions);
        (r.reshape([rows, count, dim]).narrow(1, 0, 1).squeeze_dim(1), products.reshape([rows, count, dim]))
    }

    /// r, and ‖∂r/∂x‖²_F: exact, or the mean of ‖∂r/∂x · v‖² over `probes` directions v of random signs (Hutchinson's
    /// estimate).
    ///
    /// # Shapes
    /// [rows, dim] → [rows, dim], [rows]
    pub fn with_penalty(&self, w: &Weights, x: Tensor<2>, rng: &Rng) -> (Tensor<2>, Tensor<1>) {
        let probes = self.config.probes;
        if probes == 0 {
            let (r, jacobian) = self.with_jacobian(w, x);
            let rows = r.dims()[0];
            return (r, jacobian.square().reshape([rows as i32, -1]).sum_dim(1).squeeze_dim(1));
        }
        let [rows, dim] = x.dims();
        let mut rng = rng.at(2);
        let signs = (0..rows * probes * dim).map(|_| if rng.chance(0.5) { 1.0 } else { -1.0 }).collect();
        let (r, products) = self.along(w, x, signs, probes);
        (r, products.square().reshape([rows, probes * dim]).sum_dim(1).squeeze_dim::<1>(1).div_scalar(probes as f64))
    }

    /// Noise for the points of a batch, [rows, dim].
    pub fn noise(&self, rows: usize, rng: &Rng) -> Vec<f32> {
        let (dim, sigma) = (self.config.dim(), self.config.sigma as f32);
        let (mut usual, mut rare) = (rng.at(0), rng.at(1));
        let mut values: Vec<f32> = (0..rows * dim).map(|_| sigma * usual.normal()).collect();
        if self.config.rare > 0.0 {
            for row in values.chunks_mut(dim.max(1)) {
                if rare.chance(self.config.rare) {
                    row.iter_mut().for_each(|v| *v += RARE_FACTOR as f32 * sigma * rare.normal());
                }
            }
        }
        values
    }

    /// The criterion of every point, and its parts by name.
    ///
    /// # Shapes
    /// x [rows, dim] → [rows] each
    pub fn criterion(&self, w: &Weights, x: Tensor<2>, rng: &Rng) -> Vec<(&'static str, Tensor<1>)> {
        let [rows, dim] = x.dims();
        // The clean points have no history, and the losses are per point.
        let per_point = |error: Tensor<2>| error.sum_dim(1).squeeze_dim::<1>(1);
        if self.config.criterion == Criterion::Contractive {
            let (r, penalty) = self.with_penalty(w, x.clone(), rng);
            let sigma = self.config.sigma;
            return vec![
                ("reconstruction", per_point((r - x).square())),
                ("contraction", penalty.mul_scalar(sigma * sigma)),
            ];
        }
        let noise = Tensor::from_data(TensorData::new(self.noise(rows, rng), [rows, dim]), &x.device());
        let r = self.reconstruct(w, x.clone() + noise);
        match self.config.criterion {
            Criterion::CrossEntropy => vec![("cross-entropy", per_point(cross_entropy(r, x)))],
            _ => vec![("denoising", per_point(squared_error(r, x)))],
        }
    }

    /// ‖∂r/∂x − (∂r/∂x)ᵀ‖_F / ‖∂r/∂x − I‖_F over a batch: 0 where r − x is the slope of some energy.
    ///
    /// # Shapes
    /// [rows, dim] → [1]
    pub fn asymmetry(&self, w: &Weights, x: Tensor<2>) -> Tensor<1> {
        let (_, jacobian) = self.with_jacobian(w, x);
        let jacobian = plain(jacobian);
        let dim = self.config.dim();
        let unit = Tensor::<2>::eye(dim, &jacobian.device()).unsqueeze::<3>();
        let odd = jacobian.clone() - jacobian.clone().swap_dims(1, 2);
        (odd.square().sum() / (jacobian - unit).square().sum().add_scalar(1e-20)).sqrt()
    }
}

/// (r − x)², elementwise.
pub fn squared_error(r: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
    (r - x).square()
}

/// −[x ln r + (1 − x) ln(1 − r)], elementwise, x the clean values.
pub fn cross_entropy(r: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
    let inside = r.clamp(LOG_FLOOR, 1.0 - LOG_FLOOR);
    let other = inside.clone().neg().add_scalar(1.0).log() * x.clone().neg().add_scalar(1.0);
    (inside.log() * x + other).neg()
}
