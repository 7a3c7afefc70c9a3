//! Options that say how files of text are to be read, where a guess would be wrong.

use clap::{Args, ValueEnum};
use masquerade_engine::session::{Column, Reading};

/// Options of every command that reads the user's own data.
#[derive(Debug, Args)]
#[command(next_help_heading = "How text of your own is read, where it is not guessed rightly")]
pub struct ReadingOptions {
    /// Column of the class: its name, its place (from 1), or `none`
    #[arg(long, value_name = "COLUMN", value_parser = column)]
    label: Option<Column>,
    /// Column of the names of rows (of a graph's nodes): its name, its place (from 1), or `none`
    #[arg(long, value_name = "COLUMN", value_parser = column)]
    ids: Option<Column>,
    /// What parts two cells: comma, semicolon, tab, space, bar, or the character itself
    #[arg(long, value_name = "CHARACTER", value_parser = separator)]
    separator: Option<char>,
    /// What parts a number's fraction: point, comma, or the character itself
    #[arg(long, value_name = "CHARACTER", value_parser = decimal)]
    decimal: Option<char>,
    /// Whether the first row holds the names of the columns
    #[arg(long)]
    header: Option<YesNo>,
    /// Columns of a cloud's x, y and z: their names or places (from 1), with commas between them
    #[arg(long, value_name = "X,Y,Z", value_parser = axes)]
    xyz: Option<Axes>,
}

/// Columns of x, y and z.
type Axes = [Column; 3];

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

impl ReadingOptions {
    /// What they say.
    pub fn reading(&self) -> Reading {
        Reading {
            separator: self.separator,
            decimal: self.decimal,
            header: self.header.map(|header| header == YesNo::Yes),
            label: self.label.clone(),
            ids: self.ids.clone(),
            axes: self.xyz.clone(),
        }
    }
}

fn column(text: &str) -> Result<Column, String> {
    Ok(match text.parse() {
        Ok(0) => return Err("the first column is 1".into()),
        Ok(place) => Column::At(place),
        Err(_) if text == "none" => Column::None,
        Err(_) => Column::Named(text.into()),
    })
}

fn axes(text: &str) -> Result<Axes, String> {
    let columns: Vec<Column> = text.split(',').map(|name| column(name.trim())).collect::<Result<_, _>>()?;
    let axes: Axes = columns.try_into().map_err(|_| "it is three columns, as in 2,3,4 or east,north,height")?;
    if axes.contains(&Column::None) { Err("none is no column".into()) } else { Ok(axes) }
}

fn separator(text: &str) -> Result<char, String> {
    match text {
        "comma" => Ok(','),
        "semicolon" => Ok(';'),
        "tab" | "\\t" => Ok('\t'),
        "space" => Ok(' '),
        "bar" => Ok('|'),
        _ => one(text, "comma, semicolon, tab, space, bar, or one character"),
    }
}

fn decimal(text: &str) -> Result<char, String> {
    match text {
        "point" | "." => Ok('.'),
        "comma" | "," => Ok(','),
        _ => Err("it is point or comma".into()),
    }
}

fn one(text: &str, wanted: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(character),
        _ => Err(format!("it is {wanted}")),
    }
}
