//! Random changes of good files until a reader panics, hangs or takes more memory than the file's size allows.
//!
//! Input N of a format is the same on every machine and in every run: what is found once is found again.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

/// A reader that must not fail on any bytes.
pub struct Target {
    pub name: &'static str,
    /// Bytes of memory that a reader may take for any file, and for each byte of it.
    pub free: usize,
    pub factor: usize,
    /// Good files, from which bad ones are made.
    pub seeds: Vec<Vec<u8>>,
    pub read: fn(&[u8]),
}

/// A reader that takes longer of the processor over one of these small files hangs.
const HANGS: Duration = Duration::from_secs(1);
/// Bytes of an input from which on the memory for each is told.
const TELLING: usize = 256;
/// Most bytes of an input.
const LARGEST: usize = 1 << 14;
/// Faults that are kept of a format.
const MOST_FAULTS: usize = 20;

/// Counts what is allocated, and the most at a time.
struct Counting;
static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is passed on to the system's allocator; what is counted beside it changes nothing of its answers.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(HELD.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the last panic said, and where.
static SAID: Mutex<String> = Mutex::new(String::new());

/// Splitmix64.
pub struct Random(u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `end`; 0 where there is nothing below it.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }
}

/// Run `masquerade`'s readers as the arguments say: `[FORMAT|all] [SECONDS] [--inputs N] [--from N]`; a minute each by
/// default. Prints a row of a table for each; the answer is the number of faults.
pub fn run(targets: Vec<Target>) -> io::Result<usize> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value =
        |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)?.parse().ok());
    let wanted = arguments.first().filter(|a| !a.starts_with("--")).map_or("all", String::as_str);
    let seconds: u64 = arguments.get(1).and_then(|a| a.parse().ok()).unwrap_or(60);
    let inputs: u64 = value("--inputs").unwrap_or(u64::MAX);
    let from: u64 = value("--from").unwrap_or(0);
    let limit = if inputs < u64::MAX { Duration::MAX } else { Duration::from_secs(seconds) };
    panic::set_hook(Box::new(|what| {
        if let Ok(mut said) = SAID.lock() {
            *said = what.to_string().replace('\n', " ");
        }
    }));
    let mut out = io::stdout();
    writeln!(
        out,
        "| format | inputs | seconds | most memory, bytes a byte | longest, ms | faults |\n|---|---|---|---|---|---|"
    )?;
    let mut faults = 0;
    for target in targets.iter().filter(|target| wanted == "all" || wanted == target.name) {
        faults += row(target, limit, from, inputs, &mut out)?;
    }
    Ok(faults)
}

fn row(target: &Target, limit: Duration, from: u64, inputs: u64, out: &mut io::Stdout) -> io::Result<usize> {
    let folder = PathBuf::from(std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into())).join("fuzz");
    let (start, mut number, mut found) = (Instant::now(), from, Vec::<String>::new());
    let (mut share, mut longest) = (0.0_f64, Duration::ZERO);
    while number - from < inputs && start.elapsed() < limit {
        let input = input(target, number);
        let (before, began) = (HELD.load(Relaxed), ThreadTime::now());
        MOST.store(before, Relaxed);
        let ended = panic::catch_unwind(AssertUnwindSafe(|| (target.read)(&input)));
        let (took, held) = (began.elapsed(), MOST.load(Relaxed).saturating_sub(before));
        longest = longest.max(took);
        if input.len() >= TELLING {
            share = share.max(held as f64 / input.len() as f64);
        }
        let fault = if ended.is_err() {
            Some(SAID.lock().map(|said| said.clone()).unwrap_or_default())
        } else if took > HANGS {
            Some(format!("it took {took:?}"))
        } else if held > target.free + target.factor * input.len() {
            Some(format!("{} bytes of memory for {}", held, input.len()))
        } else {
            None
        };
        // One of a kind is enough.
        let kind = |fault: &str| fault.chars().filter(|c| !c.is_ascii_digit()).take(90).collect::<String>();
        if let Some(fault) = fault.filter(|fault| !found.iter().any(|old| kind(old) == kind(fault))) {
            fs::create_dir_all(&folder)?;
            let path = folder.join(format!("{}-{number}", target.name));
            fs::write(&path, &input)?;
            writeln!(io::stderr(), "{} input {number}: {fault} ({})", target.name, path.display())?;
            found.push(fault);
            if found.len() >= MOST_FAULTS {
                break;
            }
        }
        number += 1;
        if number % (1 << 20) == 0 {
            writeln!(io::stderr(), "{}: {number} inputs, {:?}", target.name, start.elapsed())?;
        }
    }
    let seconds = start.elapsed().as_secs();
    let (name, faults) = (target.name, found.len());
    writeln!(out, "| {name} | {} | {seconds} | {share:.0} | {} | {faults} |", number - from, longest.as_millis())?;
    Ok(faults)
}

