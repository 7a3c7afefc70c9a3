//! From the nodes of each graph to one vector a graph.

use crate::eval::Features;
pub use crate::methods::graphmae::card::Pool;

/// Pool the rows of each graph: those from one start to the next. A graph without nodes gives zeros.
pub fn pooled(nodes: &Features, starts: &[usize], pool: Pool) -> Features {
    let dim = nodes.dim;
    let mut values = Vec::with_capacity(starts.len().saturating_sub(1) * dim);
    for bounds in starts.windows(2) {
        let rows = nodes.values.get(bounds[0] * dim..bounds[1] * dim).unwrap_or_default();
        let count = rows.len().checked_div(dim).unwrap_or(0).max(1) as f32;
        for column in 0..dim {
            let column = rows.iter().skip(column).step_by(dim).copied();
            values.push(match pool {
                Pool::Mean => column.sum::<f32>() / count,
                Pool::Sum => column.sum(),
                Pool::Max => column.reduce(f32::max).unwrap_or(0.0),
            });
        }
    }
    Features { dim, values }
}
