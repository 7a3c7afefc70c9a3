//! Text as rows of cells, read by the crate `csv`: quotes keep what is between them together, comments and blank lines
//! are passed over, and every row knows its line.

use csv::{ReaderBuilder, StringRecord};

/// How cells are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What parts two cells; a space stands for any white space.
    pub separator: char,
    /// What a cell is put between, so that it may hold separators and line ends.
    pub quote: Option<u8>,
    /// A backslash makes the next character an ordinary one.
    pub escaped: bool,
    /// Lines that begin with `#` or `%` are comments.
    pub comments: bool,
}

/// Comment lines that are kept.
const MOST_COMMENTS: usize = 100;

/// The cells of a text, row by row; about as large as the text and four bytes a cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// All cells, one after the other.
    text: String,
    /// End of every cell in `text`.
    ends: Vec<u32>,
    /// First cell of every row, and the end of the last.
    starts: Vec<u32>,
    /// Line of the file in which every row begins, from 1.
    lines: Vec<u32>,
    /// The first comments: line, cells of it without its sign, and as written.
    pub comments: Vec<Comment>,
    /// Most lines that one row takes.
    pub longest: u32,
}

/// A line that begins with `#` or `%`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub line: u32,
    /// Its cells, without the sign.
    pub cells: Vec<String>,
    /// Sign and text.
    pub text: String,
}

impl Rows {
    /// The rows of a text under a dialect; rows whose cells are all empty are passed over.
    ///
    /// # Errors
    /// When the separator is no ASCII character or the text is longer than 4 GiB.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, String> {
        if u32::try_from(text.len()).is_err() {
            return Err("it is longer than 4 GiB of text: cut it into several files".into());
        }
        let blanks = dialect.separator == ' ';
        let changed = if blanks { Some(collapsed(text, dialect.quote)) } else { unspaced(text, dialect) };
        let text = changed.as_deref().unwrap_or(text);
        let separator = if blanks { '\t' } else { dialect.separator };
        let separator = u8::try_from(separator).ok().filter(u8::is_ascii);
        let separator = separator.ok_or_else(|| format!("{:?} cannot part cells", dialect.separator))?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .quoting(dialect.quote.is_some())
            .quote(dialect.quote.unwrap_or(b'"'))
            .escape(dialect.escaped.then_some(b'\\'))
            .from_reader(text.as_bytes());
        let (mut rows, mut record) = (Self { starts: vec![0], ..Self::default() }, StringRecord::new());
        let (mut counted, mut line) = (0, 1);
        while reader.read_record(&mut record).map_err(|e| format!("it is no table: {e}"))? {
            let at = record.position().map_or(counted, |position| position.byte() as usize).clamp(counted, text.len());
            let at = at + text[at..].len() - text[at..].trim_start_matches('\n').len();
            line += newlines(&text[counted..at]);
            counted = at;
            let whole = &text[at..];
            let first = whole.trim_start_matches(' ').chars().next();
            if dialect.comments && matches!(first, Some('#' | '%')) {
                rows.comment(line, whole.lines().next().unwrap_or_default(), &record);
            } else if record.iter().any(|cell| !cell.trim().is_empty()) {
                rows.push(line, &record);
            }
        }
        Ok(rows)
    }

    fn push(&mut self, line: u32, record: &StringRecord) {
        self.longest = self.longest.max(1 + newlines(record.as_slice()));
        for cell in record {
            let cell = cell.trim();
            let bare = cell.strip_prefix('\'').and_then(|cell| cell.strip_suffix('\'')).unwrap_or(cell);
            self.text.push_str(bare);
            self.ends.push(self.text.len() as u32);
        }
        self.starts.push(self.ends.len() as u32);
        self.lines.push(line);
    }

    fn comment(&mut self, line: u32, whole: &str, record: &StringRecord) {
        // Kept are the first of all, and of those before the first row the last.
        if self.comments.len() >= MOST_COMMENTS {
            if !self.lines.is_empty() {
                return;
            }
            self.comments.pop();
        }
        let mut cells: Vec<String> = record.iter().map(|cell| cell.trim().to_string()).collect();
        if let Some(first) = cells.first_mut() {
            *first = first.trim_start_matches(['#', '%']).trim().to_string();
        }
        // A sign that stands apart is no cell where cells are parted by blanks.
        if whole.trim_start_matches(['#', '%']).starts_with([' ', '\t']) && cells.first().is_some_and(String::is_empty)
        {
            cells.remove(0);
        }
        self.comments.push(Comment { line, cells, text: whole.chars().take(200).collect() });
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Cells of a row.
    pub fn width(&self, row: usize) -> usize {
        match self.starts.get(row..) {
            Some([start, end, ..]) => (end - start) as usize,
            _ => 0,
        }
    }

    /// Line of the file in which a row begins, from 1.
    pub fn line(&self, row: usize) -> u32 {
        self.lines.get(row).copied().unwrap_or_default()
    }

    /// A cell, without the blanks around it; empty where there is none.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        if column >= self.width(row) {
            return "";
        }
        let at = self.starts[row] as usize + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.text[start..self.ends[at] as usize]
    }

    /// The cells of a row.
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = &str> {
        (0..self.width(row)).map(move |column| self.cell(row, column))
    }

    /// The most frequent width of the rows, and how many rows have it; of equally frequent ones the larger.
    pub fn usual_width(&self) -> (usize, usize) {
        let mut widths = std::collections::BTreeMap::new();
        (0..self.len()).for_each(|row| *widths.entry(self.width(row)).or_insert(0) += 1);
        widths.into_iter().max_by_key(|(width, count)| (*count, *width)).unwrap_or_default()
    }
}