/// Input `number` of a format: a good file with some changes, or bytes of chance.
fn input(target: &Target, number: u64) -> Vec<u8> {
    let mut random = Random(number.wrapping_mul(0xA076_1D64_78BD_642F));
    if target.seeds.is_empty() || random.below(50) == 0 {
        let length = random.below(300);
        return (0..length).map(|_| random.next() as u8).collect();
    }
    let mut bytes = target.seeds[random.below(target.seeds.len())].clone();
    for _ in 0..=random.below(7) {
        change(&mut bytes, target, &mut random);
    }
    bytes.truncate(LARGEST);
    bytes
}

/// Numbers at which readers stumble, as text.
const WORDS: [&[u8]; 18] = [
    b"0",
    b"-1",
    b"1",
    b"255",
    b"65536",
    b"4294967295",
    b"4294967296",
    b"99999999999999999999",
    b"nan",
    b"inf",
    b"-inf",
    b"1e999",
    b"1e-320",
    b"1,5",
    b"",
    b"\"",
    b"\n",
    b"#",
];
const NUMBERS: [u32; 10] = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF];

fn change(bytes: &mut Vec<u8>, target: &Target, random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let end = (at + 1 + random.below(32)).min(bytes.len());
    match random.below(12) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = random.next() as u8,
        2 => bytes.truncate(at),
        3 if at < end => drop(bytes.drain(at..end)),
        4 if at < end => {
            let part = bytes[at..end].repeat(1 + random.below(8));
            drop(bytes.splice(at..at, part));
        }
        5 | 6 => {
            // A number, high or low byte first, of one, two, four bytes.
            let number = NUMBERS[random.below(NUMBERS.len())];
            let size = 1 << random.below(3);
            let four = if random.below(2) == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
            let four = if random.below(2) == 0 { &four[..size] } else { &four[4 - size..] };
            for (place, byte) in bytes.iter_mut().skip(at).zip(four) {
                *place = *byte;
            }
        }
        7 | 8 => {
            // A word for a word.
            let word = WORDS[random.below(WORDS.len())];
            let is_end = |b: &u8| matches!(b, b' ' | b'\n' | b',' | b'\t' | b';' | b'"' | b':' | b'/');
            let stop = bytes[at..].iter().position(is_end).map_or(bytes.len(), |length| at + length.min(40));
            let start = bytes[..at].iter().rposition(is_end).map_or(0, |place| place + 1).max(at.saturating_sub(40));
            drop(bytes.splice(start..stop.max(start), word.iter().copied()));
        }
        9 => {
            let other = &target.seeds[random.below(target.seeds.len())];
            let from = random.below(other.len() + 1);
            let to = (from + random.below(200)).min(other.len());
            drop(bytes.splice(at..at, other[from..to].iter().copied()));
        }
        10 => {
            let odd = [0, b'\n', b'\r', b',', b' ', b'\\', b'"', b'-', b'.', b'\t', 0xFF, 0xD9, b'#', b';', b'/', b'%'];
            bytes.insert(at, odd[random.below(odd.len())]);
        }
        _ if at < end => {
            // Lines change places.
            let (from, length) = (random.below(bytes.len()), end - at);
            let part: Vec<u8> = bytes.iter().skip(from).take(length).copied().collect();
            drop(bytes.splice(at..end, part));
        }
        _ => bytes.push(random.next() as u8),
    }
}
