//! What a checkpoint remembers of the data of its run, so that going on with others is noticed.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::role::Role;

/// Digits of a hash that are told.
const DIGITS: usize = 8;

/// A data set in a few numbers and a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Id of the set ([`crate::card::OWN`]: the user's own).
    pub id: String,
    pub title: String,
    /// Samples of each half; of a graph all nodes, and none.
    pub samples: u64,
    pub test_samples: u64,
    /// What a sample has: its roles and how many numbers each has (channels, features, columns).
    pub inputs: Vec<(String, usize)>,
    pub classes: Vec<String>,
    /// SHA-256 over the values and classes of what is trained on, in order, as hexadecimal digits.
    pub sha256: String,
}

/// Hand numbers to `take` in their little-endian bytes, which are the same on every machine.
pub fn feed<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N], take: &mut dyn FnMut(&[u8])) {
    /// Values that are turned into bytes at once.
    const AT_ONCE: usize = 4096;
    let mut buffer = Vec::with_capacity(AT_ONCE * N);
    for chunk in values.chunks(AT_ONCE) {
        buffer.clear();
        buffer.extend(chunk.iter().flat_map(|value| bytes(*value)));
        take(&buffer);
    }
}

impl Fingerprint {
    /// The hash of what `content` hands over.
    pub fn hash(content: impl FnOnce(&mut dyn FnMut(&[u8]))) -> String {
        let mut hasher = Sha256::new();
        content(&mut |bytes| hasher.update(bytes));
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The first digits of the hash.
    pub fn short(&self) -> &str {
        self.sha256.get(..DIGITS).unwrap_or(&self.sha256)
    }

    /// What a sample is, in words: "4 numbers (vectors)", "12 + 2 numbers (optical + radar)".
    fn sample(&self) -> String {
        let join = |parts: Vec<String>| parts.join(" + ");
        let numbers = join(self.inputs.iter().map(|(_, numbers)| numbers.to_string()).collect());
        let roles = join(self.inputs.iter().map(|(role, _)| role.clone()).collect());
        let unit = match self.inputs.first().map(|(role, _)| role.as_str()) {
            Some(role) if role == Role::Imgs.name() => "channels",
            Some(role) if role == Role::Nodes.name() => "features",
            Some(role) if role == Role::Vectors.name() => "columns of numbers",
            _ => "numbers",
        };
        format!("{numbers} {unit} ({roles})")
    }

    /// How data of now differ from these, of a checkpoint: a sentence where they have other samples, `None` where they are
    /// the same.
    ///
    /// # Errors
    /// Why a run cannot go on with them: both numbers of what a sample has, or of the classes.
    pub fn differs(&self, now: &Self) -> Result<Option<String>, String> {
        if self.inputs != now.inputs {
            return Err(format!("its run had samples of {}, and these have {}", self.sample(), now.sample()));
        }
        if self.classes.len() != now.classes.len() {
            return Err(format!("its run had {} classes, and these have {}", self.classes.len(), now.classes.len()));
        }
        let (before, here) = (self.short(), now.short());
        let counts = |mark: &Self| format!("{} + {} samples", mark.samples, mark.test_samples);
        Ok(if self.sha256 != now.sha256 {
            let (was, is) = (counts(self), counts(now));
            Some(format!(
                "The data differ from those of the checkpoint: {was} then (fingerprint {before}), {is} now ({here}). Losses before and after belong to different data"
            ))
        } else if (self.samples, self.test_samples) != (now.samples, now.test_samples) {
            Some(format!(
                "Test samples differ from those of the checkpoint: {} then, {} now",
                counts(self),
                counts(now)
            ))
        } else if self.classes != now.classes {
            let (was, is) = (self.classes.join(", "), now.classes.join(", "));
            Some(format!("The classes have other names than those of the checkpoint: {was} then, {is} now"))
        } else {
            None
        })
    }
}
