//! [`Session`] ⇄ link text (`v=2&x=mae&p=nano&mask_ratio=.5&seed=7`), from one table of properties.
//!
//! Only what differs from the preset is written. Keys this version does not know are kept in `Session::unknown` and
//! written back, so an older program does not lose what a newer one put in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::card::Card;
use crate::error::{Error, Result};
use crate::registry;
use crate::session::{Session, Task};
use crate::trace::Cursor;

/// Version of the link text.
pub const VERSION: u32 = 2;

type Write = fn(&Session) -> Vec<String>;
type Read = fn(&mut Session, &str) -> std::result::Result<(), String>;

fn number<T: std::str::FromStr>(text: &str) -> std::result::Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is not a number of the right kind"))
}

fn flag(text: &str) -> std::result::Result<bool, String> {
    match text {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(format!("{text:?} is neither 0 nor 1")),
    }
}

fn differs<T: PartialEq + ToString>(value: &T, default: &T) -> Vec<String> {
    (value != default).then(|| value.to_string()).into_iter().collect()
}

/// Display switches with a key of their own; all others are listed under `on`.
const SWITCHES: [(&str, &str); 2] = [("raw", "raw_prediction"), ("leak", "true_patch_mean")];

fn switched(session: &Session, id: &str) -> Vec<String> {
    session.switches.contains(id).then(|| "1".into()).into_iter().collect()
}

fn switch(session: &mut Session, id: &str, text: &str) -> std::result::Result<(), String> {
    if flag(text)? {
        session.switches.insert(id.into());
    } else {
        session.switches.remove(id);
    }
    Ok(())
}

/// `GRID.VALUE`, or the value alone for the system's first such grid.
fn named(grid: &str, value: impl std::fmt::Display) -> String {
    if grid.is_empty() { value.to_string() } else { format!("{grid}.{value}") }
}

/// The property table: key, how it is written (once for each text; none = as by default), how it is read.
fn properties() -> Vec<(&'static str, Write, Read)> {
    vec![
        (
            "x",
            |s| vec![s.method.clone()],
            |s, t| {
                s.method = t.into();
                Ok(())
            },
        ),
        (
            "p",
            |s| differs(&s.preset, &String::new()),
            |s, t| {
                s.preset = t.into();
                Ok(())
            },
        ),
        (
            "data",
            |s| differs(&s.data, &String::new()),
            |s, t| {
                s.data = t.into();
                Ok(())
            },
        ),
        ("seed", |s| differs(&s.seed, &Session::default().seed), |s, t| number(t).map(|v| s.seed = v)),
        ("sample", |s| differs(&s.sample, &0), |s, t| number(t).map(|v| s.sample = v)),
        ("remask", |s| differs(&s.mask_seed, &0), |s, t| number(t).map(|v| s.mask_seed = v)),
        (
            "mask",
            |s| s.painted.iter().map(|(grid, mask)| named(grid, pack_mask(mask))).collect(),
            |s, t| {
                let (grid, mask) = match t.split('.').count() {
                    3 => t.split_once('.').unwrap_or(("", t)),
                    _ => ("", t),
                };
                unpack_mask(mask).map(|mask| drop(s.painted.insert(grid.into(), mask)))
            },
        ),
        (
            "pin",
            |s| s.pinned.iter().map(|cursor| named(&cursor.grid, cursor.token)).collect(),
            |s, t| {
                let (grid, token) = t.rsplit_once('.').unwrap_or(("", t));
                number(token).map(|token| s.pinned = Some(Cursor::new(grid, token)))
            },
        ),
        ("raw", |s| switched(s, SWITCHES[0].1), |s, t| switch(s, SWITCHES[0].1, t)),
        ("leak", |s| switched(s, SWITCHES[1].1), |s, t| switch(s, SWITCHES[1].1, t)),
        (
            "on",
            |s| {
                let others = s.switches.iter().filter(|id| SWITCHES.iter().all(|(_, own)| own != id));
                let others: Vec<&str> = others.map(String::as_str).collect();
                if others.is_empty() { Vec::new() } else { vec![others.join(".")] }
            },
            |s, t| {
                s.switches.extend(t.split('.').filter(|id| !id.is_empty()).map(String::from));
                Ok(())
            },
        ),
        (
            "task",
            |s| differs(&s.task.name(), &Task::default().name()),
            |s, t| {
                let known = [Task::Pretrain, Task::FineTune].into_iter().find(|task| task.name() == t);
                s.task = known.ok_or_else(|| format!("{t:?} is neither pretrain nor finetune"))?;
                Ok(())
            },
        ),
        (
            "stored",
            |s| differs(&s.stored, &true).iter().map(|_| "0".into()).collect(),
            |s, t| flag(t).map(|v| s.stored = v),
        ),
        (
            "from",
            |s| s.go_on.then(|| "stored".into()).into_iter().collect(),
            |s, t| {
                s.go_on = t == "stored";
                if s.go_on || t == "scratch" { Ok(()) } else { Err(format!("{t:?} is neither stored nor scratch")) }
            },
        ),
        ("step", |s| differs(&s.step, &0), |s, t| number(t).map(|v| s.step = v)),
        (
            "loss",
            |s| s.first_loss.iter().map(ToString::to_string).collect(),
            |s, t| number(t).map(|v| s.first_loss = Some(v)),
        ),
    ]
}

