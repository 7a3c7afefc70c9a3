//! Texts that hold a table in another form than rows of cells.

use serde::de::IgnoredAny;

/// An ARFF table of Weka as rows of cells: the names of its attributes take the place of the line `@data`, lines before
/// it are empty, so that all others keep their numbers. `None`: it is none.
pub fn of_arff(text: &str) -> Option<String> {
    let starts = |line: &str, word: &str| {
        let line = line.trim_start();
        line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let mut names = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if starts(line, "@attribute") {
            names.push(attribute(line.trim_start()["@attribute".len()..].trim_start()));
        } else if starts(line, "@data") {
            let before = text[..at - line.len()].matches('\n').count();
            let quoted = names.iter().map(|name: &&str| format!("\"{}\"", name.replace('"', "\"\"")));
            let header = quoted.collect::<Vec<String>>().join(",");
            return (!names.is_empty()).then(|| format!("{}{header}\n{}", "\n".repeat(before), &text[at..]));
        } else if !starts(line, "@relation") && !starts(line, "%") && !line.trim().is_empty() {
            return None;
        }
    }
    None
}

/// The name at the start of what follows `@attribute`: between quotes, or up to the next blank.
fn attribute(rest: &str) -> &str {
    match rest.chars().next().filter(|c| ['\'', '"'].contains(c)) {
        Some(quote) => rest[1..].split(quote).next().unwrap_or_default(),
        None => rest.split_whitespace().next().unwrap_or_default(),
    }
}

/// Whether a text is JSON: one value, or one a line.
pub fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    if !text.starts_with(['{', '[']) {
        return false;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    matches!(values.next(), Some(Ok(_)))
        && matches!(text[values.byte_offset()..].trim_start_matches(' ').chars().next(), None | Some('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arff_and_json_are_told_from_rows_of_cells() {
        let arff =
            "% a table\n@RELATION r\n\n@attribute 'leaf length' numeric\n@ATTRIBUTE kind {a, b}\n@data\n1,a\n?,b\n";
        assert_eq!(of_arff(arff).as_deref(), Some("\n\n\n\n\n\"leaf length\",\"kind\"\n1,a\n?,b\n"));
        for text in ["1,2\n@data\n", "@relation r\n", "@data\n1,2\n", "@attribute", ""] {
            assert_eq!(of_arff(text), None, "{text:?}");
        }
        for text in ["[[1, 2],\n [3, 4]]\n", " {\"a\": 1}\n{\"a\": 2}\n", "[]"] {
            assert!(is_json(text), "{text:?}");
        }
        for text in ["[1],2\n", "[a],[b]\n1,2\n", "{x\n", "1,2", "[", ""] {
            assert!(!is_json(text), "{text:?}");
        }
    }
}
