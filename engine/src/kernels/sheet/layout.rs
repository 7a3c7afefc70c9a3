//! Where weights lie in sheets.

/// Values that a place in a sheet is a multiple of: 1024 bytes, a multiple of WebGPU's alignment of 256 bytes.
pub(crate) const BLOCK: usize = 256;
/// Most values of a sheet of several weights: 64 MiB, so that a sheet can be bound whole. A larger weight has its own
/// sheet.
pub(crate) const MOST: usize = 1 << 24;

/// Where a weight lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub sheet: usize,
    /// First value within the sheet.
    pub start: usize,
    /// Values of the weight.
    pub count: usize,
}

/// Where all weights lie, in the order of the list they were made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    /// `None` for a weight that takes no part.
    pub places: Vec<Option<Place>>,
    /// Values of each sheet, multiples of [`BLOCK`].
    pub sheets: Vec<usize>,
}

impl Layout {
    /// The layout of weights with these numbers of values. It depends on the numbers alone.
    pub fn new(counts: impl IntoIterator<Item = Option<usize>>) -> Self {
        let mut layout = Self::default();
        for count in counts {
            let place = count.filter(|c| *c > 0).map(|count| layout.next(count));
            layout.places.push(place);
        }
        layout
    }

    fn next(&mut self, count: usize) -> Place {
        let padded = count.next_multiple_of(BLOCK);
        if self.sheets.last().is_none_or(|used| used + padded > MOST) {
            self.sheets.push(0);
        }
        let sheet = self.sheets.len() - 1;
        let start = self.sheets[sheet];
        self.sheets[sheet] += padded;
        Place { sheet, start, count }
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Layout, MOST, Place};

    #[test]
    fn weights_start_at_blocks_and_large_ones_have_a_sheet() {
        let layout = Layout::new([Some(1), None, Some(BLOCK), Some(BLOCK + 1), Some(MOST + 1), Some(2)]);
        let place = |sheet, start, count| Some(Place { sheet, start, count });
        let places =
            [place(0, 0, 1), None, place(0, 256, 256), place(0, 512, 257), place(1, 0, MOST + 1), place(2, 0, 2)];
        assert_eq!(layout.places, places);
        assert_eq!(layout.sheets, [1024, MOST + BLOCK, 256]);
    }
}
