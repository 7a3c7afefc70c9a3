//! OBJ files: vertices and faces; materials, normals and texture coordinates are passed over.

use super::mesh::Mesh;

/// Read an OBJ file.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read(bytes: &[u8]) -> Result<Mesh, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut mesh = Mesh::default();
    for (number, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        let broken = || format!("line {}: {line:?} cannot be read", number + 1);
        match words.next() {
            Some("v") => {
                let mut coordinate = || words.next().and_then(|word| word.parse::<f32>().ok()).ok_or_else(broken);
                mesh.vertices.push([coordinate()?, coordinate()?, coordinate()?]);
            }
            Some("f") => {
                let corner = |word: &str| corner(word, mesh.vertices.len()).ok_or_else(broken);
                let corners = words.map(corner).collect::<Result<Vec<usize>, String>>()?;
                mesh.add_polygon(&corners);
            }
            _ => {}
        }
    }
    mesh.check().map(|()| mesh)
}

/// The vertex of a corner (`7`, `7/2`, `7//3`); numbers start at 1, negative ones count from the last vertex so far.
fn corner(word: &str, vertices: usize) -> Option<usize> {
    let number: i64 = word.split('/').next()?.parse().ok()?;
    match number {
        1.. => usize::try_from(number - 1).ok(),
        0 => None,
        _ => usize::try_from(i64::try_from(vertices).ok()? + number).ok(),
    }
}
