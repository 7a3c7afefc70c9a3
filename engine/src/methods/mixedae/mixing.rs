//! Which picture of its group each patch of a mixture is of.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::methods::mixedae::card::Mode;
use crate::placed::Placed;
use crate::rng::Rng;

/// The mixtures of a batch, on the host. `groups` · `pictures` pictures one after another give `groups` · `rounds`
/// mixtures, those of a group one after another.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixing {
    pub groups: usize,
    /// Pictures of a group.
    pub pictures: usize,
    /// Mixtures of a group.
    pub rounds: usize,
    pub tokens: usize,
    /// [mixtures, tokens]: place in its group of the picture that owns each patch.
    pub sources: Vec<u32>,
    placed: Placed<OnDevice>,
}

#[derive(Debug, Clone)]
struct OnDevice {
    /// [groups, rounds · tokens]: the patch of each place among those of all pictures of a group.
    patches: Tensor<2, Int>,
    /// [mixtures, tokens]
    sources: Tensor<2, Int>,
    /// [mixtures · pictures, tokens]: 1 where a picture does not own the place.
    hidden: Tensor<2>,
    /// [1, tokens, tokens]: 1 where a place meets itself.
    itself: Tensor<3>,
}

impl Mixing {
    /// From one row of noise a group, [groups, tokens]: place number i in the order of the noise belongs to picture
    /// ⌊i · pictures / tokens⌋. In further rounds every place goes to the next picture.
    pub fn from_noise(noise: &[f32], tokens: usize, pictures: usize, mode: Mode) -> Self {
        let rounds = match mode {
            Mode::Compose => 1,
            Mode::Full => pictures,
        };
        let groups = noise.len() / tokens.max(1);
        let mut sources = vec![0; groups * rounds * tokens];
        for (row, mixtures) in noise.chunks_exact(tokens).zip(sources.chunks_exact_mut(rounds * tokens)) {
            let mut order: Vec<usize> = (0..tokens).collect();
            order.sort_by(|a, b| row[*a].total_cmp(&row[*b]));
            for (place, token) in order.into_iter().enumerate() {
                for round in 0..rounds {
                    mixtures[round * tokens + token] = ((place * pictures / tokens + round) % pictures) as u32;
                }
            }
        }
        Self { groups, pictures, rounds, tokens, sources, placed: Placed::default() }
    }

    /// Drawn at random; the picture that a group begins with has no meaning, so that sources never tell of classes.
    pub fn random(groups: usize, tokens: usize, pictures: usize, mode: Mode, rng: &Rng) -> Self {
        let draw = |group: usize| {
            let mut rng = rng.at(group as u64);
            (0..tokens).map(move |_| rng.uniform())
        };
        Self::from_noise(&(0..groups).flat_map(draw).collect::<Vec<f32>>(), tokens, pictures, mode)
    }

    /// Mixtures in all.
    pub fn mixtures(&self) -> usize {
        self.groups * self.rounds
    }

    /// Whether picture `picture` of the group does not own each place of a mixture.
    pub fn hidden(&self, mixture: usize, picture: usize) -> Vec<bool> {
        self.of(mixture).iter().map(|source| *source as usize != picture).collect()
    }

    /// The sources of a mixture.
    pub fn of(&self, mixture: usize) -> &[u32] {
        self.sources.get(mixture * self.tokens..(mixture + 1) * self.tokens).unwrap_or_default()
    }

    /// Put all that a step needs on a device now, before its first launch.
    pub fn upload(&self, device: &Device) {
        self.on(device);
    }

    /// The mixed patches, from those of all pictures.
    ///
    /// # Shapes
    /// → index [groups, rounds · tokens] into [groups, pictures · tokens]
    pub fn patches_tensor(&self, device: &Device) -> Tensor<2, Int> {
        let patches = self.on(device).patches;
        if device.is_autodiff() { Tensor::from_inner(patches) } else { patches }
    }

    /// # Shapes
    /// → [mixtures, tokens]
    pub fn sources_tensor(&self, device: &Device) -> Tensor<2, Int> {
        let sources = self.on(device).sources;
        if device.is_autodiff() { Tensor::from_inner(sources) } else { sources }
    }

    /// 1 where a picture does not own a place: what is rebuilt.
    ///
    /// # Shapes
    /// → [mixtures · pictures, tokens], the pictures of a mixture one after another
    pub fn hidden_tensor(&self, device: &Device) -> Tensor<2> {
        let hidden = self.on(device).hidden;
        if device.is_autodiff() { Tensor::from_inner(hidden) } else { hidden }
    }

    /// 1 where two places of a mixture are of one picture, a place and itself too.
    ///
    /// # Shapes
    /// → [mixtures, tokens, tokens]
    pub fn homologous_tensor(&self, device: &Device) -> Tensor<3> {
        let own = self.hidden_tensor(device).neg().add_scalar(1.0);
        let own = own.reshape([self.mixtures(), self.pictures, self.tokens]);
        own.clone().swap_dims(1, 2).matmul(own)
    }

    /// 1 where a place meets itself.
    ///
    /// # Shapes
    /// → [1, tokens, tokens]
    pub fn itself_tensor(&self, device: &Device) -> Tensor<3> {
        let itself = self.on(device).itself;
        if device.is_autodiff() { Tensor::from_inner(itself) } else { itself }
    }

    fn on(&self, device: &Device) -> OnDevice {
        self.placed.on(device, |device| {
            let (mixtures, tokens) = (self.mixtures(), self.tokens);
            let whole = |values: Vec<i32>, shape: [usize; 2]| Tensor::from_data(TensorData::new(values, shape), device);
            let places = self.sources.iter().enumerate();
            let patch = |(place, source): (usize, &u32)| (*source as usize * tokens + place % tokens) as i32;
            let of = |mixture: usize| (0..self.pictures).map(move |picture| self.hidden(mixture, picture));
            let hidden: Vec<f32> =
                (0..mixtures).flat_map(of).flatten().map(|hidden| f32::from(u8::from(hidden))).collect();
            let itself: Vec<f32> = (0..tokens * tokens).map(|i| f32::from(u8::from(i % (tokens + 1) == 0))).collect();
            OnDevice {
                itself: Tensor::from_data(TensorData::new(itself, [1, tokens, tokens]), device),
                patches: whole(places.map(patch).collect(), [self.groups, self.rounds * tokens]),
                sources: whole(self.sources.iter().map(|source| *source as i32).collect(), [mixtures, tokens]),
                hidden: Tensor::from_data(TensorData::new(hidden, [mixtures * self.pictures, tokens]), device),
            }
        })
    }
}
