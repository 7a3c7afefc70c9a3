//! Small good files of every format.

use std::io::Write as _;

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let _ = to.write_all(plain);
    to.finish().unwrap_or_default()
}

fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// 70 points on a spiral, a line each.
fn spiral(before: &str, between: &str) -> String {
    let at = |i: i32| f64::from(i) / 10.0;
    let line = |i| [at(i).cos(), at(i).sin(), at(i)].map(|v| format!("{v:.3}")).join(between);
    (0..70).map(|i| format!("{before}{}\n", line(i))).collect()
}

pub fn ply() -> Vec<Vec<u8>> {
    let body = "0 0 0 7\n1 0 0 7\n1 1 0 7\n0 1 0.5 7\n";
    let head = |format: &str| {
        format!(
            "ply\nformat {format} 1.0\ncomment a\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\nproperty uchar red\n"
        )
    };
    let faces = "element face 2\nproperty list uchar int vertex_indices\nend_header\n";
    let strips = "element tristrips 1\nproperty list int int vertex_indices\nend_header\n";
    let mut all = vec![
        format!("{}{faces}{body}4 0 1 2 3\n3 0 2 3\n", head("ascii")).into_bytes(),
        format!("{}{strips}{body}5 0 1 2 -1 3\n", head("ascii")).replace('\n', "\r\n").into_bytes(),
        format!("ply\nformat ascii 1.0\nelement vertex 70\nproperty double x\nproperty double y\nproperty double z\nend_header\n{}", spiral("", " ")).into_bytes(),
    ];
    for big in [false, true] {
        let mut file =
            format!("{}{faces}", head(if big { "binary_big_endian" } else { "binary_little_endian" })).into_bytes();
        let four = |bytes: [u8; 4], file: &mut Vec<u8>| {
            let mut bytes = bytes;
            if big {
                bytes.reverse();
            }
            file.extend(bytes);
        };
        for vertex in [[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.5]] {
            vertex.iter().for_each(|v| four(v.to_le_bytes(), &mut file));
            file.push(7);
        }
        for face in [&[0_i32, 1, 2, 3][..], &[0, 2, 3]] {
            file.push(face.len() as u8);
            face.iter().for_each(|corner| four(corner.to_le_bytes(), &mut file));
        }
        all.push(file);
    }
    all.push(packed(&all[0]));
    all
}

pub fn obj() -> Vec<Vec<u8>> {
    let c = "v 0 0 0\nv 4 0 0\nv 4 1 0\nv 1 1 0\nv 1 3 0\nv 4 3 0\nv 4 4 0\nv 0 4 0\nf 1 2 3 4 5 6 7 8\n";
    let star: String = (0..60).map(|i: i32| format!("v {} {} 0\n", i * 7 % 13, i * 5 % 11)).collect();
    let face = format!("f {}\n", (1..=60).map(|i: i32| (i * 7 % 60 + 1).to_string()).collect::<Vec<_>>().join(" "));
    texts(&[
        c,
        "\u{feff}o a\nv 0 0 0\nv 1 0 0\nvt 0 0\nvn 0 0 1\nv 1 1 0 1.0\nv 0 1 0\nf 1/1/1 2//1 \\\n3/2 -1 # the face\nl 1 2\np 3\n",
        &format!("{star}{face}"),
        &spiral("v ", " "),
    ])
}

