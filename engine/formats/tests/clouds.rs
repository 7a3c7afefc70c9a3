//! Meshes and clouds of every format: what is read, what is left out by number, what is told.

#![allow(clippy::expect_used, clippy::panic)]

use masquerade_formats::mesh::Mesh;
use masquerade_formats::{Reading, clouds};
use proptest::prelude::*;

fn read(bytes: impl AsRef<[u8]>) -> Mesh {
    clouds::read(bytes.as_ref(), &Reading::default()).unwrap_or_else(|why| panic!("{why}"))
}

fn refused(bytes: impl AsRef<[u8]>) -> String {
    clouds::read(bytes.as_ref(), &Reading::default()).expect_err("an error")
}

/// All that is told: notes and what was left out.
fn told(mesh: &Mesh) -> String {
    let left_out = mesh.left_out.iter().map(|left| format!("{}: {}", left.what, left.why));
    mesh.notes.iter().cloned().chain(left_out).collect::<Vec<_>>().join("\n")
}

/// Points of a spiral, no two alike.
fn spiral(count: usize) -> Vec<[f64; 3]> {
    (0..count).map(|i| i as f64 / 10.0).map(|t| [t.cos() * 2.0, t.sin(), t / 3.0 - 1.0]).collect()
}

fn rows(points: &[[f64; 3]], between: &str) -> String {
    points.iter().map(|p| p.map(|v| v.to_string()).join(between) + "\n").collect()
}

fn area(mesh: &Mesh) -> f64 {
    let area = |t: &[u32; 3]| {
        let [a, b, c] = t.map(|corner| mesh.vertices[corner as usize]);
        let (u, v) = ([0, 1, 2].map(|i| b[i] - a[i]), [0, 1, 2].map(|i| c[i] - a[i]));
        let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
        cross.iter().map(|x| x * x).sum::<f64>().sqrt() / 2.0
    };
    mesh.triangles.iter().map(area).sum()
}

/// A square of 1 × 1 with a corner more in the middle of a side, and a fifth vertex that nothing names.
const SQUARE: &str = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 9 9 9\n";

#[test]
fn the_same_obj_in_many_writings_is_the_same_mesh() {
    let plain = read(format!("{SQUARE}f 1 2 3 4\n"));
    assert_eq!((plain.triangles.as_slice(), area(&plain)), (&[[0, 1, 2], [0, 2, 3]][..], 1.0));
    for (other, said) in [
        (format!("\u{feff}{SQUARE}f 1 2 3 4\n"), ""),
        (format!("{SQUARE}f 1 2 3 4").replace('\n', "\r\n"), ""),
        (format!("{SQUARE}f 1 2 3 4\n").replace('\n', "\r"), ""),
        (format!("{SQUARE}f 1 2 \\\n3 4\n"), ""),
        (format!("{SQUARE}f 1 2 \\\r\n 3 \\\r\n 4\r\n"), ""),
        (format!("{SQUARE}f 1 2 3 4# the face\n"), ""),
        (format!("{SQUARE}f -5 -4 -3 -2 # from the end\n"), ""),
        (format!("{SQUARE}vt 0 0\nvn 0 0 1\nf 1/1/1 2//1 3/1 -2/-1/-1\n"), ""),
        (format!("o one\n{SQUARE}usemtl wood\ns off\nf 1 2 3\no two\nf 1 3 4\n"), "2 objects"),
        (format!("f 1 2 3 4\n{SQUARE}"), ""),
        (format!("{SQUARE}fo 1 2 3 4 1\n"), ""),
        (SQUARE.replace(" 0\n", " 0 0.5 0.5 0.5\n") + "f 1 2 3 4\n", ""),
        (SQUARE.replace(" 0\n", " 0 1.0\n") + "f 1 2 3 4\n", ""),
        (SQUARE.replace("0 0 0", "0,0 0,0 0,0") + "f 1 2 3 4\n", "decimal points"),
        (format!("{SQUARE}f 1 2 3 4\nl 1 2 3\np 4\n"), "2 lines that draw lines"),
        (format!("{SQUARE}f 1 2 3 4\ncstype bezier\ncurv 0 1 1 2\n"), "free-form"),
        (
            format!("{SQUARE}f 1 2 3 4\nfrobnicate 7\n"),
            "unknown word (the first: line 7: frobnicate)"
                .replace("unknown word (the first", "unknown word were passed over (the first")
                .leak(),
        ),
        (
            format!("{SQUARE}f 1 2 3 4\nf 1 2 77\nf 1 2 -99\n"),
            "2 of 3 faces: a vertex is named that is not there, of 5 (the first is face 2, vertex 77)",
        ),
        (format!("{SQUARE}f 1 2 3 4\nf 1 1 2\n"), "1 of 2 faces: fewer than three"),
        (format!("{SQUARE}f 1 2 3 4\nf a b c\n"), "1 faces: a corner is no number of a vertex (the first is line 7)"),
        (
            format!("{SQUARE}v 1 2\nf 1 2 3 4\nf 1 2 6\n"),
            "1 of 6 points: a coordinate is no finite number (the first is point 6)",
        ),
    ] {
        let mesh = read(&other);
        assert_eq!(mesh.vertices[..5], plain.vertices[..5], "{other}");
        assert_eq!(mesh.triangles.as_slice(), plain.triangles.as_slice(), "{other}");
        assert!(told(&mesh).contains(said) && said.is_empty() == told(&mesh).is_empty(), "{other}\n{}", told(&mesh));
    }
}

