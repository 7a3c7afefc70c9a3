//! Tables as people have them are read as they are meant, and what was guessed or left out is told.
#![allow(clippy::expect_used)]

use masquerade_formats::Reading;
use masquerade_formats::reading::Column;
use masquerade_formats::sheet::{self, Kind, Sheet};

const ROWS: [[f64; 3]; 10] = [
    [0.24, -2.007, 2.143],
    [0.223, 0.479, -0.248],
    [1.476, -1.356, 4.221],
    [0.417, -0.904, 2.577],
    [0.677, -0.902, 2.171],
    [-1.2, 0.51, 0.33],
    [2.25, -0.75, 1.125],
    [0.9, 1.1, -1.3],
    [0.31, 0.42, 0.53],
    [-0.6, 0.7, 0.8],
];
const KINDS: [&str; 10] = ["red", "blue", "red", "green", "blue", "red", "green", "blue", "red", "green"];

#[track_caller]
fn read_with(text: &str, reading: &Reading) -> Sheet {
    sheet::read(text.as_bytes(), reading).expect(text)
}

fn read(text: &str) -> Sheet {
    read_with(text, &Reading::default())
}

fn refused(text: &str, reading: &Reading) -> String {
    sheet::read(text.as_bytes(), reading).err().unwrap_or_default()
}

/// The ten rows, a line each; `line` makes it of the row's place and its numbers.
fn table(first: &str, line: impl Fn(usize, [String; 3]) -> String) -> String {
    let lines = ROWS.iter().enumerate().map(|(at, row)| line(at, row.map(|v| v.to_string())));
    first.to_string() + &lines.map(|line| line + "\n").collect::<String>()
}

#[track_caller]
fn holds_the_rows(sheet: &Sheet) {
    assert_eq!(sheet.values, ROWS.concat(), "{:?} {:?}", sheet.notes, sheet.left_out);
}

#[track_caller]
fn tells(sheet: &Sheet, word: &str) {
    let left = sheet.left_out.iter().map(|left| format!("{}: {}", left.what, left.why));
    let all: Vec<String> = sheet.notes.iter().cloned().chain(left).collect();
    assert!(all.iter().any(|line| line.contains(word)), "{word:?} in {all:?}");
}

fn names(sheet: &Sheet) -> Vec<&str> {
    sheet.feature_names()
}

#[test]
fn the_same_numbers_in_any_form() {
    let comma = |v: &[String; 3]| v.clone().map(|v| v.replace('.', ","));
    for text in [
        table("x,y,z\n", |_, v| v.join(",")),
        table("", |_, v| v.join(",")),
        table("\u{feff}x;y;z\r\n", |_, v| v.join(";") + "\r"),
        table("sep=;\nx;y;z\n", |_, v| comma(&v).join(";")),
        table("x\ty\tz\n", |_, v| comma(&v).join("\t")),
        table("# made by hand\n% twice\n\nx y  z\n", |_, v| v.join("   ")),
        table("# x y z\n", |_, v| format!("  {}", v.join(" "))),
        table("x|y|z\n", |_, v| v.join(" | ")),
        table("x,y,z,\n", |_, v| v.join(",") + ","),
        table("x,y,z\n", |_, v| v.join(",") + ","),
        table("x,y,z\n", |_, v| v.map(|v| format!("\"{v}\"")).join(", ")),
        table("x,y,z\n", |_, v| v.map(|v| format!("{:e}", v.parse::<f64>().expect("a number"))).join(",")),
        table("x,y,z\n", |_, v| v.map(|v| if v.starts_with('-') { v } else { format!("+{v}") }).join(",")),
        table("x,y,z\n", |_, v| format!("\n{}\n,,\n", v.join(","))),
        table("0,1,2\n", |_, v| v.join(",")),
        table("1,2,3\n", |_, v| v.join(",")),
        table("1990;2000;2010\n", |_, v| v.join(";")),
        table("\"a, b\",\"two\nlines\",\"say \"\"hi\"\"\"\n", |_, v| v.join(",")),
        table("Report of a day\n\nx,y,z\n", |_, v| v.join(",")),
    ] {
        let sheet = read(&text);
        holds_the_rows(&sheet);
        assert!(sheet.classes.is_empty() && sheet.ids.is_empty(), "{text}");
    }
}

