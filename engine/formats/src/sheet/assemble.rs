//! The values of a table: rows and columns that are used, the others named.

use std::collections::BTreeMap;

use super::choose::{Chosen, named};
use super::facts::truth;
use super::layout::Layout;
use super::number::{self, Cell};
use super::{Column, Kind, Sheet, roles};
use crate::reading::{self, LeftOut, Reading};

/// Rows and columns of a preview.
const PREVIEW: [usize; 2] = [6, 50];

/// The table of these columns; `learned`: it has to have features.
///
/// # Errors
/// When no column holds numbers, or no row is whole.
pub fn sheet(layout: Layout, mut chosen: Chosen, learned: bool) -> Result<Sheet, String> {
    let whole = whole_rows(&layout, &mut chosen, learned)?;
    let features: Vec<usize> = features(&chosen);
    let mut values = Vec::with_capacity(whole.len() * features.len());
    for row in &whole {
        values.extend(features.iter().map(|column| value(&layout, *row, *column).unwrap_or_default()));
    }
    let (classes, labels) = classes(&layout, &chosen, &whole);
    let ids = chosen.ids.map(|column| whole.iter().map(|row| layout.cell(*row, column).to_string()).collect());
    if let Some(column) = chosen.class.filter(|_| !chosen.guessed_class) {
        chosen.notes.push(format!("{} is the class", named(&layout, column)));
    }
    let said =
        |column: Option<usize>| Some(column.map_or(reading::Column::None, |column| reading::Column::At(column + 1)));
    let reading = Reading {
        separator: Some(layout.separator),
        decimal: Some(layout.decimal),
        header: Some(layout.header),
        label: said(chosen.class),
        ids: said(chosen.ids),
        axes: None,
    };
    Ok(Sheet {
        columns: columns(&layout, &chosen.kinds),
        features,
        values,
        classes,
        labels,
        ids: ids.unwrap_or_default(),
        lines: whole.iter().map(|row| layout.rows.line(*row as usize)).collect(),
        preview: preview(&layout),
        notes: [layout.notes, chosen.notes].concat(),
        left_out: [layout.left_out, chosen.left_out].concat(),
        reading,
    })
}

fn features(chosen: &Chosen) -> Vec<usize> {
    let used = |column: &usize| matches!(chosen.kinds[*column], Kind::Numbers | Kind::Constant);
    (0..chosen.kinds.len()).filter(used).collect()
}

/// The number in a cell of a feature.
fn value(layout: &Layout, row: u32, column: usize) -> Option<f64> {
    let cell = layout.cell(row, column);
    match number::cell(cell, layout.decimal) {
        Cell::Number(value) => Some(value),
        Cell::Word => truth(cell).filter(|_| layout.facts[column].is_truths()),
        Cell::Missing => None,
    }
}

/// Whether a row's class is known.
fn has_class(layout: &Layout, row: u32, column: usize) -> bool {
    let cell = layout.cell(row, column);
    let number = layout.facts[column].is_numbers() && !layout.facts[column].is_truths();
    !number::is_missing_word(cell) && (!number || number::is_number(cell, layout.decimal))
}

/// The rows without a bad cell. Columns that would cost most rows are left out, the worst first.
fn whole_rows(layout: &Layout, chosen: &mut Chosen, learned: bool) -> Result<Vec<u32>, String> {
    let rows = layout.body.len();
    if learned && features(chosen).is_empty() {
        let left: Vec<String> =
            chosen.left_out.iter().take(8).map(|left| format!("{}: {}", left.what, left.why)).collect();
        return Err(format!("no column is one of numbers to learn from ({})", left.join("; ")));
    }
    let mut bad = vec![0_u32; rows];
    for column in features(chosen).into_iter().filter(|column| layout.facts[*column].bad() > 0) {
        let lacking = layout.body.iter().map(|row| value(layout, *row, column).is_none());
        bad.iter_mut().zip(lacking).for_each(|(bad, lacks)| *bad += u32::from(lacks));
    }
    while bad.iter().filter(|bad| **bad == 0).count() * 4 < rows {
        let left = features(chosen);
        let worst = left.iter().copied().max_by_key(|column| layout.facts[*column].bad());
        let Some(worst) = worst.filter(|column| left.len() > 1 && layout.facts[*column].bad() > 0) else { break };
        let lacking = layout.body.iter().map(|row| value(layout, *row, worst).is_none());
        bad.iter_mut().zip(lacking).for_each(|(bad, lacks)| *bad -= u32::from(lacks));
        chosen.kinds[worst] = Kind::LeftOut;
        let why = format!("{} of {rows} cells hold no number, which would cost most rows", layout.facts[worst].bad());
        chosen.left_out.push(LeftOut { what: named(layout, worst), why });
    }
    let mut reasons = BTreeMap::<String, Vec<u32>>::new();
    let mut whole = Vec::with_capacity(rows);
    for (row, bad) in layout.body.iter().zip(bad) {
        match chosen.class.filter(|column| !has_class(layout, *row, *column)) {
            _ if bad > 0 => reasons.entry(reason(layout, chosen, *row, bad)).or_default().push(*row),
            Some(_) => reasons.entry("the class is missing".into()).or_default().push(*row),
            None => whole.push(*row),
        }
    }
    chosen.left_out.extend(lines_left_out(layout, reasons));
    if whole.is_empty() {
        let left: Vec<String> =
            chosen.left_out.iter().take(8).map(|left| format!("{}: {}", left.what, left.why)).collect();
        return Err(format!("no row has a number in every column ({})", left.join("; ")));
    }
    Ok(whole)
}

