//! Whether a training batch fits a device, before anything of it is computed, and which one would.

use crate::error::{Error, Result};

/// What a device allows, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One tensor: the largest buffer that a kernel can be given.
    pub tensor: u64,
    /// Everything together; `None` where the device does not say.
    pub memory: Option<u64>,
    /// Whose limits these are, in words (`this GPU`).
    pub whose: &'static str,
}

impl Default for Limits {
    /// None.
    fn default() -> Self {
        Self { tensor: u64::MAX, memory: None, whose: "this device" }
    }
}

/// Bytes of one tensor, or of many together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Need {
    /// What it is, to finish the sentence "a buffer for …" (`the hidden layer of the encoder`).
    pub what: String,
    pub fixed: u64,
    pub per_sample: u64,
}

impl Need {
    /// `per_sample` values of f32 for every sample of a batch.
    pub fn of_samples(what: impl Into<String>, per_sample: usize) -> Self {
        Self { what: what.into(), fixed: 0, per_sample: per_sample as u64 * 4 }
    }

    /// `values` of f32, whatever the batch.
    pub fn of_weights(what: impl Into<String>, values: usize) -> Self {
        Self { what: what.into(), fixed: values as u64 * 4, per_sample: 0 }
    }

    /// Bytes with this batch.
    pub fn at(&self, batch: u64) -> u64 {
        self.fixed.saturating_add(self.per_sample.saturating_mul(batch))
    }

    /// The largest batch within `limit`.
    fn largest(&self, limit: u64) -> u64 {
        match (limit.checked_sub(self.fixed), self.per_sample) {
            (None, _) => 0,
            (Some(_), 0) => u64::MAX,
            (Some(left), each) => left / each,
        }
    }
}

/// What a training step of a method needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// The largest tensors. None: nothing is known, and nothing is refused.
    pub tensors: Vec<Need>,
    /// The largest tensors of a pass with nothing hidden: probes and fine-tuning.
    pub unmasked: Vec<Need>,
    /// All that is held at the same time: weights, gradients and moments; what the backward pass keeps.
    pub together: Need,
}

impl Needs {
    /// Whether a step with `batch` samples fits.
    ///
    /// # Errors
    /// [`Error::Request`] that says what is too large, what the device allows, and which batch fits.
    pub fn check(&self, batch: usize, limits: Limits) -> Result<()> {
        let asked = batch as u64;
        let whole = (&self.together, limits.memory.unwrap_or(u64::MAX));
        let all = || self.tensors.iter().map(|need| (need, limits.tensor)).chain([whole]);
        let over = all()
            .filter(|(need, limit)| need.at(asked) > *limit)
            .max_by_key(|(need, limit)| need.at(asked) / (*limit).max(1));
        let Some((need, limit)) = over else { return Ok(()) };
        let (wanted, allowed) = (mebibytes(need.at(asked)), mebibytes(limit));
        let why = if std::ptr::eq(need, &self.together) {
            format!("training needs about {wanted} in all; {} has {allowed}", limits.whose)
        } else {
            format!("it needs a buffer of {wanted} for {}; {} allows {allowed}", need.what, limits.whose)
        };
        let fits = all().map(|(need, limit)| need.largest(limit)).min().unwrap_or(0);
        let advice = match fits {
            0 => "Choose a smaller preset, or smaller sizes".into(),
            fits => format!("Batch {fits} fits"),
        };
        Err(Error::request(format!("A batch of {batch} is too large"), why, advice))
    }
}

impl Needs {
    /// The needs of a pass with nothing hidden.
    pub fn unmasked(self) -> Self {
        Self { tensors: self.unmasked.clone(), together: Need::default(), ..self }
    }

    /// The most samples, up to `batch` and at least one, that go through the device with nothing hidden.
    pub fn most_unmasked(&self, batch: usize, limits: Limits) -> usize {
        let most = self.unmasked.iter().map(|need| need.largest(limits.tensor)).min().unwrap_or(u64::MAX);
        usize::try_from(most).unwrap_or(usize::MAX).clamp(1, batch.max(1))
    }
}

/// Bytes in words.
pub fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs() -> Needs {
        let unmasked = vec![Need::of_samples("the whole layer", 1 << 20)];
        let together = Need { what: String::new(), fixed: 100 << 20, per_sample: 4 << 20 };
        Needs {
            tensors: vec![Need::of_samples("the hidden layer", 1 << 18), Need::of_weights("a weight", 1 << 20)],
            unmasked,
            together,
        }
    }

    #[test]
    fn what_fits_is_not_refused() {
        let limits = Limits { tensor: 128 << 20, memory: None, whose: "this GPU" };
        assert!(needs().check(128, limits).is_ok());
        assert!(Needs::default().check(usize::MAX, Limits { tensor: 1, memory: Some(1), whose: "this GPU" }).is_ok());
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let limits = Limits { tensor: 128 << 20, memory: None, whose: "this GPU" };
        let report = needs().check(190, limits).expect_err("190 MiB in a buffer of 128").report();
        assert_eq!(report.why, "it needs a buffer of 190 MiB for the hidden layer; this GPU allows 128 MiB");
        assert_eq!(report.what_to_do, "Batch 128 fits");
        let report =
            needs().check(190, Limits { memory: Some(500 << 20), ..limits }).expect_err("860 MiB of 500").report();
        assert_eq!(report.what_to_do, "Batch 100 fits", "{report:?}");
        let report = needs()
            .check(1, Limits { tensor: 1 << 20, memory: None, whose: "this GPU" })
            .expect_err("a weight of 4 MiB")
            .report();
        assert!(report.what_to_do.contains("smaller preset"), "{report:?}");
    }

    #[test]
    fn a_pass_with_nothing_hidden_has_needs_of_its_own() {
        let limits = Limits { tensor: 128 << 20, memory: None, whose: "this GPU" };
        assert_eq!(needs().most_unmasked(250, limits), 32);
        assert_eq!(needs().most_unmasked(20, limits), 20);
        assert_eq!(needs().most_unmasked(20, Limits { tensor: 1, ..limits }), 1);
        assert_eq!(Needs::default().most_unmasked(250, limits), 250);
        assert!(needs().unmasked().check(33, limits).is_err() && needs().unmasked().check(32, limits).is_ok());
    }

    #[test]
    fn huge_numbers_do_not_wrap() {
        let huge = Need { what: "everything".into(), fixed: u64::MAX, per_sample: u64::MAX };
        let needs = Needs { tensors: vec![huge], ..Needs::default() };
        assert!(needs.check(usize::MAX, Limits { tensor: 1 << 40, memory: None, whose: "this GPU" }).is_err());
    }
}