/// The link text of a session, without the leading `#`.
pub fn to_text(session: &Session) -> String {
    let mut pairs = vec![format!("v={VERSION}")];
    for (key, write, _) in properties() {
        pairs.extend(write(session).into_iter().map(|value| format!("{key}={}", escape(&value))));
    }
    pairs.extend(session.knobs.iter().map(|(key, value)| format!("{key}={}", escape(&value.text()))));
    pairs.extend(session.unknown.iter().map(|(key, value)| format!("{key}={}", escape(value))));
    pairs.join("&")
}

/// The session of a link text (with or without the address before `#`), its knobs checked against `cards`.
///
/// # Errors
/// [`Error::Request`] naming the key whose value cannot be read, or what to open instead of a system that is not built.
/// Unknown keys are no error.
pub fn from_text(text: &str, cards: &[Card]) -> Result<Session> {
    let text = text.rsplit_once('#').map_or(text, |(_, after)| after);
    let pairs: Vec<(String, String)> =
        text.split('&').filter_map(|p| p.split_once('=')).map(|(k, v)| (k.to_string(), unescape(v))).collect();
    let refuse = |key: &str, why: String| {
        Error::request(
            format!("The link's {key:?} cannot be read"),
            why,
            "Copy the whole link again, or remove that part of it",
        )
    };
    let mut session = Session::default();
    if let Some((_, method)) = pairs.iter().find(|(k, _)| k == "x") {
        session.method.clone_from(method);
    }
    let card = cards.iter().find(|c| c.id == session.method && c.built);
    let card = card.ok_or_else(|| registry::refused(&session.method, cards))?;
    let properties = properties();
    for (key, value) in &pairs {
        if key == "v" {
            continue;
        }
        let knob = card.knob(key);
        // A knob may have the name of a property whose values are of another form: GraphMAE's switch `remask`.
        let refused = match properties.iter().find(|(name, _, _)| name == key) {
            Some((_, _, read)) => match read(&mut session, value) {
                Ok(()) => continue,
                Err(why) => Some(why),
            },
            None => None,
        };
        if let (Some(why), None) = (&refused, knob.filter(|knob| knob.parse(value).is_ok())) {
            return Err(refuse(key, why.clone()));
        }
        if let Some(knob) = knob {
            let value = knob.parse(value).map_err(|why| refuse(key, why))?;
            session.knobs.insert(key.clone(), value);
        } else {
            session.unknown.insert(key.clone(), value.clone());
        }
    }
    // Before training could begin from scratch beside them, it always went on from the stored weights that were shown.
    if pairs.iter().any(|(key, value)| key == "v" && value == "1") {
        session.go_on = session.stored && session.step > 0;
    }
    if card.preset(&session.preset).is_none() {
        return Err(refuse("p", format!("{} has no preset {:?}", card.title, session.preset)));
    }
    Ok(session)
}

/// A mask as text: its length, then its bits in URL-safe base 64.
fn pack_mask(mask: &[bool]) -> String {
    let mut bytes = vec![0_u8; mask.len().div_ceil(8)];
    for (i, _) in mask.iter().enumerate().filter(|(_, hidden)| **hidden) {
        bytes[i / 8] |= 1 << (i % 8);
    }
    format!("{}.{}", mask.len(), URL_SAFE_NO_PAD.encode(bytes))
}

fn unpack_mask(text: &str) -> std::result::Result<Vec<bool>, String> {
    let (length, bits) = text.split_once('.').ok_or("a mask is LENGTH.BITS")?;
    let length: usize = number(length)?;
    let bytes = URL_SAFE_NO_PAD.decode(bits).map_err(|e| e.to_string())?;
    if bytes.len() != length.div_ceil(8) {
        return Err(format!("{length} tokens need {} bytes, the link has {}", length.div_ceil(8), bytes.len()));
    }
    Ok((0..length).map(|i| bytes[i / 8] >> (i % 8) & 1 == 1).collect())
}

fn escape(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            out.push(b as char);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}

fn unescape(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes
            .get(i + 1..i + 3)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[i], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 3;
            }
            (byte, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