#[test]
fn names_of_columns_are_told_from_rows() {
    assert_eq!(names(&read(&table("x,y,z\n", |_, v| v.join(",")))), ["x", "y", "z"]);
    assert_eq!(names(&read(&table("0,1,2\n", |_, v| v.join(",")))), ["0", "1", "2"]);
    assert_eq!(names(&read(&table("# x, y, z\n", |_, v| v.join(",")))), ["x", "y", "z"]);
    assert_eq!(names(&read(&table("", |_, v| v.join(",")))), ["column 1", "column 2", "column 3"]);
    // Whole numbers that count are a header only where they are many.
    let wide = |first: &str| {
        let rows = (0..20).map(|i| {
            (0..6).map(|j| ((i * i + 3 * j * j + 2 * i * j) % 7).to_string()).collect::<Vec<_>>().join(",") + "\n"
        });
        read(&(first.to_string() + &rows.collect::<String>()))
    };
    assert_eq!((wide("0,1,2,3,4,5\n").rows(), wide("").rows()), (20, 20));
    // A bad first row decides nothing.
    let bad = read(&table("oops,1.5,2.5\n", |_, v| v.join(",")));
    holds_the_rows(&bad);
    tells(&bad, "line 1");
    let said = Reading { header: Some(false), ..Reading::default() };
    assert_eq!(read_with(&table("0,1,2\n", |_, v| v.join(",")), &said).rows(), 11);
    let said = Reading { header: Some(true), ..Reading::default() };
    assert_eq!(read_with(&table("", |_, v| v.join(",")), &said).rows(), 9);
}

