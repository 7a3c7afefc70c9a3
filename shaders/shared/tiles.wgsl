
// Shared: which tile of a matrix product [M, N] an invocation owns, and how a value of it is handed to `finish`.
// Tiles go along the columns first.

struct Params {
    m: u32,
    n: u32,
    k: u32,
    across: u32,
    tiles: u32,
    sums: u32,
}

struct Tile {
    inside: bool,
    row: u32,
    column: u32,
}

const x = 0u;
const y = 1u;
const z = 2u;
const w = 3u;

@group(0) @binding({{ params }}) var<uniform> params: Params;

fn place(group: u32, lane: u32) -> Tile {
    let number = group * {{ workgroup }}u + lane;
    return Tile(number < params.tiles, number / params.across * {{ height }}u * 4u, number % params.across * {{ columns }}u);
}

fn put(tile: Tile, below: u32, right: u32, value: vec4<f32>) {
    let row = tile.row + below;
    let column = tile.column + right;
    if (tile.inside && row < params.m && column < params.n / 4u) {
        finish(row * (params.n / 4u) + column, column, value);
    }
}
