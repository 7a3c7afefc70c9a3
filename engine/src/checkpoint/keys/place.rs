//! From tensors of a file to the values of weights: whole ones, pieces laid one under the other, position tables of
//! another grid.

use super::{Found, Plan};
use crate::checkpoint::resize;
use crate::checkpoint::safetensors::HostTensor;
use crate::weights::Weight;

impl Plan {
    /// Take a weight from the tensors that were found for it.
    pub(super) fn place(&mut self, weight: &Weight, found: Vec<Found>) {
        let whole = found.iter().filter(|one| one.piece.is_none());
        // Of several the one of the right shape, with least passed over.
        if let Some(Found { key, tensor, .. }) = whole.min_by_key(|one| (one.tensor.shape != weight.shape, one.passed))
        {
            let others = found.iter().filter(|other| other.key != *key);
            self.report.unexpected.extend(others.map(|other| other.key.to_string()));
            self.place_whole(weight, key, tensor);
            return;
        }
        let count = found.iter().find_map(|one| one.piece.map(|(_, count)| count)).unwrap_or(1);
        let mut pieces: Vec<Option<(&str, &HostTensor)>> = vec![None; count];
        for Found { piece, key, tensor, .. } in found {
            let index = piece.map_or(0, |(index, _)| index);
            if pieces[index].is_some() {
                self.report.unexpected.push(key.to_string());
            } else {
                pieces[index] = Some((key, tensor));
            }
        }
        self.place_pieces(weight, &pieces);
    }

    fn place_whole(&mut self, weight: &Weight, key: &str, tensor: &HostTensor) {
        // A single number is [] in some files and [1] in others.
        if let Some(odd) = not_finite(tensor) {
            self.report.wrong_shape.push((key.to_string(), "finite numbers".into(), odd));
            return;
        }
        let single = tensor.values.len() == 1 && weight.len() == 1;
        let values = if tensor.shape == weight.shape || single {
            tensor.values.clone()
        } else if let Some((values, note)) = resized(weight, tensor) {
            self.report.layout.push_str(&note);
            values
        } else {
            self.report.wrong_shape.push((
                key.to_string(),
                format!("{:?}", weight.shape),
                format!("{:?}", tensor.shape),
            ));
            return;
        };
        self.report.mapped.push((key.to_string(), weight.name.clone()));
        self.values.push((weight.name.clone(), values));
    }

    fn place_pieces(&mut self, weight: &Weight, pieces: &[Option<(&str, &HostTensor)>]) {
        let mut wanted = weight.shape.clone();
        if let Some(rows) = wanted.first_mut() {
            *rows /= pieces.len();
        }
        let fit = |tensor: &HostTensor| tensor.shape == wanted && wanted.iter().product::<usize>() > 0;
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                None => self.report.missing.push(format!("{} (piece {} of {})", weight.name, index + 1, pieces.len())),
                Some((key, tensor)) if not_finite(tensor).is_some() => {
                    let odd = not_finite(tensor).unwrap_or_default();
                    self.report.wrong_shape.push(((*key).to_string(), "finite numbers".into(), odd));
                }
                Some((key, tensor)) if !fit(tensor) => {
                    self.report.wrong_shape.push((
                        (*key).to_string(),
                        format!("{wanted:?}"),
                        format!("{:?}", tensor.shape),
                    ));
                }
                Some(_) => {}
            }
        }
        let whole: Vec<_> =
            pieces.iter().flatten().filter(|(_, tensor)| fit(tensor) && not_finite(tensor).is_none()).collect();
        if whole.len() == pieces.len() {
            self.report.mapped.extend(whole.iter().map(|(key, _)| ((*key).to_string(), weight.name.clone())));
            self.values.push((weight.name.clone(), whole.iter().flat_map(|(_, t)| t.values.iter().copied()).collect()));
        }
    }
}

/// A position table `[1, rows, dim]` brought to the model's grid, and a note for the report.
fn resized(weight: &Weight, tensor: &HostTensor) -> Option<(Vec<f32>, String)> {
    let (&[1, want, dim], &[1, have, same]) = (weight.shape.as_slice(), tensor.shape.as_slice()) else { return None };
    if !weight.name.ends_with("pos_embed") || dim != same {
        return None;
    }
    let ((leading, to), (also, from)) = (resize::grid(want)?, resize::grid(have)?);
    let note = format!(", {} resized from {from} × {from} to {to} × {to}", weight.name);
    (leading == also).then(|| (resize::positions(&tensor.values, leading, from, to, dim), note))
}

/// The first value that is no number, in words.
fn not_finite(tensor: &HostTensor) -> Option<String> {
    let place = tensor.values.iter().position(|value| !value.is_finite())?;
    Some(format!("{} at place {place}", tensor.values[place]))
}