#[test]
fn names_of_rows_are_no_features() {
    for text in [
        table(",x,y,z\n", |at, v| format!("{at},{}", v.join(","))),
        table("Unnamed: 0,x,y,z\n", |at, v| format!("{},{}", 100 - 3 * at, v.join(","))),
        table("x y z\n", |at, v| format!("\"row {at}\" {}", v.join(" "))),
        table("x,y,z\n", |at, v| format!("{},{}", at + 1, v.join(","))),
        table("", |at, v| format!("{at};{}", v.join(";"))),
        table("gene,x,y,z\n", |at, v| format!("ENSG{at},{}", v.join(","))),
        table("x,y,z,sample_id\n", |at, v| format!("{},{}", v.join(","), 7 * at % 40)),
        table("x,y,z,txId\n", |at, v| format!("{},{}", v.join(","), 7 * at)),
        table("time,x,y,z\n", |at, v| format!("{at},{}", v.join(","))),
    ] {
        let sheet = read(&text);
        holds_the_rows(&sheet);
        assert_eq!((sheet.ids.len(), sheet.features.len()), (10, 3), "{text}");
        assert!(sheet.columns.iter().any(|column| column.kind == Kind::Ids));
    }
    // Names of others stand often, and are none of this table.
    let users = read(&table("user_id,x,y,z\n", |at, v| format!("{},{}", at % 3, v.join(","))));
    holds_the_rows(&users);
    tells(&users, "user_id");
    // A lone column of numbers stays.
    assert_eq!(read("x\n1\n2\n3\n4\n5\n6\n").values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}

#[test]
fn the_class_is_never_learned_from() {
    let code = |at: usize| ["red", "blue", "green"].iter().position(|k| *k == KINDS[at]).expect("a kind");
    for text in [
        table("x,y,z,label\n", |at, v| format!("{},{}", v.join(","), KINDS[at])),
        table("class,x,y,z\n", |at, v| format!("{},{}", code(at), v.join(","))),
        table("x,Target,y,z\n", |at, v| format!("{},{},{},{}", v[0], code(at), v[1], v[2])),
        table("0,1,2,label\n", |at, v| format!("{},{}", v.join(","), code(at))),
        table("x,y,z,colour\n", |at, v| format!("{},{}", v.join(","), KINDS[at])),
        table("", |at, v| format!("{},{}", KINDS[at], v.join(","))),
        table("x,kind,y,z\n", |at, v| format!("{},{},{},{}", v[0], KINDS[at], v[1], v[2])),
        table("id,x,y,z,species\n", |at, v| format!("{at},{},{}", v.join(","), KINDS[at])),
        table("x1,x2,x3,y\n", |at, v| format!("{},{}", v.join(","), code(at))),
        table("x,y,z,label,label_name\n", |at, v| format!("{},{},{}", v.join(","), code(at), KINDS[at])),
        table("x,y,z,label\n", |at, v| format!("{},{}.0", v.join(","), code(at) + 1)),
    ] {
        let sheet = read(&text);
        holds_the_rows(&sheet);
        assert_eq!((sheet.classes.len(), sheet.labels.len()), (3, 10), "{text}");
        let of = |at: usize| sheet.labels[at];
        assert!((0..10).all(|a| (0..10).all(|b| (of(a) == of(b)) == (KINDS[a] == KINDS[b]))));
    }
    // Without a header: few whole numbers at an end, told.
    let double = |first: bool| {
        let line = |at: usize, v: [String; 3]| match first {
            true => format!("{},{}", code(at), v.join(",")),
            false => format!("{},{}", v.join(","), code(at)),
        };
        let text = table("", line);
        read(&[text.as_str(), &text].concat())
    };
    for sheet in [double(true), double(false)] {
        assert_eq!((sheet.features.len(), sheet.classes.len()), (3, 3));
        tells(&sheet, "taken for the class");
    }
    // The class under other names.
    let line = |at: usize, v: [String; 3]| format!("{},{},{}", v.join(","), KINDS[at], code(at));
    let sheet = read(&(table("x,y,z,kind,code\n", line) + &table("", line)));
    assert_eq!((sheet.features.len(), sheet.classes.len()), (3, 3));
    tells(&sheet, "says the same");
    // Classes that are mostly missing cost no rows.
    let few = |at: usize| if at.is_multiple_of(3) { KINDS[at] } else { "" };
    let sheet = read(&table("x,y,z,label\n", |at, v| format!("{},{}", v.join(","), few(at))));
    holds_the_rows(&sheet);
    tells(&sheet, "column label: 6 of 10 classes are missing");
    // An answer that is no class is left out, too.
    let price = read(&table("x,y,z,target\n", |at, v| format!("{},{}", v.join(","), 1.5 * at as f64)));
    holds_the_rows(&price);
    tells(&price, "column target");
    let grades: String = (0..60).map(|i| format!("{},{},{},{}\n", i % 3, i % 2, (i / 2) % 3, (i / 3) % 3)).collect();
    assert_eq!(read(&grades).features.len(), 4);
}

#[test]
fn the_user_has_the_last_word() {
    let text = table("a,b,c,kind\n", |at, v| format!("{},{}", v.join(","), KINDS[at]));
    let with = |label: Option<Column>, ids: Option<Column>| Reading { label, ids, ..Reading::default() };
    let sheet = read_with(&text, &with(Some(Column::None), None));
    assert!(sheet.classes.is_empty());
    holds_the_rows(&sheet);
    let sheet = read_with(&text, &with(Some(Column::Named("KIND".into())), Some(Column::At(2))));
    assert_eq!((sheet.classes.len(), names(&sheet), sheet.ids[0].as_str()), (3, vec!["a", "c"], "-2.007"));
    let why = refused(&text, &with(Some(Column::Named("species".into())), None));
    assert!(why.contains("species") && why.contains("a, b, c, kind"), "{why}");
    assert!(refused(&text, &with(None, Some(Column::At(5)))).contains("column 5"));
    let numbers = table("a,b,c,label\n", |at, v| format!("{},{}", v.join(","), at % 2));
    assert_eq!(read_with(&numbers, &with(Some(Column::None), None)).features.len(), 4);
    let semicolons = Reading { separator: Some(';'), decimal: Some(','), ..Reading::default() };
    assert_eq!(read_with("1,5;2,5\n3,5;4,5\n", &semicolons).values, [1.5, 2.5, 3.5, 4.5]);
    // What was guessed is said, so that it can be said again.
    let first = read(&text);
    assert_eq!(read_with(&text, &first.reading).values, first.values);
}

#[test]
fn what_is_bad_is_left_out_by_number() {
    let at = |bad: usize, cell: &'static str| {
        table("a,b,c\n", move |at, v| if at == bad { format!("{},{cell},{}", v[0], v[2]) } else { v.join(",") })
    };
    for cell in ["", "NA", "NaN", "?", "null", "-", "inf", "1e400", "oops", "#DIV/0!"] {
        let sheet = read(&at(3, cell));
        assert_eq!(sheet.rows(), 9, "{cell}");
        tells(&sheet, "line 5");
    }
    for (line, has) in [("1,2", "2 cells"), ("1,2,3,4", "4 cells"), ("word", "1 cell")] {
        let sheet = read(&format!("{line}\n{}", table("a,b,c\n", |_, v| v.join(","))));
        holds_the_rows(&sheet);
        tells(&sheet, has);
        let odd = |at: usize, v: [String; 3]| if at == 4 { format!("{line}\n{}", v.join(",")) } else { v.join(",") };
        let sheet = read(&table("a,b,c\n", odd));
        holds_the_rows(&sheet);
        tells(&sheet, "line 6");
    }
    // Units below the names, a sum at the end, the names once more.
    let sheet = read(&(table("a,b,c\nm,kg,s\n", |_, v| v.join(",")) + "a,b,c\nTotal,1,2\n"));
    holds_the_rows(&sheet);
    tells(&sheet, "line 2: column a is \"m\"");
    tells(&sheet, "line 13");
    tells(&sheet, "Total");
    // A column that is mostly missing costs itself alone.
    let sheet = read(&table("a,b,c,d\n", |at, v| format!("{},{}", v.join(","), if at < 3 { "1.5" } else { "" })));
    holds_the_rows(&sheet);
    tells(&sheet, "column d: 7 of 10 cells are missing");
    // Words, dates.
    let sheet = read(&table("when,a,b,c,remark\n", |at, v| format!("2020-01-{at:02},{},text {at}", v.join(","))));
    holds_the_rows(&sheet);
    tells(&sheet, "column remark: it holds words");
    let sheet = read(&table("a,b,c,d,e\n", |at, v| format!("{},0.1,{}", v.join(","), ["true", "FALSE"][at % 2])));
    tells(&sheet, "column d is 0.1 in all rows");
    assert_eq!((sheet.features.len(), sheet.columns[3].kind, sheet.classes.len()), (4, Kind::Constant, 2));
    let flagged = |at: usize, v: [String; 3]| format!("{},{},{},{at}.5%,{}", v[0], at % 4 == 1, v[1], v[2]);
    let sheet = read(&table("a,flag,b,share,c\n", flagged));
    assert_eq!(sheet.values[..10], [0.24, 0.0, -2.007, 0.5, 2.143, 0.223, 1.0, 0.479, 1.5, -0.248]);
    tells(&sheet, "percent");
}

