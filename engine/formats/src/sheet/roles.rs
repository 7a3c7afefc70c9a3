//! What a column is by its name and, above all, by what stands in it: a name of rows, a class.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::number::{self, Cell};
use super::rows::Rows;

/// Names of a column of classes, the surest first.
const CLASS: [&str; 13] = [
    "label",
    "labels",
    "class",
    "classes",
    "target",
    "targets",
    "species",
    "category",
    "categories",
    "outcome",
    "diagnosis",
    "klasse",
    "y",
];
/// Names that such a column has too, and others as well.
const PERHAPS_CLASS: [&str; 10] =
    ["kind", "type", "group", "variety", "digit", "genus", "survived", "quality", "subject", "cluster"];
/// Names of a column of names.
const IDS: [&str; 19] = [
    "",
    "id",
    "ids",
    "index",
    "idx",
    "node",
    "nodes",
    "name",
    "names",
    "rowname",
    "rownames",
    "key",
    "uid",
    "uuid",
    "guid",
    "identifier",
    "unnamed0",
    "row",
    "no",
];
/// Names of the columns of an edge list.
const ENDS: [&str; 16] = [
    "source",
    "target",
    "src",
    "dst",
    "dest",
    "destination",
    "from",
    "to",
    "u",
    "v",
    "head",
    "tail",
    "node1",
    "node2",
    "citing",
    "cited",
];
/// Words that end in "id" and name no id.
const NO_IDS: [&str; 16] = [
    "acid", "solid", "grid", "fluid", "humid", "void", "valid", "centroid", "thyroid", "rapid", "liquid", "hybrid",
    "android", "bid", "paid", "mid",
];

/// How surely a name says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    No,
    Perhaps,
    Yes,
}

/// The words of a name in lower case: parted by signs, and where a capital follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a name is one of a column of classes, and its place among those that are.
pub fn class_name(name: &str) -> (Sure, usize) {
    let words = words(name);
    let known = |list: &[&str], word: &String| list.iter().position(|known| known == word);
    let beside = |word: &String| {
        known(&CLASS, word).is_some() || ["id", "name", "idx", "index", "code", "true"].contains(&word.as_str())
    };
    let whole = words.concat();
    let sure = known(&CLASS, &whole)
        .or_else(|| words.last().and_then(|last| known(&CLASS[..12], last)).map(|at| at + CLASS.len()))
        .or_else(|| words.iter().all(beside).then(|| words.iter().find_map(|word| known(&CLASS, word))).flatten());
    match sure {
        Some(at) => (Sure::Yes, at),
        None if known(&PERHAPS_CLASS, &whole).is_some() => (Sure::Perhaps, 0),
        None => (Sure::No, 0),
    }
}

/// Whether a name is one of a column of names: `Yes` for `id`, `index`, `paper_id`, `txId`; `Perhaps` for what merely
/// ends so.
pub fn id_name(name: &str) -> Sure {
    let words = words(name);
    let whole = words.concat();
    let last = words.last().map(String::as_str).unwrap_or_default();
    if IDS.contains(&whole.as_str()) || ["id", "ids", "uuid", "guid"].contains(&last) {
        Sure::Yes
    } else if (last.ends_with("id") && !NO_IDS.contains(&last))
        || ["index", "idx", "name", "number", "nr"].contains(&last)
    {
        Sure::Perhaps
    } else {
        Sure::No
    }
}

/// Whether a name ends in the word "id".
pub fn refers(name: &str) -> bool {
    words(name).last().is_some_and(|last| ["id", "ids", "uuid", "guid"].contains(&last.as_str()))
}

/// Whether a name says that a column holds an end of edges.
pub fn end_name(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| ENDS.contains(&word.as_str())) || ENDS.contains(&words.concat().as_str())
}

/// Whether two cells name the two ends of edges: "person A" and "person B", "id1" and "id2", "follower" and "followed".
pub fn pair_names(first: &str, second: &str) -> bool {
    /// Words that name an end beside another.
    const ONE: [&str; 14] = [
        "follower",
        "followee",
        "followed",
        "parent",
        "child",
        "sender",
        "receiver",
        "recipient",
        "subject",
        "object",
        "caller",
        "callee",
        "user",
        "friend",
    ];
    let bare = |name: &str| {
        let mut words = words(name);
        if words.len() > 1 && words.last().is_some_and(|last| last.len() == 1) {
            words.pop();
        }
        words.concat().trim_end_matches(|c: char| c.is_ascii_digit()).to_string()
    };
    let numbered = bare(first) == bare(second) && first != second && bare(first).len() > 1 && bare(first) != first;
    let kinds = ["node", "person", "id", "vertex", "user", "paper", "author", "protein", "gene", "name", "tx", "from"];
    (numbered && kinds.iter().any(|kind| bare(first).contains(kind)))
        || [first, second].iter().all(|name| ONE.contains(&bare(name).as_str()) || end_name(name))
}

/// Whether a word is a usual name of a column that holds words.
pub fn is_usual_name(cell: &str) -> bool {
    let id = id_name(cell) == Sure::Yes && !cell.is_empty();
    id || class_name(cell).0 != Sure::No || end_name(cell)
}

