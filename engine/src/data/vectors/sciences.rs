//! Three small tables that everybody knows: iris, wine, breast cancer, as scikit-learn keeps them.

use super::{VectorData, table};
use crate::data::files::Files;
use crate::data::sets;
use crate::error::Result;
use crate::session::{NamedBytes, Reading};

/// Ids of the tables, their files and titles.
const TABLES: [(&str, &str, &str); 3] = [
    ("iris", "iris.csv", "Iris flowers"),
    ("wine", "wine_data.csv", "Wines"),
    ("breast-cancer", "breast_cancer.csv", "Breast cancer"),
];

/// The table of this id, read as a table of the user's is.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when it was not fetched or is damaged.
pub async fn open(id: &str, files: &Files) -> Result<VectorData> {
    let (name, title) =
        TABLES.iter().find(|table| table.0 == id).map(|table| (table.1, table.2)).ok_or_else(|| sets::missing(id))?;
    let here = sets::here("tables", files).await?.ok_or_else(|| sets::missing(id))?;
    let (_, bytes) = here.files.iter().find(|(file, _)| file.path == name).ok_or_else(|| sets::missing(id))?;
    let file = NamedBytes { name: name.into(), bytes: bytes.clone() };
    let mut data = table::from_files(vec![file], &Reading::default())?;
    let report = &mut data.report;
    here.tell(id, report);
    report.title = title.into();
    // The other tables are no part of this one, and there is nothing to be read otherwise.
    (report.skipped, report.reading) = Default::default();
    report.notes = vec!["Every column was shifted and scaled to mean 0 and deviation ⅓".into()];
    Ok(data)
}
