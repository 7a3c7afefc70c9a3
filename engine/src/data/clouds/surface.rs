//! Points of a mesh: spread over its faces by area, or a choice of its vertices.

use masquerade_formats::mesh::Mesh;

use crate::rng::Rng;

/// `count` points, x, y and z in turn: spread over the faces by area, or a random choice of the vertices. A mesh far from
/// the origin is moved there first.
pub fn points(mesh: &Mesh, count: usize, mut rng: Rng) -> Vec<f32> {
    let vertices = mesh.near_origin();
    if mesh.triangles.is_empty() {
        let order = rng.permutation(vertices.len());
        return order.iter().take(count).flat_map(|i| vertices[*i]).collect();
    }
    let corners = |triangle: &[u32; 3]| triangle.map(|corner| vertices[corner as usize]);
    // The area of each triangle and all before it.
    let mut whole = 0.0;
    let add = |triangle: &[u32; 3]| {
        whole += area(corners(triangle));
        whole
    };
    let areas: Vec<f64> = mesh.triangles.iter().map(add).collect();
    let draw = |_| {
        let at = rng.uniform_f64() * whole;
        let found = areas.partition_point(|area| *area <= at).min(areas.len() - 1);
        let [a, b, c] = corners(&mesh.triangles[found]);
        // The root makes the points uniform over the triangle.
        let (along, across) = (rng.uniform().sqrt(), rng.uniform());
        [0, 1, 2].map(|axis| a[axis] * (1.0 - along) + along * (b[axis] * (1.0 - across) + c[axis] * across))
    };
    (0..count).flat_map(draw).collect()
}

fn area(corners: [[f32; 3]; 3]) -> f64 {
    let [a, b, c] = corners.map(|corner| corner.map(f64::from));
    let (u, v) = ([0, 1, 2].map(|i| b[i] - a[i]), [0, 1, 2].map(|i| c[i] - a[i]));
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    0.5 * cross.iter().map(|x| x * x).sum::<f64>().sqrt()
}
