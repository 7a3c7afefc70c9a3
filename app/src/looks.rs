//! When to ask for views: never more than one open request, ten a second while training, only what the cursor changes
//! on a hover.

use std::collections::BTreeSet;

use crate::theme::time;

/// Which views are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Those that are about the token under the cursor, of these grids.
    Cursor(BTreeSet<String>),
    All,
}

impl Want {
    /// Those that are about the cursor of a grid.
    pub fn of(grid: &str) -> Self {
        Self::Cursor(BTreeSet::from([grid.to_string()]))
    }
}

/// The open request and what is to be asked next.
#[derive(Debug, Default)]
pub struct Looks {
    request: u64,
    /// Number and time of the request that is not answered yet.
    open: Option<(u64, f64)>,
    want: Option<Want>,
    last: f64,
}

impl Looks {
    /// Something has changed that these views show.
    pub fn ask(&mut self, want: Want) {
        self.want = Some(match (self.want.take(), want) {
            (Some(Want::Cursor(mut grids)), Want::Cursor(more)) => {
                grids.extend(more);
                Want::Cursor(grids)
            }
            (Some(Want::All), _) | (_, Want::All) => Want::All,
            (None, want) => want,
        });
    }

    /// The request to send now, with its number.
    pub fn due(&mut self, now: f64, playing: bool) -> Option<(u64, Want)> {
        let waits = self.open.is_some_and(|(_, sent)| now - sent < time::LOOK_LOST);
        let early = playing && now - self.last < time::LOOK;
        if waits || early {
            return None;
        }
        let want = self.want.take()?;
        self.request += 1;
        self.open = Some((self.request, now));
        self.last = now;
        Some((self.request, want))
    }

    /// Views have come. False: they are older than the open request and may be dropped.
    pub fn answered(&mut self, request: u64) -> bool {
        match self.open {
            Some((open, _)) if request < open && request != 0 => false,
            _ => {
                self.open = self.open.filter(|(open, _)| request < *open);
                true
            }
        }
    }

    /// The engine was lost: nothing is open any more.
    pub fn forget(&mut self) {
        self.open = None;
        self.want = None;
    }

    /// Whether something is still to be asked.
    pub fn pending(&self) -> bool {
        self.want.is_some()
    }
}