#[test]
fn tables_that_are_none_are_refused_in_words() {
    let none = Reading::default();
    assert!(refused("", &none).contains("empty"));
    assert!(refused("a,b,c\n", &none).contains("no row of numbers"));
    let why = refused("1,2\n1,2,3\n1,2,3,4\n5,6,7,8,9\n", &none);
    assert!(why.contains("cells"), "{why}");
    let why = refused("It was a dark night.\nThe wind blew, and so on, and on.\nNobody came\n", &none);
    assert!(why.contains("column") || why.contains("cells"), "{why}");
    assert!(refused("a,b\nx,y\nu,v\n", &none).contains("numbers"));
    assert!(sheet::read(b"\x89PNG\r\n\x1a\n\0\0", &none).expect_err("a picture").contains("PNG"));
}

#[test]
fn wide_tables_and_first_lines_of_counts() {
    let header: Vec<String> = (0..10_000).map(|i| format!("g{i}")).collect();
    let row = |i: usize| (0..10_000).map(|j| ((i * 31 + j * 7) % 1000).to_string()).collect::<Vec<_>>().join(",");
    let text = format!("{}\n{}\n{}\n{}\n", header.join(","), row(1), row(2), row(3));
    let sheet = read(&text);
    assert_eq!((sheet.rows(), sheet.features.len()), (3, 10_000));
    let iris = "6,2,setosa,versicolor\n1.5,2.5,0\n1.7,2.4,1\n1.9,3.4,0\n2.7,1.4,1\n1.3,4.4,0\n0.7,2.1,1\n";
    let sheet = read(iris);
    assert_eq!(sheet.rows(), 6);
    assert!(sheet.left_out.is_empty(), "{:?}", sheet.left_out);
    assert_eq!(read("x\n1.5\n").values, [1.5]);
}

