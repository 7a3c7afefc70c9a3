//! Where the pictures of a board lie: on the screen, and on the one sheet that they are uploaded as.

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use masquerade_engine::trace::{Board, Picture};

/// Pixels that a side of the sheet has at most: every graphics device takes so many.
const SHEET: u32 = 2048;

/// A grid of equal cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    columns: usize,
    rows: usize,
    shown: usize,
    /// Largest width and height of a picture, in pixels.
    pixels: (u32, u32),
    cell: Vec2,
}

impl Layout {
    /// As many columns as make the whole about square, in a width of `side`.
    pub fn new(board: &Board, side: f32) -> Self {
        let largest = |of: fn(&Picture) -> u32| board.pictures.iter().map(of).max().unwrap_or(1).clamp(1, SHEET);
        let pixels = (largest(|p| p.width), largest(|p| p.height));
        let most = (SHEET / pixels.0) as usize * (SHEET / pixels.1) as usize;
        let shown = board.pictures.len().min(most);
        let shape = pixels.1 as f32 / pixels.0 as f32;
        let columns = ((shown as f32 * shape).sqrt().ceil() as usize).clamp(1, (SHEET / pixels.0) as usize);
        let rows = shown.div_ceil(columns).clamp(1, (SHEET / pixels.1) as usize);
        let width = side / columns as f32;
        Self { columns, rows, shown: shown.min(columns * rows), pixels, cell: vec2(width, width * shape) }
    }

    /// Number of pictures that have room.
    pub fn shown(&self) -> usize {
        self.shown
    }

    pub fn size(&self) -> Vec2 {
        vec2(self.cell.x * self.columns as f32, self.cell.y * self.rows as f32)
    }

    fn place(&self, index: usize) -> (usize, usize) {
        (index % self.columns, index / self.columns)
    }

    /// The cell of a picture.
    pub fn cell(&self, index: usize) -> Rect {
        let (column, row) = self.place(index);
        Rect::from_min_size(pos2(column as f32 * self.cell.x, row as f32 * self.cell.y), self.cell)
    }

    /// The picture whose cell a place is in.
    pub fn at(&self, place: Vec2) -> Option<usize> {
        let (column, row) = ((place.x / self.cell.x).floor(), (place.y / self.cell.y).floor());
        let inside = column >= 0.0 && row >= 0.0 && column < self.columns as f32 && row < self.rows as f32;
        let index = row.max(0.0) as usize * self.columns + column.max(0.0) as usize;
        (inside && index < self.shown).then_some(index)
    }

    /// Where in its cell a picture lies, `border` points from the edge; whole screen pixels a pixel where there is
    /// room.
    pub fn picture(&self, picture: &Picture, cell: Rect, border: f32, pixels_per_point: f32) -> Rect {
        let size = vec2(picture.width.max(1) as f32, picture.height.max(1) as f32);
        let room = (cell.size() - Vec2::splat(2.0 * border)).max(Vec2::splat(1.0)) * pixels_per_point;
        let scale = (room / size).min_elem();
        // Rather a little uneven than a third smaller.
        let scale = if scale >= 3.0 { scale.floor() } else { scale };
        Rect::from_center_size(cell.center(), size * scale / pixels_per_point)
    }

    /// Width and height of the sheet in pixels.
    pub fn sheet(&self) -> (usize, usize) {
        (self.columns * self.pixels.0 as usize, self.rows * self.pixels.1 as usize)
    }

    /// Top left corner of a picture on the sheet.
    pub fn corner(&self, index: usize) -> (usize, usize) {
        let (column, row) = self.place(index);
        (column * self.pixels.0 as usize, row * self.pixels.1 as usize)
    }

    /// The part of the sheet that a picture takes, 0 to 1 each way.
    pub fn part(&self, index: usize, picture: &Picture) -> Rect {
        let (left, top) = self.corner(index);
        let (width, height) = self.sheet();
        let whole = vec2(width as f32, height as f32);
        let scaled = |x: usize, y: usize| -> Pos2 { (vec2(x as f32, y as f32) / whole).to_pos2() };
        let size = (picture.width.min(self.pixels.0) as usize, picture.height.min(self.pixels.1) as usize);
        Rect::from_min_max(scaled(left, top), scaled(left + size.0, top + size.1))
    }
}