fn newlines(text: &str) -> u32 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u32
}

/// The text without blanks between a separator and the quote of the next cell, where there are any.
fn unspaced(text: &str, dialect: Dialect) -> Option<String> {
    let quote = dialect.quote.map(char::from)?;
    let spaced = |blanks: &str| text.contains(&format!("{}{blanks}{quote}", dialect.separator));
    if !spaced(" ") && !spaced("  ") && !text.contains(&format!("\n {quote}")) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut closed, mut fresh, mut blanks) = (false, false, true, 0);
    for c in text.chars() {
        if !inside && fresh && c == ' ' {
            blanks += 1;
            continue;
        }
        // Two quotes within quotes are one.
        let opens = !inside && c == quote && (fresh || closed);
        if !opens {
            out.extend(std::iter::repeat_n(' ', blanks));
        }
        closed = inside && c == quote;
        inside = opens || (inside && c != quote);
        blanks = 0;
        fresh = !inside && (c == dialect.separator || c == '\n');
        out.push(c);
    }
    Some(out)
}

/// Every run of blanks outside of quotes as one tab; none at the ends of a line.
fn collapsed(text: &str, quote: Option<u8>) -> String {
    let quote = quote.map(char::from);
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut closed, mut blank, mut fresh) = (false, false, false, true);
    for c in text.chars() {
        // Two quotes within quotes are one.
        let again = closed && Some(c) == quote;
        closed = inside && Some(c) == quote;
        match c {
            _ if inside || again => {
                inside = again || Some(c) != quote;
                out.push(c);
            }
            '\n' => {
                out.push(c);
                (blank, fresh) = (false, true);
            }
            _ if c.is_whitespace() => blank = !fresh,
            _ => {
                if blank {
                    out.push('\t');
                }
                inside = (blank || fresh) && Some(c) == quote;
                out.push(c);
                (blank, fresh) = (false, false);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Dialect = Dialect { separator: ',', quote: Some(b'"'), escaped: false, comments: true };

    fn cells(text: &str, dialect: Dialect) -> Vec<Vec<String>> {
        let rows = Rows::parse(text, dialect).unwrap_or_default();
        (0..rows.len()).map(|row| rows.row(row).map(str::to_string).collect()).collect()
    }

    #[test]
    fn quotes_comments_and_blank_lines() {
        let text = "# a, b\n\nx,\"two\nlines\", c \n% note\n1,\"say \"\"hi\"\"\",\"a,b\"\n,,\n\n\"#5\",2,'q'\n";
        let rows = Rows::parse(text, PLAIN).unwrap_or_default();
        assert_eq!(cells(text, PLAIN), [["x", "two\nlines", "c"], ["1", "say \"hi\"", "a,b"], ["#5", "2", "q"]]);
        assert_eq!([0, 1, 2].map(|row| rows.line(row)), [3, 6, 9]);
        assert_eq!((rows.comments.len(), rows.comments[0].cells.clone()), (2, vec!["a".to_string(), "b".into()]));
        assert_eq!((rows.longest, rows.usual_width(), rows.cell(0, 9)), (2, (3, 3), ""));
    }

    #[test]
    fn blanks_before_a_quote_are_none_of_the_cell() {
        assert_eq!(
            cells("\"a\", \"b, \"\"c, d\"\", \",  d e\n 1,  \"2\", \"x\ny\"\n", PLAIN),
            [["a", "b, \"c, d\",", "d e"], ["1", "2", "x\ny"]]
        );
    }

    #[test]
    fn any_blanks_part_cells() {
        let blanks = Dialect { separator: ' ', ..PLAIN };
        assert_eq!(cells("  1 \t 2\n\"a \"\"b c\"\" d\"   3  \n", blanks), [["1", "2"], ["a \"b c\" d", "3"]]);
        assert!(Rows::parse("a", Dialect { separator: '→', ..PLAIN }).is_err());
    }
}