/// The letter C on the plane x = y, its area times √2.
const LETTER: [[f64; 2]; 8] =
    [[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [1.0, 1.0], [1.0, 3.0], [4.0, 3.0], [4.0, 4.0], [0.0, 4.0]];

#[test]
fn faces_with_a_dent_leave_it_open() {
    for turn in 0..8 {
        for backward in [false, true] {
            let mut corners: Vec<String> = (0..8).map(|i| ((i + turn) % 8 + 1).to_string()).collect();
            if backward {
                corners.reverse();
            }
            let vertices: String = LETTER.map(|[x, y]| format!("v {x} {x} {y}\n")).concat();
            let mesh = read(format!("{vertices}f {}\n", corners.join(" ")));
            assert!((area(&mesh) - 10.0 * 2.0_f64.sqrt()).abs() < 1e-9, "{} from corner {turn}", area(&mesh));
            assert_eq!((mesh.triangles.len(), told(&mesh)), (6, String::new()));
        }
    }
    // A hole, joined to the outline by a side there and back.
    let ring = "v 0 0 0\nv 6 0 0\nv 6 6 0\nv 0 6 0\nv 2 2 0\nv 2 4 0\nv 4 4 0\nv 4 2 0\nf 1 2 3 4 1 5 6 7 8 5\n";
    assert!((area(&read(ring)) - 32.0).abs() < 1e-9, "{}", area(&read(ring)));
    // Sides that cross are a guess, and told.
    let star: String = (0..5)
        .map(|i| f64::from(i * 2 % 5) * std::f64::consts::TAU / 5.0)
        .map(|t| format!("v {} {} 0\n", t.cos(), t.sin()))
        .collect();
    let star = read(star + "f 1 2 3 4 5\n");
    assert!(told(&star).contains("sides that cross") && area(&star) > 0.0, "{}", told(&star));
}

#[test]
fn a_thousand_corners_of_any_order_are_cut_in_time() {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    let vertices: String = (0..1000).map(|_| format!("v {} {} 0\n", next(), next())).collect();
    let face = |first: usize| format!("f {}\n", (first..=1000).map(|i| i.to_string()).collect::<Vec<_>>().join(" "));
    let start = std::time::Instant::now();
    let mesh = read(vertices + &(1..=12).map(face).collect::<String>());
    assert!(told(&mesh).contains("cross") && told(&mesh).contains("too many corners"), "{}", told(&mesh));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

fn ply(format: &str, points: &[[f64; 3]]) -> Vec<u8> {
    let mut file = format!(
        "ply\nformat {format} 1.0\ncomment odd\nelement vertex {}\nproperty double z\nproperty uchar red\nproperty double x\n\
         property list uchar short tags\nproperty double y\nend_header\n",
        points.len()
    )
    .into_bytes();
    for [x, y, z] in points {
        match format {
            "ascii" => file.extend(format!("{z} 7 {x} 2 5 6 {y}\n").bytes()),
            "binary_little_endian" => {
                file.extend([&z.to_le_bytes()[..], &[7], &x.to_le_bytes(), &[2, 5, 0, 6, 0], &y.to_le_bytes()].concat())
            }
            _ => {
                file.extend([&z.to_be_bytes()[..], &[7], &x.to_be_bytes(), &[2, 0, 5, 0, 6], &y.to_be_bytes()].concat())
            }
        }
    }
    file
}

#[test]
fn ply_files_of_all_formats_hold_the_same() {
    let points = spiral(100);
    for format in ["ascii", "binary_little_endian", "binary_big_endian"] {
        let file = ply(format, &points);
        let mesh = read(&file);
        assert_eq!((mesh.vertices.as_slice(), told(&mesh)), (points.as_slice(), String::new()), "{format}");
        // Old line ends, a mark, odd bytes in a comment.
        let header = file.windows(11).position(|part| part == b"end_header\n").expect("a header") + 11;
        for ends in ["\r\n", "\r"] {
            let head = String::from_utf8(file[..header].to_vec()).expect("text").replace('\n', ends);
            assert_eq!(read([head.as_bytes(), &file[header..]].concat()).vertices, points, "{format} {ends:?}");
        }
        let odd = [b"\xEF\xBB\xBFply\ncomment \xFF\xFE\xE4\n", &file[4..]].concat();
        assert_eq!(read(odd).vertices, points, "{format}");
        // What is there of a file that is cut short.
        let cut = read(&file[..header + (file.len() - header) * 9 / 10]);
        assert_eq!(cut.vertices[..89], points[..89], "{format}");
        assert!(told(&cut).contains("its header tells of 100 vertex, and "), "{format}: {}", told(&cut));
        assert!(refused(&file[..header + (file.len() - header) / 2]).contains("too few; 64 are needed"));
    }
}

#[test]
fn ply_elements_are_known_by_what_they_have() {
    let square = |rest: &str, body: &str| {
        let vertices = "element vertex 4\nproperty float x\nproperty float y\nproperty float z\n";
        format!("ply\nformat ascii 1.0\n{vertices}{rest}end_header\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n{body}")
    };
    for (rest, body, triangles, said) in [
        ("element face 1\nproperty list uchar int vertex_index\n", "4 0 1 2 3\n", 2, ""),
        (
            "element face 1\nproperty uchar red\nproperty list uchar float texcoord\nproperty list uchar uint corners\n",
            "9 2 0.5 0.5 4 0 1 2 3\n",
            2,
            "",
        ),
        ("element tristrips 1\nproperty list int int vertex_indices\n", "5 0 1 3 2 -1\n", 2, ""),
        ("element tristrips 1\nproperty list int int vertex_indices\n", "9 0 1 3 -1 1 3 2 2 -1\n", 2, ""),
        (
            "element edge 1\nproperty int vertex1\nproperty int vertex2\nelement face 1\nproperty list uchar int vertex_indices\n",
            "0 1\n4 0 1 2 3\n",
            2,
            "1 edge",
        ),
        (
            "element face 2\nproperty list uchar int vertex_indices\n",
            "4 0 1 2 3\n3 0 1 9\n",
            2,
            "1 of 2 faces: a vertex is named that is not there, of 4 (the first is face 2, vertex 10)",
        ),
        ("element face 2\nproperty list uchar int vertex_indices\n", "4 0 1 2 3\n3 0 1\n", 2, "1 of 2 faces"),
        (
            "element face 3\nproperty list uchar int vertex_indices\n",
            "4 0 1 2 3\n",
            2,
            "its header tells of 3 face, and 1 are there",
        ),
        ("element face 1\nproperty list uchar int vertex_indices\n", "4 0 1 2 3\n7 7 7\n", 2, "there is more in it"),
    ] {
        let mesh = read(square(rest, body));
        assert_eq!((mesh.triangles.len(), area(&mesh)), (triangles, 1.0), "{rest}");
        assert!(told(&mesh).contains(said) && said.is_empty() == told(&mesh).is_empty(), "{rest}\n{}", told(&mesh));
    }
    // A number of vertices that is no such number takes neither memory nor time.
    let many = square("", "").replace("vertex 4", "vertex 4000000000000");
    assert!(refused(many).contains("4 points are too few"));
    let lists = square("element face 9\nproperty list int int vertex_indices\n", "2000000000 1\n".repeat(9).as_str());
    assert!(refused(lists).contains("too few"));
    for (change, word) in [
        (["ply\n", "ply\nformat weird 1.0\n"], "header has a line"),
        (["float z\n", "float height\n"], "vertex (x, y, height)"),
        (["format ascii 1.0\n", ""], "names no format"),
        (["vertex 4", "vertex many"], "no number of elements"),
        (["end_header\n", ""], "header has a line"),
    ] {
        assert!(refused(square("", "").replace(change[0], change[1])).contains(word), "{word}");
    }
    assert!(
        refused("ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty quad x\nend_header\n")
            .contains("quad")
    );
}

#[test]
fn one_bad_point_does_not_cost_the_others() {
    let points = spiral(300);
    for bad in ["nan", "-nan(ind)", "1.#QNAN", "inf", "1e999", "null", "", "1e30"] {
        let line = |(at, [x, y, z]): (usize, &[f64; 3])| {
            if at % 25 == 4 { format!("{x} {y} {bad}\n") } else { format!("{x} {y} {z}\n") }
        };
        let body: String = points.iter().enumerate().map(line).collect();
        let head = "ply\nformat ascii 1.0\nelement vertex 300\nproperty float x\nproperty float y\nproperty float z\nend_header\n";
        let mesh = read(format!("{head}{body}"));
        assert_eq!(mesh.vertices.len(), 288, "{bad}");
        assert!(
            told(&mesh).contains("12 of 300 points: a coordinate is no finite number (the first is point 5)"),
            "{bad}: {}",
            told(&mesh)
        );
        let obj: String = body.lines().map(|line| format!("v {line}\n")).collect();
        assert_eq!(read(&obj).vertices, mesh.vertices, "{bad}");
        let text = read(&body);
        assert_eq!(text.vertices, mesh.vertices, "{bad}");
        assert!(told(&text).contains("12 of 300") || told(&text).contains("12 lines"), "{bad}: {}", told(&text));
    }
    let all_bad = "v nan nan nan\n".repeat(300);
    assert!(refused(all_bad).contains("0 points that can be used are too few; 64 are needed"));
    assert!(refused("v 1 2 3\n".repeat(300)).contains("300 points all lie in one place"));
    let few: String = rows(&spiral(10), " ").repeat(30);
    assert!(refused(few).contains("only 10 of its 300 points differ"));
    let unseen = rows(&points, " ") + &"0 0 0\n".repeat(20);
    assert_eq!(read(&unseen).vertices, points);
    assert!(told(&read(unseen)).contains("20 of 320 points: they lie at 0 0 0"));
    let twice = read(rows(&points, " ") + &rows(&points[..7], " "));
    assert!(twice.vertices.len() == 307 && told(&twice).contains("7 of 307 points lie where another one does"));
}

#[test]
fn faces_without_area_give_way_to_the_vertices() {
    let vertices: String = spiral(80).iter().map(|[x, y, z]| format!("v {x} {y} {z}\n")).collect();
    for faces in ["f 1 1 1\nf 2 3 2\n", "f 1 2 99\n"] {
        let mesh = read(format!("{vertices}{faces}"));
        assert_eq!((mesh.triangles.len(), mesh.most_points()), (0, 80));
        assert!(told(&mesh).contains("its faces have no area: its vertices are the points"), "{}", told(&mesh));
    }
    assert!(
        refused("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n").contains("its faces have no area, and 3 points are too few")
    );
}

#[test]
fn clouds_on_the_map_keep_their_shape() {
    let points = spiral(300);
    let close = |moved: &Mesh, size: f64| {
        let (here, there) = (read(rows(&points, " ")).near_origin(), moved.near_origin());
        let centred = |cloud: Vec<[f32; 3]>| {
            let mean = [0, 1, 2].map(|axis| cloud.iter().map(|p| f64::from(p[axis])).sum::<f64>() / cloud.len() as f64);
            cloud.iter().map(|p| [0, 1, 2].map(|axis| f64::from(p[axis]) - mean[axis])).collect::<Vec<_>>()
        };
        let (here, there) = (centred(here), centred(there));
        let farthest =
            here.iter().zip(&there).flat_map(|(a, b)| [0, 1, 2].map(|axis| (a[axis] - b[axis] / size).abs()));
        farthest.fold(0.0, f64::max)
    };
    for far in [[500_000.0, 4_649_775.0, 120.0], [-3.0e7, 6.1e6, 0.0], [0.0, 0.0, 5.0e6]] {
        let moved: Vec<[f64; 3]> = points.iter().map(|p| [0, 1, 2].map(|axis| p[axis] + far[axis])).collect();
        let text = read(rows(&moved, " "));
        assert!(close(&text, 1.0) < 1e-5, "{far:?}: {}", close(&text, 1.0));
        assert!(close(&read(ply("binary_little_endian", &moved)), 1.0) < 1e-5);
        // A stray point at the origin does not undo it.
        let mut stray = moved.clone();
        stray.push([0.0; 3]);
        let stray = read(rows(&stray, " ")).near_origin();
        assert!((f64::from(stray[7][1] - stray[8][1]) - (points[7][1] - points[8][1])).abs() < 1e-4);
        // Corners of faces alike, whatever lies apart from them.
        let faces: String = (1..299).map(|i| format!("f {i} {} {}\n", i + 1, i + 2)).collect();
        let obj: String = moved.iter().map(|[x, y, z]| format!("v {x} {y} {z}\n")).collect::<String>() + &faces;
        assert!(close(&read(obj), 1.0) < 1e-5);
    }
    // Near the origin nothing changes but the number of bits.
    let near: Vec<[f64; 3]> = points.iter().map(|p| [p[0] + 10.0, p[1] + 2.0, p[2] - 5.0]).collect();
    assert_eq!(read(rows(&near, " ")).near_origin(), near.iter().map(|p| p.map(|v| v as f32)).collect::<Vec<_>>());
    for size in [1e-9, 1e12] {
        let scaled: Vec<[f64; 3]> = points.iter().map(|p| p.map(|v| v * size)).collect();
        let scaled = read(rows(&scaled, " ")).near_origin();
        let largest = scaled.iter().flatten().fold(0.0_f32, |most, v| most.max(v.abs()));
        assert!((largest - 1.0).abs() < 1e-6, "{size}: {largest}");
    }
}

#[test]
fn the_content_tells_the_format() {
    let points = spiral(100);
    let count = points.len();
    let triangles: Vec<[[f32; 3]; 3]> = (0..98).map(|i| [0, 1, 2].map(|k| points[i + k].map(|v| v as f32))).collect();
    let mut binary = vec![b' '; 80];
    binary[..5].copy_from_slice(b"solid");
    binary.extend((triangles.len() as u32).to_le_bytes());
    for triangle in &triangles {
        binary.extend([0.0_f32; 3].iter().chain(triangle.iter().flatten()).flat_map(|v| v.to_le_bytes()));
        binary.extend([0, 0]);
    }
    let facet = |t: &[[f32; 3]; 3]| {
        let corner = |[x, y, z]: &[f32; 3]| format!("      vertex {x} {y} {z}\n");
        format!(
            "  facet normal 0 0 0\n    outer loop\n{}    endloop\n  endfacet\n",
            t.iter().map(corner).collect::<String>()
        )
    };
    let text = format!("solid a\n{}endsolid a\n", triangles.iter().map(facet).collect::<String>());
    let off: String = (0..98).map(|i| format!("3 {i} {} {}\n", i + 1, i + 2)).collect();
    let off = format!("{count} 98 0\n{}{off}", rows(&points, " "));
    let wanted = area(&read(&text));
    for (name, file) in [
        ("text", text.clone().into_bytes()),
        ("binary", binary.clone()),
        ("off", format!("OFF\n{off}").into_bytes()),
        ("off with a comment", format!("OFF # by hand\n# made\n{off}").into_bytes()),
        ("off without a line end", format!("OFF{off}").into_bytes()),
        ("coff", format!("COFF\n{off}").into_bytes()),
    ] {
        let mesh = read(&file);
        assert_eq!(mesh.triangles.len(), 98, "{name}");
        assert!((area(&mesh) - wanted).abs() < 1e-4 && told(&mesh).is_empty(), "{name}: {}", told(&mesh));
    }
    let cut = read(&binary[..binary.len() - 130]);
    assert!(cut.triangles.len() == 95 && told(&cut).contains("tells of 98 triangles, and 95 are there"));
    assert!(told(&read(&text[..text.len() - 100])).contains("cut short"));
    assert!(refused("OFF BINARY\n\0\0\0").contains("save it as PLY"));
    assert!(told(&read(format!("OFF\n{off}").replace("100 98", "100 120"))).contains("120 faces, and 98 are there"));
}

#[test]
fn pcd_files_of_all_kinds_hold_the_same() {
    let points: Vec<[f64; 3]> = spiral(100).into_iter().map(|p| p.map(|v| f64::from(v as f32))).collect();
    let head = |data: &str| {
        format!(
            "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS x y rgb z\nSIZE 4 4 4 4\nTYPE F F U F\nCOUNT 1 1 1 1\n\
             WIDTH 100\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 100\nDATA {data}\n"
        )
        .into_bytes()
    };
    let four = |v: f64| (v as f32).to_le_bytes();
    let text: String = points.iter().map(|[x, y, z]| format!("{x} {y} 4290 {z}\n")).collect();
    let binary: Vec<u8> =
        points.iter().flat_map(|[x, y, z]| [four(*x), four(*y), [1, 2, 3, 4], four(*z)].concat()).collect();
    let column = |axis: usize| points.iter().flat_map(|p| four(p[axis])).collect::<Vec<u8>>();
    let columns = [column(0), column(1), vec![9; 400], column(2)].concat();
    // LZF: runs as they are, but for the 400 equal bytes, which are copied from one before.
    let mut packed = Vec::new();
    for part in columns[..801].chunks(32) {
        packed.push(part.len() as u8 - 1);
        packed.extend(part);
    }
    packed.extend([7 << 5, 255, 0, 7 << 5, 126, 0]);
    for part in columns[1200..].chunks(32) {
        packed.push(part.len() as u8 - 1);
        packed.extend(part);
    }
    let packed = [&(packed.len() as u32).to_le_bytes()[..], &1600_u32.to_le_bytes(), &packed].concat();
    for (data, body) in
        [("ascii", text.into_bytes()), ("binary", binary.clone()), ("binary_compressed", packed.clone())]
    {
        let mesh = read([head(data), body].concat());
        assert_eq!((mesh.vertices.as_slice(), told(&mesh)), (points.as_slice(), String::new()), "{data}");
    }
    let cut = read([head("binary"), binary[..1280].to_vec()].concat());
    assert!(cut.vertices.len() == 80 && told(&cut).contains("tells of 100 points, and 80 are there"));
    assert!(refused([head("binary_compressed"), packed[..900].to_vec()].concat()).contains("damaged or cut short"));
    assert!(refused([head("holographic"), binary].concat()).contains("holographic"));
}

#[test]
fn what_is_no_cloud_is_named() {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(rows(&spiral(100), " ").as_bytes()).expect("in memory");
    assert_eq!(read(packed.finish().expect("in memory")).vertices, spiral(100));
    for (file, word) in [
        (&b""[..], "empty"),
        (b"hello, this is a letter\nwith two lines\n", "text with x, y and z in columns"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4\nsize 9\n", "Git LFS"),
        (b"<!DOCTYPE html><html>", "web"),
        (b"glTF\x02\0\0\0\0\0\0\0", "glTF"),
        (b"LASF\0\0\0\0", "LAS"),
        (b"\0\0\0\0\0\0", "zero"),
    ] {
        assert!(refused(file).contains(word), "{word}: {}", refused(file));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_in_words(start in 0..9_usize, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let starts: [&[u8]; 9] = [b"", b"ply\n", b"OFF\n", b"solid facet vertex", b"v 0 0 0\n", b"# .PCD\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\n",
            b"\x1f\x8b\x08", b"1 2 3\n", b"ply\nformat binary_little_endian 1.0\nelement vertex 9\nproperty list uchar uchar x\nend_header\n"];
        match clouds::read(&[starts[start], &bytes].concat(), &Reading::default()) {
            Ok(mesh) => prop_assert!(mesh.triangles.iter().flatten().all(|corner| (*corner as usize) < mesh.vertices.len())),
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }

    #[test]
    fn star_shaped_polygons_are_covered_whatever_their_plane(radii in prop::collection::vec(0.1..3.0_f64, 3..40), tilt in -1.0..1.0_f64) {
        let step = std::f64::consts::TAU / radii.len() as f64;
        let at = |(i, r): (usize, &f64)| { let (sin, cos) = (i as f64 * step).sin_cos(); [r * cos, r * sin] };
        let flat: Vec<[f64; 2]> = radii.iter().enumerate().map(at).collect();
        let wanted: f64 = flat.iter().zip(flat.iter().cycle().skip(1)).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f64>() / 2.0;
        let (sin, cos) = tilt.sin_cos();
        let vertices: String = flat.iter().map(|[x, y]| format!("v {x} {} {}\n", y * cos, y * sin)).collect();
        let corners: Vec<String> = (1..=flat.len()).map(|i| i.to_string()).collect();
        if wanted > 1e-3 {
            let mesh = read(format!("{vertices}f {}\n", corners.join(" ")));
            prop_assert!((area(&mesh) - wanted).abs() < 1e-6 * wanted.max(1.0), "{} for {wanted}", area(&mesh));
        }
    }
}