pub fn stl() -> Vec<Vec<u8>> {
    let text = "solid a\n facet normal 0 0 1\n  outer loop\n   vertex 0 0 0\n   vertex 1 0 0\n   vertex 0 1 0\n  endloop\n endfacet\nendsolid a\n";
    let mut binary = vec![b' '; 80];
    binary.extend(3_u32.to_le_bytes());
    for at in 0..3_u8 {
        let corners = [0.0, 0.0, 1.0, 0.0, 0.0, f32::from(at), 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        binary.extend(corners.iter().flat_map(|v: &f32| v.to_le_bytes()).chain([0, 0]));
    }
    vec![text.into(), binary]
}

pub fn off() -> Vec<Vec<u8>> {
    let body = "4 2 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0.5\n4 0 1 2 3 255 0 0\n3 0 2 3\n";
    texts(&[&format!("OFF\n{body}"), &format!("OFF{body}"), &format!("COFF # a\n{body}")])
}

pub fn pcd() -> Vec<Vec<u8>> {
    let head = |data: &str| {
        format!(
            "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z rgb\nSIZE 4 4 4 4\nTYPE F F F U\nCOUNT 1 1 1 1\nWIDTH 70\nHEIGHT 1\nPOINTS 70\nDATA {data}\n"
        )
    };
    let binary: Vec<u8> = (0..280_u32).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let mut packed = vec![];
    for part in binary.chunks(32) {
        packed.push(part.len() as u8 - 1);
        packed.extend(part);
    }
    packed.splice(33..33, [7 << 5, 3, 8, 3 << 5, 2]);
    let size = |bytes: usize| (bytes as u32).to_le_bytes();
    let compressed = [&size(packed.len())[..], &size(1120), &packed].concat();
    vec![
        format!("{}{}", head("ascii"), spiral("", " ").replace('\n', " 4\n")).into_bytes(),
        [head("binary").as_bytes(), &binary].concat(),
        [head("binary_compressed").as_bytes(), &compressed].concat(),
    ]
}

pub fn points() -> Vec<Vec<u8>> {
    texts(&[
        &format!("x,y,z\n{}", spiral("", ",")),
        &format!("70\n{}", spiral("", " ")),
        &spiral("", ";").replace('.', ","),
        &format!("//X Y Z\n{}", spiral("", "\t")),
    ])
}

pub fn tables() -> Vec<Vec<u8>> {
    let rows = |separator: &str, end: &str| -> String {
        (0..30)
            .map(|i| [format!("{}.5", i), format!("{}", i * i % 7), ["cat", "dog"][i % 2].into()].join(separator) + end)
            .collect()
    };
    let mut all = texts(&[
        &format!("a,b,label\n{}", rows(",", "\n")),
        &format!("sep=;\r\na;b;class\r\n{}", rows(";", "\r\n").replace('.', ",")),
        &rows("\t", "\n"),
        &format!("# a comment\nid a b c\n{}", rows(" ", "\n")),
        "name,\"text, long\",y\n\"a \"\"b\"\"\",\"two\nlines\",1\n'c',2,2\n,,\nNA,nan,-\n1e5,50%,3\n",
        &format!("\u{feff},0,1,2\n{}", rows(",", "\n")),
    ]);
    all.push("a;b\n1,5;2\n".encode_utf16().flat_map(u16::to_le_bytes).collect());
    all.push(packed(&all[0]));
    all
}

/// Several files in one: parted by 0x1E, each with its name in its first line.
fn together(files: &[(&str, &[u8])]) -> Vec<u8> {
    let part = |(name, bytes): &(&str, &[u8])| [name.as_bytes(), b"\n", bytes].concat();
    files.iter().map(part).collect::<Vec<_>>().join(&0x1E)
}

pub fn edges() -> Vec<Vec<u8>> {
    let edges: String = (0..30).map(|i| format!("{i},{}\n", (i + 1) % 30)).collect();
    let named: String = (0..30).map(|i| format!("n{i} n{} 0.5\n", (i * 7 + 1) % 30)).collect();
    let nodes: String =
        (0..30).map(|i| format!("{},{},{},{}\n", 29 - i, i % 5, i * i % 11, ["x", "y"][i % 2])).collect();
    vec![
        together(&[
            ("edges.csv", format!("source,target\n{edges}").as_bytes()),
            ("features.csv", format!("node_id,a,b,label\n{nodes}").as_bytes()),
        ]),
        together(&[("graph.txt", named.as_bytes())]),
        together(&[("a.tsv", edges.replace(',', "\t").as_bytes()), ("b.csv", nodes.as_bytes())]),
    ]
}

pub fn tu() -> Vec<Vec<u8>> {
    let ring =
        |start: usize| -> String { (0..4).map(|i| format!("{}, {}\n", start + i, start + (i + 1) % 4)).collect() };
    let edges: String = (0..6).map(|graph| ring(1 + 4 * graph)).collect();
    let indicator: String = (0..24).map(|i| format!("{}\n", i / 4 + 1)).collect();
    let labels = "1\n-1\n1\n-1\n1\n-1\n";
    let attributes: String = (0..24).map(|i| format!("{}.5, {}\n", i % 3, i % 5)).collect();
    let kinds: String = (0..24).map(|i| format!("{}\n", i % 3)).collect();
    vec![
        together(&[
            ("X_A.txt", edges.as_bytes()),
            ("X_graph_indicator.txt", indicator.as_bytes()),
            ("X_graph_labels.txt", labels.as_bytes()),
            ("X_node_attributes.txt", attributes.as_bytes()),
        ]),
        together(&[
            ("X/X_A.txt", edges.as_bytes()),
            ("X/X_graph_indicator.txt", indicator.as_bytes()),
            ("X/X_graph_labels.txt", labels.as_bytes()),
            ("X/X_node_labels.txt", kinds.as_bytes()),
        ]),
    ]
}

pub fn idx() -> Vec<Vec<u8>> {
    let raw = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4][..], &[7; 24]].concat();
    let floats = [&[0, 0, 13, 1, 0, 0, 0, 2][..], &0.5_f32.to_be_bytes(), &1.0_f32.to_be_bytes()].concat();
    vec![packed(&raw), raw, floats]
}

