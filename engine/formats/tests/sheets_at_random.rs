//! Tables at random, written in any of the usual forms, are read back exactly; random bytes never panic.

use masquerade_formats::Reading;
use masquerade_formats::sheet;
use proptest::collection::vec;
use proptest::prelude::*;

/// How a table is written.
#[derive(Debug, Clone)]
struct Form {
    separator: char,
    comma: bool,
    quoted: bool,
    header: bool,
    ends: &'static str,
    mark: bool,
    trailing: bool,
    comment: bool,
    /// Place of the class among the columns, if there is one.
    class: Option<usize>,
    ids: bool,
    blank_lines: bool,
}

fn form() -> impl Strategy<Value = Form> {
    let flags =
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let separator = prop_oneof![Just(','), Just(';'), Just('\t'), Just('|'), Just(' ')];
    let ends = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    (separator, ends, flags, proptest::option::of(0..4_usize), any::<bool>()).prop_map(
        |(separator, ends, (comma, quoted, header, mark, trailing, comment, ids), class, blank_lines)| Form {
            separator,
            // A decimal comma needs quotes where commas part cells.
            comma: comma && (separator != ',' || quoted),
            quoted,
            header,
            ends,
            mark,
            trailing: trailing && separator != ' ',
            comment,
            // In the middle, a class is told by its name alone.
            class: class.filter(|_| header),
            ids,
            blank_lines,
        },
    )
}

/// Rows of three numbers with fractions, and one of three classes.
fn rows() -> impl Strategy<Value = Vec<([i32; 3], usize)>> {
    vec(([-99_999..99_999_i32, -99_999..99_999_i32, -99_999..99_999_i32], 0..3_usize), 8..60)
}

fn number(thousandths: i32) -> f64 {
    f64::from(thousandths) / 10_000.0
}

const NAMES: [&str; 3] = ["first", "second part", "third, perhaps"];
const CLASSES: [&str; 3] = ["red", "two words", "blue, \"dark\""];

fn written(form: &Form, rows: &[([i32; 3], usize)]) -> String {
    let quote = |cell: &str| {
        let must = cell.contains([form.separator, '"', ',']) || (cell.contains(' ') && form.separator == ' ');
        if form.quoted || must { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_string() }
    };
    let line = |mut cells: Vec<String>, class: &str, id: &str| {
        if let Some(place) = form.class {
            cells.insert(place, class.to_string());
        }
        if form.ids {
            cells.insert(0, id.to_string());
        }
        let cells: Vec<String> = cells.iter().map(|cell| quote(cell)).collect();
        let end = if form.trailing { form.separator.to_string() } else { String::new() };
        cells.join(&form.separator.to_string()) + &end + form.ends
    };
    let mut text = String::new();
    if form.mark {
        text.push('\u{feff}');
    }
    if form.comment {
        text += &format!("# made at random{}", form.ends);
    }
    if form.header {
        text += &line(NAMES.map(String::from).to_vec(), "label", "id");
    }
    for (at, (numbers, class)) in rows.iter().enumerate() {
        if form.blank_lines && at % 5 == 3 {
            text += form.ends;
        }
        let cells = numbers.map(|n| {
            let plain = format!("{:.4}", number(n));
            if form.comma { plain.replace('.', ",") } else { plain }
        });
        text += &line(cells.to_vec(), CLASSES[*class], &(at + 1).to_string());
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tables_are_read_back(form in form(), rows in rows()) {
        let text = written(&form, &rows);
        let sheet = sheet::read(text.as_bytes(), &Reading::default());
        prop_assert!(sheet.is_ok(), "{:?}\n{}", sheet, text);
        let sheet = sheet.expect("a table");
        let expected: Vec<f64> = rows.iter().flat_map(|(numbers, _)| numbers.map(number)).collect();
        prop_assert_eq!(&sheet.values, &expected, "{:?} {:?}\n{}", sheet.notes, sheet.left_out, text);
        prop_assert_eq!(sheet.ids.len(), if form.ids { rows.len() } else { 0 });
        if form.header {
            prop_assert_eq!(sheet.feature_names(), NAMES);
        }
        let kinds: std::collections::BTreeSet<usize> = rows.iter().map(|(_, class)| *class).collect();
        if form.class.is_some() && kinds.len() > 1 {
            prop_assert_eq!(sheet.classes.len(), kinds.len());
            for (label, (_, class)) in sheet.labels.iter().zip(&rows) {
                prop_assert_eq!(&sheet.classes[*label as usize], CLASSES[*class]);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[0-9a-c,;\\t |.\"'#%\\n-]{0,300}") {
        if let Ok(sheet) = sheet::read(text.as_bytes(), &Reading::default()) {
            prop_assert_eq!(sheet.values.len(), sheet.rows() * sheet.features.len());
            prop_assert!(sheet.values.iter().all(|value| value.is_finite()));
            prop_assert!(sheet.labels.iter().all(|label| (*label as usize) < sheet.classes.len()));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        if let Err(why) = sheet::read(&bytes, &Reading::default()) {
            prop_assert!(!why.is_empty());
        }
    }
}
