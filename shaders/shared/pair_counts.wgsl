
// Shared: which pairs of a row and a key count in the softmax over the keys of the row (contrast).
// Uses the names `positive`, `labels` and the fields of `params` below; GROUPS says whether there are groups at all.

const GROUPS = {{ groups }}u;
// A score that does not count: below any running maximum, so that its exponential is zero.
const MASKED = -3.0e38;

// `own` is where the labels of the side of `row` begin, `other` where those of the side of `key` do.
// `turned` says that the key is the one that has a positive.
fn counts(row: u32, key: u32, own: u32, other: u32, turned: bool) -> bool {
    if (params.same == 1u && row == key) {
        return false;
    }
    if (GROUPS == 1u) {
        let label = labels[own + row];
        if (label >= 0 && label == labels[other + key]) {
            if (turned) {
                return positive[key] == i32(row);
            }
            return positive[row] == i32(key);
        }
    }
    return true;
}