/// Whether hardly a value stands twice in a column. One that is `called` a column of names may have one that does
/// among a few rows, too.
pub fn is_distinct(rows: &Rows, body: &[u32], column: usize, called: bool) -> bool {
    let mut seen = HashSet::with_capacity(body.len().min(1 << 20));
    let allowed = (body.len() / 20).max(usize::from(called && body.len() > 3));
    let mut twice = 0;
    !body.is_empty()
        && body.iter().all(|row| {
            let cell = rows.cell(*row as usize, column);
            twice += usize::from(number::is_missing_word(cell) || !seen.insert(cell));
            twice <= allowed
        })
}

/// Whether a column numbers the rows: whole numbers, each once, hardly one left out.
pub fn counts_rows(rows: &Rows, body: &[u32], column: usize, decimal: char) -> bool {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for row in body {
        match number::cell(rows.cell(*row as usize, column), decimal) {
            Cell::Number(value) if value.fract() == 0.0 => (least, most) = (least.min(value), most.max(value)),
            _ => return false,
        }
    }
    let slack = 1.0 + body.len() as f64 / 20.0;
    body.len() > 1 && most - least + 1.0 <= body.len() as f64 + slack.floor() && is_distinct(rows, body, column, false)
}

/// The values of a column and how often each stands there, missing ones left out; `None`: more than `most`.
pub fn levels(rows: &Rows, body: &[u32], column: usize, decimal: char, most: usize) -> Option<BTreeMap<String, usize>> {
    let mut written = HashMap::<&str, usize>::new();
    for row in body {
        *written.entry(rows.cell(*row as usize, column)).or_default() += 1;
        if written.len() > 2 * most {
            return None;
        }
    }
    let mut levels = BTreeMap::new();
    for (cell, count) in written.into_iter().filter(|(cell, _)| !number::is_missing_word(cell)) {
        *levels.entry(class_key(cell, decimal)).or_insert(0) += count;
    }
    (levels.len() <= most).then_some(levels)
}

/// A class as it is told: whole numbers without a fraction, other cells as written.
pub fn class_key(cell: &str, decimal: char) -> String {
    match number::cell(cell, decimal) {
        Cell::Number(value) if value.fract() == 0.0 && value.abs() < 1e15 => format!("{value}"),
        _ => cell.to_string(),
    }
}

/// Classes in order: numbers by size, then words.
pub fn in_order(classes: &mut [String]) {
    let number = |class: &String| class.parse::<f64>().ok();
    classes.sort_by(|a, b| match (number(a), number(b)) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.cmp(b),
    });
}

/// The classes among the labels of some rows, each once, in order.
pub fn classes_of<'a>(labels: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let names: BTreeSet<&String> = labels.into_iter().collect();
    let mut names: Vec<String> = names.into_iter().cloned().collect();
    in_order(&mut names);
    names
}

/// The place of every name.
pub fn places(names: &[String]) -> HashMap<&str, u32> {
    names.iter().map(String::as_str).zip(0..).collect()
}

/// Whether the values are the numbers of classes: 0 … k − 1, 1 … k, or −1 and 1.
pub fn numbers_classes(levels: &BTreeMap<String, usize>) -> bool {
    let mut values: Vec<i64> = levels.keys().filter_map(|key| key.parse().ok()).collect();
    values.sort_unstable();
    let running = |from: i64| values.iter().zip(from..).all(|(value, expected)| *value == expected);
    values.len() == levels.len() && values.len() > 1 && (running(0) || running(1) || values == [-1, 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_column_is() {
        for name in ["label", "Class", "class_label", "species", "TARGET", "y", "true_label", "label_id", "Wine class"]
        {
            assert_eq!(class_name(name).0, Sure::Yes, "{name}");
        }
        for name in ["x", "classical", "label_noise_rate", "yes", "targeted"] {
            assert_eq!(class_name(name).0, Sure::No, "{name}");
        }
        for name in ["id", "node_id", "txId", "paper-id", "", "Unnamed: 0", "index", "ID", "Name"] {
            assert_eq!(id_name(name), Sure::Yes, "{name}");
        }
        assert_eq!((id_name("txid"), id_name("fatty acid"), id_name("width")), (Sure::Perhaps, Sure::No, Sure::No));
        assert!(pair_names("Person A", "Person B") && pair_names("id_1", "id_2") && pair_names("follower", "followee"));
        assert!(!pair_names("a", "b") && !pair_names("ann", "bob") && !pair_names("n 1", "n 2"));
        assert!(end_name("FromNodeId") && end_name("source") && !end_name("txId1") && end_name("Target"));
    }

    #[test]
    fn classes_are_in_order_of_their_numbers() {
        let mut classes = ["10", "b", "9", "-1", "a"].map(String::from);
        in_order(&mut classes);
        assert_eq!(classes, ["-1", "9", "10", "a", "b"]);
        let levels = |all: &[&str]| all.iter().map(|key| ((*key).to_string(), 1)).collect();
        assert!(numbers_classes(&levels(&["0", "1", "2"])) && numbers_classes(&levels(&["-1", "1"])));
        assert!(!numbers_classes(&levels(&["0", "2"])) && !numbers_classes(&levels(&["5"])));
    }
}
