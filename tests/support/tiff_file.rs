//! TIFF files of every layout, written byte by byte.

/// A TIFF file to write, byte by byte.
#[derive(Clone)]
pub struct Tiff {
    pub sides: [usize; 2],
    /// Bytes of a value, and its format: 1 whole, 2 with a sign, 3 real.
    pub kind: (u16, u16),
    pub big_endian: bool,
    /// Each band by itself.
    pub planar: bool,
    /// Tiles of 16 × 16 instead of strips of 3 rows.
    pub tiled: bool,
    /// Further tags: number, and text or numbers.
    pub tags: Vec<(u16, Tag)>,
}

#[derive(Clone)]
pub enum Tag {
    Text(String),
    Shorts(Vec<u16>),
    Doubles(Vec<f64>),
}

impl Tiff {
    /// Without tags, strips, low bytes first.
    pub fn new(width: usize, height: usize, kind: (u16, u16)) -> Self {
        Self { sides: [width, height], kind, big_endian: false, planar: false, tiled: false, tags: Vec::new() }
    }

    /// The same with a corner and the size of a pixel in a coordinate system.
    #[must_use]
    pub fn at(mut self, [x, y]: [f64; 2], pixel: f64, system: u16) -> Self {
        self.tags.push((33550, Tag::Doubles(vec![pixel, pixel, 0.0])));
        self.tags.push((33922, Tag::Doubles(vec![0.0, 0.0, 0.0, x, y, 0.0])));
        self.tags.push((34735, Tag::Shorts(vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, system])));
        self
    }

    /// The same with a tag of text.
    #[must_use]
    pub fn tag(mut self, number: u16, text: &str) -> Self {
        self.tags.push((number, Tag::Text(text.into())));
        self
    }

    fn bytes_of(&self, value: f64) -> Vec<u8> {
        let mut bytes = match self.kind {
            (1, 1) => (value as u8).to_le_bytes().to_vec(),
            (1, 2) => (value as i8).to_le_bytes().to_vec(),
            (2, 1) => (value as u16).to_le_bytes().to_vec(),
            (2, 2) => (value as i16).to_le_bytes().to_vec(),
            (4, 1) => (value as u32).to_le_bytes().to_vec(),
            (4, 2) => (value as i32).to_le_bytes().to_vec(),
            (4, 3) => (value as f32).to_le_bytes().to_vec(),
            _ => value.to_le_bytes().to_vec(),
        };
        if self.big_endian {
            bytes.reverse();
        }
        bytes
    }

    /// The file, its bands filled by `value(band, x, y)`.
    pub fn write(&self, bands: usize, value: impl Fn(usize, usize, usize) -> f64) -> Vec<u8> {
        let [width, height] = self.sides;
        let [piece_width, piece_height] = if self.tiled { [16, 16] } else { [width, 3] };
        let (across, down) = (width.div_ceil(piece_width), height.div_ceil(piece_height));
        let number = |v: u64, size: usize| {
            let bytes = v.to_le_bytes()[..size].to_vec();
            if self.big_endian { bytes.into_iter().rev().collect() } else { bytes }
        };
        let mut out: Vec<u8> = if self.big_endian { b"MM\0\x2A".to_vec() } else { b"II\x2A\0".to_vec() };
        out.extend([0; 4]);
        let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
        for plane in 0..if self.planar { bands } else { 1 } {
            for piece in 0..across * down {
                let [left, top] = [piece % across * piece_width, piece / across * piece_height];
                let rows = if self.tiled { piece_height } else { piece_height.min(height - top) };
                offsets.push(out.len() as u64);
                let before = out.len();
                for (y, x) in (top..top + rows).flat_map(|y| (left..left + piece_width).map(move |x| (y, x))) {
                    for band in if self.planar { plane..plane + 1 } else { 0..bands } {
                        let inside = x < width && y < height;
                        out.extend(self.bytes_of(if inside { value(band, x, y) } else { 77.0 }));
                    }
                }
                lengths.push((out.len() - before) as u64);
            }
        }
        // Number, type, values: 3 is a short, 4 a long, 2 a text, 12 a double.
        let shorts = |values: &[u64]| values.iter().flat_map(|v| number(*v, 2)).collect::<Vec<u8>>();
        let longs = |values: &[u64]| values.iter().flat_map(|v| number(*v, 4)).collect::<Vec<u8>>();
        let mut entries: Vec<(u16, u16, usize, Vec<u8>)> = vec![
            (256, 4, 1, longs(&[width as u64])),
            (257, 4, 1, longs(&[height as u64])),
            (258, 3, bands, shorts(&vec![8 * u64::from(self.kind.0); bands])),
            (259, 3, 1, shorts(&[1])),
            (262, 3, 1, shorts(&[1])),
            (277, 3, 1, shorts(&[bands as u64])),
            (284, 3, 1, shorts(&[1 + u64::from(self.planar)])),
            (339, 3, bands, shorts(&vec![u64::from(self.kind.1); bands])),
        ];
        if self.tiled {
            entries.push((322, 4, 1, longs(&[16])));
            entries.push((323, 4, 1, longs(&[16])));
            entries.push((324, 4, offsets.len(), longs(&offsets)));
            entries.push((325, 4, lengths.len(), longs(&lengths)));
        } else {
            entries.push((273, 4, offsets.len(), longs(&offsets)));
            entries.push((278, 4, 1, longs(&[3])));
            entries.push((279, 4, lengths.len(), longs(&lengths)));
        }
        for (tag, content) in &self.tags {
            entries.push(match content {
                Tag::Text(text) => (*tag, 2, text.len() + 1, [text.as_bytes(), b"\0"].concat()),
                Tag::Shorts(values) => {
                    (*tag, 3, values.len(), values.iter().flat_map(|v| number(u64::from(*v), 2)).collect())
                }
                Tag::Doubles(values) => {
                    (*tag, 12, values.len(), values.iter().flat_map(|v| number(v.to_bits(), 8)).collect())
                }
            });
        }
        entries.sort_by_key(|entry| entry.0);
        for entry in &mut entries {
            if entry.3.len() > 4 {
                out.resize(out.len().next_multiple_of(2), 0);
                let place = out.len() as u64;
                out.append(&mut entry.3);
                entry.3 = number(place, 4);
            }
            entry.3.resize(4, 0);
        }
        out.resize(out.len().next_multiple_of(2), 0);
        let directory = number(out.len() as u64, 4);
        out[4..8].copy_from_slice(&directory);
        out.extend(number(entries.len() as u64, 2));
        for (tag, kind, count, content) in entries {
            out.extend(number(u64::from(tag), 2));
            out.extend(number(u64::from(kind), 2));
            out.extend(number(count as u64, 4));
            out.extend(content);
        }
        out.extend([0; 4]);
        out
    }
}
