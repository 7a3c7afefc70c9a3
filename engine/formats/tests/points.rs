//! Clouds as text: points in columns of many kinds, and which columns are said to be the coordinates.

#![allow(clippy::expect_used, clippy::panic)]

use masquerade_formats::mesh::Mesh;
use masquerade_formats::reading::Column;
use masquerade_formats::sheet::Kind;
use masquerade_formats::{Reading, clouds};

fn read(bytes: impl AsRef<[u8]>) -> Mesh {
    clouds::read(bytes.as_ref(), &Reading::default()).unwrap_or_else(|why| panic!("{why}"))
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

#[test]
fn points_stand_in_text_in_many_ways() {
    let points = spiral(100);
    let comma = |text: String| text.replace('.', ",");
    let with = |before: &str, between: &str, after: &str| -> String {
        points.iter().map(|p| format!("{before}{}{after}\n", p.map(|v| v.to_string()).join(between))).collect()
    };
    for (file, said) in [
        (with("", " ", ""), "columns 1, 2, 3 were taken as x, y and z"),
        (with("", "\t", ""), "columns 1, 2, 3"),
        (with("", ",", ""), "parted by commas"),
        (with("", ", ", ""), "columns 1, 2, 3"),
        (with("  ", "   ", " "), "parted by blanks"),
        (comma(with("", ";", "")), "decimal comma"),
        (comma(with("", " ", "")), "decimal comma"),
        (format!("100\n{}", with("", " ", " 17 0 0 255")), "4 further columns were passed over"),
        (format!("99\n{}", with("", " ", "")), "tells of 99 points, and 100 are there"),
        (format!("x,y,z\n{}", with("", ",", "")), "called x, y and z are"),
        (format!("\u{feff}\"X\";\"Y\";\"Z\"\r\n{}", with("", ";", "").replace('\n', "\r\n")), "called X, Y and Z are"),
        (format!("//X Y Z\n{}", with("", " ", "")), "called X, Y and Z are"),
        (format!("# made by hand\n# x y z\n{}", with("", " ", "")), "called x, y and z are"),
        (format!("name,x [m],y [m],z [m]\n{}", with("a,", ",", "")), "1 further columns"),
        (
            format!("\"Points:0\",\"Points:1\",\"Points:2\"\n{}", with("", ",", "")),
            "called Points:0, Points:1 and Points:2 are",
        ),
        (format!("normal_x,pos_x,pos_y,pos_z\n{}", with("0,", ",", "")), "called pos_x, pos_y and pos_z are"),
        (
            format!("code,Easting,Northing,Elevation\n{}", with("3,", ",", "")),
            "called Easting, Northing and Elevation are",
        ),
        (format!("fid,east (m),north (m),z\n{}", with("7,", ",", "")), "called east (m), north (m) and z are"),
        (format!("a,b,c\n{}", with("", ",", "")), "no columns are called x, y and z"),
        (
            (0..100).zip(with("", " ", "").lines()).map(|(i, line)| format!("{i} {line}\n")).collect(),
            "columns 2, 3, 4 were taken as x, y and z; the one before counts",
        ),
        (format!("100\nwater\n{}", with("O ", " ", "")), "columns 2, 3, 4 were taken as x, y and z; 1 further"),
        (format!("{}1 2\n", with("", " ", "")), "line 101: 2 cells instead of 3"),
    ] {
        let mesh = read(&file);
        assert_eq!(mesh.vertices, points, "{}", file.lines().take(2).collect::<String>());
        assert!(told(&mesh).contains(said), "{said:?}\n{}", told(&mesh));
    }
    let decimals = Reading { separator: Some(','), ..Reading::default() };
    assert_eq!(clouds::read(with("", ",", "").as_bytes(), &decimals).expect("points").vertices, points);
}

#[test]
fn the_columns_of_a_text_can_be_said() {
    let file: String = (0..100).map(|i| format!("{},{},{},{i},{}\n", i % 7, i * 3, i % 11, i * i)).collect();
    let file = format!("red,east,green,north,height\n{file}");
    let columns = |axes| Reading { axes: Some(axes), ..Reading::default() };
    let named = |name: &str| Column::Named(name.into());
    for axes in [["east", "North", "height"].map(named), [2, 4, 5].map(Column::At)] {
        let mesh = clouds::read(file.as_bytes(), &columns(axes)).expect("a cloud");
        assert_eq!(mesh.vertices[9], [27.0, 9.0, 81.0]);
        assert!(told(&mesh).contains("columns 2, 4, 5 are x, y and z, as you say; 2 further"), "{}", told(&mesh));
        let shown = mesh.text.expect("a text");
        let kinds: Vec<Kind> = shown.columns.iter().map(|column| column.kind).collect();
        assert_eq!(kinds, [Kind::LeftOut, Kind::Axis(0), Kind::LeftOut, Kind::Axis(1), Kind::Axis(2)]);
        assert_eq!((shown.columns[4].range, shown.rows[1][4].as_str()), (Some((0.0, 9801.0)), "1"));
    }
    for (axes, said) in [
        ([2, 4, 9].map(Column::At), "there is no column 9; the columns are red, east"),
        (["east", "up", "height"].map(named), "there is no column \"up\""),
        ([2, 4, 2].map(Column::At), "two of them are one"),
        ([Column::At(1), Column::None, Column::At(2)], "none is no column"),
    ] {
        let why = clouds::read(file.as_bytes(), &columns(axes)).expect_err("an error");
        assert!(why.contains(said), "{why}");
    }
}