/// A file of the shared folder, where there is one.
fn shared(path: &str) -> Option<Vec<u8>> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::fs::read(root.join(path)).ok()
}

#[test]
fn published_tables_are_read_whole() {
    for (path, rows, features, classes) in [
        ("data/originals/tables/iris.csv", 150, 4, "setosa versicolor virginica"),
        ("data/originals/tables/wine_data.csv", 178, 13, "class_0 class_1 class_2"),
        ("data/originals/tables/breast_cancer.csv", 569, 30, "malignant benign"),
        ("data/originals/digits/digits.csv.gz", 1797, 64, "0 1 2 3 4 5 6 7 8 9"),
    ] {
        let Some(bytes) = shared(path) else { continue };
        let sheet = sheet::read(&bytes, &Reading::default()).expect("a table");
        assert_eq!((sheet.rows(), sheet.features.len()), (rows, features), "{path}: {:?}", sheet.left_out);
        assert_eq!(sheet.classes.join(" "), classes, "{path}: {:?}", sheet.notes);
        assert!(sheet.left_out.is_empty(), "{path}: {:?}", sheet.left_out);
    }
}

#[test]
fn twins_among_the_examples_say_the_same() {
    for (folder, files) in [
        ("table", &["plain.csv", "semicolon.csv", "no_header.csv", "bom_crlf.csv"][..]),
        ("table_label_first", &["first.csv", "last.csv"]),
        ("table_quoted", &["quoted.csv", "plain.csv"]),
        ("table_numbered", &["plain.csv", "header.csv", "index.csv", "label.csv"]),
    ] {
        let sheets = files.iter().filter_map(|file| shared(&format!("cases/{folder}/{file}")));
        let sheets: Vec<Sheet> =
            sheets.map(|bytes| sheet::read(&bytes, &Reading::default()).expect("a table")).collect();
        for sheet in &sheets {
            assert_eq!(sheet.values, sheets[0].values, "{folder}: {:?} {:?}", sheet.notes, sheet.left_out);
        }
    }
}

#[test]
fn tables_in_other_forms_are_read_or_called_by_their_names() {
    let arff = "@relation r\n@attribute long numeric\n@attribute 'leaf kind' {a, b}\n@data\n% measured\n1,a\n2,'b'\n?,a\n3,b\n";
    let sheet = sheet::read(arff.as_bytes(), &Reading::default()).expect("a table");
    let names: Vec<&str> = sheet.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        (names, &sheet.classes[..], sheet.lines),
        (vec!["long", "leaf kind"], &["a".to_string(), "b".into()][..], vec![6, 7, 9])
    );
    for (text, word) in [
        ("[{\"a\": 1},\n {\"a\": 2}]\n", "JSON"),
        ("[[1, 2, 3],\n [4, 5, 6],\n [7, 8, 9]]\n", "JSON"),
        ("@relation r\n@attribute a numeric\n@data\n{0 1}\n{0 2}\n", "ARFF"),
    ] {
        let why = sheet::read(text.as_bytes(), &Reading::default()).expect_err(text);
        assert!(why.contains(word) && why.contains("CSV"), "{text:?}: {why}");
    }
}
