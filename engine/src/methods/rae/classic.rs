//! The paper's net: one hidden layer, untied weights, and its Jacobian in closed form.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

pub use crate::methods::rae::card::Activation;
use crate::weights::{Init, Scope, Slot, Weights};

impl Activation {
    fn of(self, z: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Tanh => z.tanh(),
            Self::Sigmoid => sigmoid(z),
            Self::Identity => z,
        }
    }

    /// The slope, from the value.
    fn slope(self, value: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Tanh => value.square().neg().add_scalar(1.0),
            Self::Sigmoid => value.clone() - value.square(),
            Self::Identity => value.ones_like(),
        }
    }
}

/// What the output is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// A constant (the scripts of 2013). Weights start in ±1, biases in ±0.1.
    Constant(f64),
    /// A learned vector that starts at 1 (the later class). Wb starts in ±1/√d, Wc in ±1/√hidden.
    Learned,
}

/// Sizes and switches of the classic net.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassicConfig {
    pub dim: usize,
    pub hidden: usize,
    pub encoder: Activation,
    pub output: Activation,
    pub scale: Scale,
}

/// `h = f(x Wc + c)`, `r = s ⊙ g(h Wbᵀ + b)`.
#[derive(Debug, Clone)]
pub struct Classic {
    pub config: ClassicConfig,
    wb: Slot<2>,
    wc: Slot<2>,
    b: Slot<1>,
    c: Slot<1>,
    s: Option<Slot<1>>,
}

impl Classic {
    /// Declare the weights under the authors' names.
    pub fn new(scope: &mut Scope<'_>, config: ClassicConfig) -> Self {
        let ClassicConfig { dim, hidden, .. } = config;
        let learned = config.scale == Scale::Learned;
        let (wide, narrow) =
            if learned { ((dim as f32).sqrt().recip(), (hidden as f32).sqrt().recip()) } else { (1.0, 1.0) };
        Self {
            config,
            wb: scope.weight("Wb", [dim, hidden], Init::Uniform(wide)),
            wc: scope.weight("Wc", [dim, hidden], Init::Uniform(narrow)),
            b: scope.weight("b", [dim], Init::Uniform(0.1)),
            c: scope.weight("c", [hidden], Init::Uniform(0.1)),
            s: learned.then(|| scope.weight("s", [dim], Init::Ones)),
        }
    }

    /// # Shapes
    /// [rows, dim] → h [rows, hidden]
    pub fn encode(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        self.config.encoder.of(x.matmul(w.get(self.wc)) + w.get(self.c).unsqueeze())
    }

    /// g(h Wbᵀ + b), before the scale.
    fn decode(&self, w: &Weights, h: Tensor<2>) -> Tensor<2> {
        self.config.output.of(h.matmul(w.get(self.wb).transpose()) + w.get(self.b).unsqueeze())
    }

    fn scaled(&self, w: &Weights, g: Tensor<2>) -> Tensor<2> {
        match (self.s, self.config.scale) {
            (Some(s), _) => g * w.get(s).unsqueeze(),
            (None, Scale::Constant(s)) if s != 1.0 => g.mul_scalar(s),
            _ => g,
        }
    }

    /// # Shapes
    /// [rows, dim] → r [rows, dim]
    pub fn reconstruct(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        self.scaled(w, self.decode(w, self.encode(w, x)))
    }

    /// dh/dx = diag(f′) Wcᵀ.
    ///
    /// # Shapes
    /// [rows, dim] → [rows, hidden, dim]
    pub fn encoder_jacobian(&self, w: &Weights, x: Tensor<2>) -> Tensor<3> {
        let slope = self.config.encoder.slope(self.encode(w, x));
        slope.unsqueeze_dim::<3>(2) * w.get(self.wc).transpose().unsqueeze::<3>()
    }

    /// r, and dr/dx = diag(s g′) Wb diag(f′) Wcᵀ.
    ///
    /// # Shapes
    /// [rows, dim] → [rows, dim], [rows, dim, dim]
    pub fn with_jacobian(&self, w: &Weights, x: Tensor<2>) -> (Tensor<2>, Tensor<3>) {
        let [rows, dim] = x.dims();
        let h = self.encode(w, x);
        let g = self.decode(w, h.clone());
        let inner = self.config.encoder.slope(h).unsqueeze_dim::<3>(1) * w.get(self.wb).unsqueeze::<3>(); // [rows, dim, hidden]
        let product = inner
            .reshape([rows * dim, self.config.hidden])
            .matmul(w.get(self.wc).transpose())
            .reshape([rows, dim, dim]);
        let outer = self.scaled(w, self.config.output.slope(g.clone()));
        (self.scaled(w, g), product * outer.unsqueeze_dim::<3>(2))
    }

    /// r, and the product of dr/dx with a direction for each point.
    ///
    /// # Shapes
    /// x, direction [rows, dim] → two of [rows, dim]
    pub fn with_tangent(&self, w: &Weights, x: Tensor<2>, direction: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let h = self.encode(w, x);
        let g = self.decode(w, h.clone());
        let inner = direction.matmul(w.get(self.wc)) * self.config.encoder.slope(h);
        let outer = self.scaled(w, self.config.output.slope(g.clone()));
        (self.scaled(w, g), inner.matmul(w.get(self.wb).transpose()) * outer)
    }
}