fn array(kind: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:117}\n");
    [&b"\x93NUMPY\x01\x00"[..], &(header.len() as u16).to_le_bytes(), header.as_bytes(), values].concat()
}

pub fn npy() -> Vec<Vec<u8>> {
    let numbers: Vec<u8> = (0..12).flat_map(|i| f64::from(i).to_le_bytes()).collect();
    vec![
        array("<f8", "(3, 4)", &numbers),
        array("<i4", "(24,)", &numbers),
        array(">f4", "(2, 3, 4)", &numbers),
        array("|b1", "(96,)", &numbers),
        array("<U3", "(8,)", &numbers),
        array("<f8", "()", &numbers[..8]),
    ]
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut to = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (at, (name, bytes)) in files.iter().enumerate() {
        let how = if at % 2 == 0 { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
        let _ = to.start_file(*name, zip::write::SimpleFileOptions::default().compression_method(how));
        let _ = to.write_all(bytes);
    }
    to.finish().map(std::io::Cursor::into_inner).unwrap_or_default()
}

pub fn networks() -> Vec<Vec<u8>> {
    let whole = |values: &[i64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let float = |values: &[f64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let adjacency = array("<f8", "(3, 3)", &float(&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]));
    let features = array("<f8", "(3, 2)", &float(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let labels = array("<i8", "(3,)", &whole(&[0, 1, 0]));
    let sparse = [
        ("adj_data.npy", array("<f8", "(4,)", &float(&[1.0; 4]))),
        ("adj_indices.npy", array("<i8", "(4,)", &whole(&[1, 0, 2, 1]))),
        ("adj_indptr.npy", array("<i8", "(4,)", &whole(&[0, 1, 3, 4]))),
        ("adj_shape.npy", array("<i8", "(2,)", &whole(&[3, 3]))),
        ("attr_data.npy", array("<f8", "(2,)", &float(&[1.0; 2]))),
        ("attr_indices.npy", array("<i8", "(2,)", &whole(&[1, 0]))),
        ("attr_indptr.npy", array("<i8", "(4,)", &whole(&[0, 1, 2, 2]))),
        ("attr_shape.npy", array("<i8", "(2,)", &whole(&[3, 2]))),
        ("labels.npy", labels.clone()),
    ];
    let members: Vec<(&str, &[u8])> = sparse.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    vec![
        together(&[("x_adj.npy", &adjacency), ("x_feat.npy", &features), ("x_label.npy", &labels)]),
        together(&[("x.npz", &zip(&members))]),
        together(&members),
        together(&[("x.edge", b"0 1\n1 2\n"), ("x.feature", b"1 0\n0 1\n1 1\n"), ("x.label", b"0\n1\n0\n")]),
    ]
}

pub fn archives() -> Vec<Vec<u8>> {
    let inner = zip(&[("a/x.txt", b"hello hello hello hello"), ("a/y.npy", b"1 2 3")]);
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_cksum();
    let _ = tar.append_data(&mut header, "a/x.txt", &b"hello"[..]);
    let tar = tar.into_inner().unwrap_or_default();
    vec![packed(&tar), packed(b"hello hello"), zip(&[("in.zip", &inner), ("b.txt", b"x")]), inner, tar]
}

pub fn jpeg() -> Vec<Vec<u8>> {
    let segment =
        |marker: u8, content: &[u8]| [&[0xFF, marker][..], &(content.len() as u16 + 2).to_be_bytes(), content].concat();
    let scan =
        [segment(0xDA, &[1, 1, 0, 0, 63, 0]), vec![7, 0xFF, 0, 9, 0xFF, 0xD0, 1, 0xFF, 0xFF, 0xD1, 0x44]].concat();
    let frame = segment(0xC2, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    let picture = |thumbnail: &[u8]| {
        [vec![0xFF, 0xD8], segment(0xE1, thumbnail), frame.clone(), scan.repeat(2), vec![0xFF, 0xD9]].concat()
    };
    let inner = picture(b"Exif\0\0");
    vec![[picture(&inner), b"\0\0\0\x18ftypmp42".to_vec()].concat(), inner]
}

pub fn weights() -> Vec<Vec<u8>> {
    let file = |header: &str, body: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; body]].concat()
    };
    vec![
        file(
            r#"{"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]}}"#,
            26,
        ),
        file(r#"{"x":{"dtype":"I64","shape":[0],"data_offsets":[0,0]}}"#, 0),
    ]
}

pub fn all() -> Vec<Vec<u8>> {
    [ply(), obj(), stl(), off(), pcd(), tables(), idx(), npy(), archives(), jpeg(), weights()].concat()
}