/// Rows that are left out by reason, or together where there are many reasons.
fn lines_left_out(layout: &Layout, reasons: BTreeMap<String, Vec<u32>>) -> Vec<LeftOut> {
    /// Reasons that are told one by one.
    const TOLD: usize = 4;
    if reasons.len() <= TOLD {
        return reasons.into_iter().map(|(why, rows)| LeftOut { what: layout.lines(&rows), why }).collect();
    }
    let mut told: Vec<&str> = reasons.keys().filter_map(|why| why.split(" is ").next()).collect();
    told.dedup();
    let more = if told.len() > TOLD { " …" } else { "" };
    let why = format!("no number stands in {}{more}", told[..told.len().min(TOLD)].join(", "));
    let mut rows: Vec<u32> = reasons.into_values().flatten().collect();
    rows.sort_unstable();
    vec![LeftOut { what: layout.lines(&rows), why }]
}

/// Why a row is left out: its first bad cell.
fn reason(layout: &Layout, chosen: &Chosen, row: u32, bad: u32) -> String {
    let first = features(chosen).into_iter().find(|column| value(layout, row, *column).is_none());
    let Some(column) = first else { return "a cell holds no number".into() };
    let cell = layout.cell(row, column);
    let cell: String = cell.chars().take(40).collect();
    let more = if bad > 1 { format!(" ({bad} such cells)") } else { String::new() };
    let name = named(layout, column);
    if cell.is_empty() { format!("{name} is empty{more}") } else { format!("{name} is {cell:?}, no number{more}") }
}

/// Names of the classes, and the class of every row.
fn classes(layout: &Layout, chosen: &Chosen, rows: &[u32]) -> (Vec<String>, Vec<u32>) {
    let Some(column) = chosen.class else { return (Vec::new(), Vec::new()) };
    let mut places = BTreeMap::<&str, usize>::new();
    rows.iter().for_each(|row| *places.entry(layout.cell(*row, column)).or_default() += 1);
    let mut classes: Vec<String> = places.keys().map(|cell| roles::class_key(cell, layout.decimal)).collect();
    roles::in_order(&mut classes);
    classes.dedup();
    for (cell, place) in &mut places {
        let key = roles::class_key(cell, layout.decimal);
        *place = classes.iter().position(|class| *class == key).unwrap_or_default();
    }
    let labels =
        rows.iter().map(|row| places.get(layout.cell(*row, column)).map_or(0, |place| *place as u32)).collect();
    let told = |class: &String| class.parse::<usize>().ok().and_then(|number| layout.class_names.get(number)).cloned();
    if let Some(names) = classes.iter().map(told).collect::<Option<Vec<String>>>() {
        classes = names;
    }
    (classes, labels)
}

/// What stands in the columns, used as `kinds` say.
pub fn columns(layout: &Layout, kinds: &[Kind]) -> Vec<Column> {
    let column = |at: usize| {
        let facts = layout.facts[at];
        Column {
            name: layout.names[at].clone(),
            kind: kinds[at],
            range: (facts.numbers > 0).then_some((facts.least, facts.most)),
            missing: if facts.is_numbers() { facts.bad() } else { facts.missing },
        }
    };
    (0..layout.names.len()).map(column).collect()
}

/// The first rows as written.
pub fn preview(layout: &Layout) -> Vec<Vec<String>> {
    let [rows, columns] = PREVIEW;
    let shown = 0..layout.names.len().min(columns);
    let cells = |row: &u32| shown.clone().map(|column| layout.cell(*row, column).chars().take(60).collect()).collect();
    layout.body.iter().take(rows).map(cells).collect()
}
