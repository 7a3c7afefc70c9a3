//! What to try next when a file does not arrive: how often, from where, after how long.

use crate::error::Error;

/// Tries of one address that fail on the way.
const TRIES: u32 = 3;
/// Longest wait that is kept to, in seconds; longer ones turn to the mirror.
const LONGEST_WAIT: u64 = 120;
/// Waits of one address.
const WAITS: u32 = 2;
/// Wait before an address is tried anew after a connection was cut, in seconds.
const AFTER_CUT: u64 = 1;

/// How a try ended that did not bring the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The connection ended before the file did, or there was none. `unreachable`: nothing ever came.
    Cut { why: String, unreachable: bool },
    /// As many bytes as expected, or more, and not the right ones. `resumed`: a part was there before.
    WrongHash { found: String, resumed: bool },
    /// 429, 403 or 503: too many downloads; `wait` seconds where the source said how long.
    Limited { status: u16, wait: Option<u64> },
    /// Any other answer than the file.
    Refused { status: u16 },
}

/// What to do next.
#[derive(Debug)]
pub enum Next {
    /// Try this address of the list after so many seconds; `anew`: forget what is there of the file.
    Try { address: usize, wait: u64, anew: bool },
    /// `all`: other files would not come either, as things are.
    GiveUp { error: Error, all: bool },
}

/// The tries of one file.
#[derive(Debug, Clone)]
pub struct Attempts<'a> {
    name: &'a str,
    sha256: &'a str,
    addresses: &'a [String],
    address: usize,
    tries: u32,
    waits: u32,
    /// What was wrong at each address.
    failures: Vec<(String, Failure)>,
}

impl<'a> Attempts<'a> {
    /// Nothing was tried yet; the first address is the one to begin with.
    pub fn new(name: &'a str, sha256: &'a str, addresses: &'a [String]) -> Self {
        Self { name, sha256, addresses, address: 0, tries: 0, waits: 0, failures: Vec::new() }
    }

    /// What to do after this failure.
    pub fn after(&mut self, failure: Failure) -> Next {
        let again = match &failure {
            Failure::Cut { unreachable, .. } => {
                self.tries += 1;
                let most = if *unreachable { 1 } else { TRIES };
                (self.tries < most).then_some((AFTER_CUT, false))
            }
            Failure::WrongHash { resumed: true, .. } => Some((0, true)),
            Failure::Limited { wait: Some(wait), .. } if *wait <= LONGEST_WAIT && self.waits < WAITS => {
                self.waits += 1;
                // A source that says 0 means soon.
                Some(((*wait).max(1), false))
            }
            Failure::WrongHash { .. } | Failure::Limited { .. } | Failure::Refused { .. } => None,
        };
        if let Some((wait, anew)) = again {
            return Next::Try { address: self.address, wait, anew };
        }
        let anew = matches!(failure, Failure::WrongHash { .. });
        let address = self.addresses.get(self.address).cloned().unwrap_or_default();
        self.failures.push((address, failure));
        (self.address, self.tries, self.waits) = (self.address + 1, 0, 0);
        if self.address < self.addresses.len() {
            Next::Try { address: self.address, wait: 0, anew }
        } else {
            let one = |failure: &Failure| matches!(failure, Failure::WrongHash { .. } | Failure::Refused { .. });
            Next::GiveUp { error: self.error(), all: !self.failures.iter().any(|(_, failure)| one(failure)) }
        }
    }

    fn error(&self) -> Error {
        let host = |address: &str| address.split('/').nth(2).unwrap_or(address).to_string();
        let told = |(address, failure): &(String, Failure)| match failure {
            Failure::Cut { why, .. } => format!("{}: {why}", host(address)),
            Failure::WrongHash { found, .. } => {
                format!("{}: the SHA-256 is {found}, expected {}", host(address), self.sha256)
            }
            Failure::Limited { status, wait } => {
                let wait = wait.map_or(String::new(), |wait| format!(", come back in {wait} s"));
                format!("{} limits downloads (answer {status}{wait})", host(address))
            }
            Failure::Refused { status } => format!("{} answered {status}", host(address)),
        };
        let why: Vec<String> = self.failures.iter().map(told).collect();
        let any = |is: fn(&Failure) -> bool| self.failures.iter().any(|(_, failure)| is(failure));
        let mend = if any(|failure| matches!(failure, Failure::Limited { .. })) {
            "Fetch it again in an hour: what has arrived stays, and is used"
        } else if any(|failure| matches!(failure, Failure::WrongHash { .. })) {
            "Fetch it again; if it happens twice, something on the way changes the file, or the source has another one now"
        } else if self.failures.iter().all(|(_, failure)| matches!(failure, Failure::Cut { unreachable: true, .. })) {
            "Check that this computer is online (a proxy is taken from HTTPS_PROXY), then fetch it again: what has arrived stays"
        } else {
            "Fetch it again: what has arrived stays"
        };
        Error::data(format!("{} could not be fetched", self.name), why.join("; "), mend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<String> {
        vec!["https://a.org/x".into(), "https://b.org/x".into()]
    }

    fn next(attempts: &mut Attempts<'_>, failure: Failure) -> (usize, u64, bool) {
        match attempts.after(failure) {
            Next::Try { address, wait, anew } => (address, wait, anew),
            Next::GiveUp { error, .. } => panic!("{error}"),
        }
    }

    #[test]
    fn a_cut_is_taken_up_and_a_dead_source_left() {
        let addresses = two();
        let mut attempts = Attempts::new("x", "00", &addresses);
        let cut = |unreachable| Failure::Cut { why: "it ended".into(), unreachable };
        assert_eq!(next(&mut attempts, cut(false)), (0, 1, false));
        assert_eq!(next(&mut attempts, cut(false)), (0, 1, false));
        assert_eq!(next(&mut attempts, cut(false)), (1, 0, false));
        let Next::GiveUp { error, .. } = attempts.after(cut(true)) else { panic!("a third address") };
        assert!(error.report().why.contains("a.org: it ended; b.org: it ended"), "{}", error.report().why);
    }

    #[test]
    fn waits_are_kept_to_and_long_ones_lead_to_the_mirror() {
        let addresses = two();
        let mut attempts = Attempts::new("x", "00", &addresses);
        let limited = |wait| Failure::Limited { status: 429, wait };
        assert_eq!(next(&mut attempts, limited(Some(7))), (0, 7, false));
        assert_eq!(next(&mut attempts, limited(Some(0))), (0, 1, false));
        assert_eq!(next(&mut attempts, limited(Some(7))), (1, 0, false));
        let Next::GiveUp { error, .. } = attempts.after(limited(Some(3600))) else { panic!("an hour's wait") };
        assert!(error.report().why.contains("come back in 3600 s"));
        let mut attempts = Attempts::new("x", "00", &addresses);
        assert_eq!(next(&mut attempts, limited(None)), (1, 0, false));
    }

    #[test]
    fn wrong_bytes_are_forgotten_and_both_hashes_told() {
        let addresses = two();
        let mut attempts = Attempts::new("x", "abc", &addresses);
        let wrong = |resumed| Failure::WrongHash { found: "def".into(), resumed };
        assert_eq!(next(&mut attempts, wrong(true)), (0, 0, true));
        assert_eq!(next(&mut attempts, wrong(false)), (1, 0, true));
        let Next::GiveUp { error, .. } = attempts.after(wrong(false)) else { panic!("a third address") };
        assert!(error.report().why.contains("is def, expected abc"));
    }
}
