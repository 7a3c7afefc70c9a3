//! Three small tables that everybody knows: iris, wine, breast cancer, as scikit-learn keeps them.
//!
//! The first line holds the numbers of rows and columns and the names of the classes; the class is the last column.

use super::VectorData;
use crate::data::files::Files;
use crate::data::sets;
use crate::error::{Error, Result};

/// Deviation of every column.
const DEVIATION: f64 = 1.0 / 3.0;
/// Every fifth line of a class is for testing.
const TEST_EVERY: usize = 5;

/// Ids of the tables, their files and titles.
const TABLES: [(&str, &str, &str); 3] = [
    ("iris", "iris.csv", "Iris flowers"),
    ("wine", "wine_data.csv", "Wines"),
    ("breast-cancer", "breast_cancer.csv", "Breast cancer"),
];

/// The table of this id.
///
/// # Errors
/// [`Error::Data`] when it was not fetched or is damaged.
pub async fn open(id: &str, files: &Files) -> Result<VectorData> {
    let (name, title) =
        TABLES.iter().find(|table| table.0 == id).map(|table| (table.1, table.2)).ok_or_else(|| sets::missing(id))?;
    let here = sets::here("tables", files).await?.ok_or_else(|| sets::missing(id))?;
    let mut report = here.report(id);
    let (_, bytes) = here.files.iter().find(|(file, _)| file.path == name).ok_or_else(|| sets::missing(id))?;
    report.title = title.into();
    // The other tables are no part of this one.
    (report.notes, report.skipped) = Default::default();
    report.notes.push("Every column was shifted and scaled to mean 0 and deviation ⅓".into());
    let data = read(&String::from_utf8_lossy(bytes));
    let mut data =
        data.map_err(|why| Error::data(format!("{name} cannot be read"), why, "Fetch the set tables again"))?;
    report.classes = std::mem::take(&mut data.report.classes);
    data.report = report;
    Ok(data.counted())
}

fn read(text: &str) -> std::result::Result<VectorData, String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    let number = |at: usize| head.get(at).and_then(|cell| cell.parse::<usize>().ok());
    let (Some(rows), Some(dims)) = (number(0), number(1)) else { return Err("its first line is another one".into()) };
    let classes: Vec<String> = head[2..].iter().map(ToString::to_string).collect();
    let mut table: Vec<Vec<f64>> = Vec::new();
    for (index, line) in lines.enumerate() {
        let cells: Option<Vec<f64>> = line.split(',').map(|cell| cell.trim().parse().ok()).collect();
        let fits = |cells: &Vec<f64>| cells.len() == dims + 1 && (cells[dims] as usize) < classes.len();
        table.push(cells.filter(fits).ok_or_else(|| format!("line {} is not {dims} numbers and a class", index + 2))?);
    }
    if table.len() != rows || rows == 0 || dims == 0 {
        return Err(format!("it has {} rows of {rows}", table.len()));
    }
    for column in 0..dims {
        let mean = table.iter().map(|row| row[column]).sum::<f64>() / rows as f64;
        let variance = table.iter().map(|row| (row[column] - mean).powi(2)).sum::<f64>() / rows as f64;
        let factor = if variance > 0.0 { DEVIATION / variance.sqrt() } else { 1.0 };
        table.iter_mut().for_each(|row| row[column] = (row[column] - mean) * factor);
    }
    let mut data = VectorData { dims, ..VectorData::default() };
    // The lines are in the order of the classes.
    let mut seen = vec![0_usize; classes.len()];
    for row in table {
        let class = row[dims] as usize;
        seen[class] += 1;
        let (values, labels) = if seen[class].is_multiple_of(TEST_EVERY) {
            (&mut data.test, &mut data.test_labels)
        } else {
            (&mut data.train, &mut data.train_labels)
        };
        values.extend(row[..dims].iter().map(|value| *value as f32));
        labels.push(class as u32);
    }
    data.report.classes = classes;
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_scaled_and_cut_by_class() {
        let rows: String = (0..10).map(|i| format!("{}.5,7,{}\n", i, i / 5)).collect();
        let data = read(&format!("10,2,a,b\n{rows}")).unwrap_or_default();
        assert_eq!((data.train_labels, data.test_labels), (vec![0, 0, 0, 0, 1, 1, 1, 1], vec![0, 1]));
        assert_eq!(data.report.classes, ["a", "b"]);
        // Ten even steps have a deviation of 2.87; a column of one value is left at 0.
        assert!((data.train[0] + 4.5 / 3.0 / 2.872_281).abs() < 1e-5, "{}", data.train[0]);
        assert_eq!(data.train[1], 0.0);
        assert!(read("3,2,a\n1,2,0\n").is_err());
        assert!(read("1,2,a\n1,x,0\n").is_err_and(|why| why.contains("line 2")));
    }
}
