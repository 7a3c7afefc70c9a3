//! A file server on this computer that can be told to misbehave.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Path without the first `/`, unescaped.
    pub path: String,
    /// First byte that is wanted, where not all are.
    pub from: Option<usize>,
    /// How often this path was asked for before.
    pub before: usize,
    /// The host that a proxy was asked to reach; empty: this server itself was meant.
    pub through: String,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A file, or the part of it that was asked for.
    File(Vec<u8>),
    /// The whole file, whatever was asked for.
    Whole(Vec<u8>),
    /// A file of which the connection is cut after so many bytes.
    Cut(Vec<u8>, usize),
    /// Another answer, with lines of its header.
    Status(u16, Vec<String>),
}

/// A server that runs until the test program ends.
pub struct Server {
    /// Its address, without a `/` at the end.
    pub address: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answer every request, one after the other.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away in the middle is one of the cases.
                let _ = serve(&stream, &log, &answer);
            }
        });
        Self { address, asked }
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(
    stream: &TcpStream,
    log: &Mutex<Vec<Request>>,
    answer: &(impl Fn(&Request) -> Answer + Send + 'static),
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let (mut first, mut from) = asks(&mut lines)?;
    let mut through = String::new();
    // As a proxy it is every host itself.
    if let Some(host) = first.strip_prefix("CONNECT ") {
        through = host.split(' ').next().unwrap_or_default().to_string();
        let mut out = stream;
        write!(out, "HTTP/1.1 200 Connected\r\n\r\n")?;
        (first, from) = asks(&mut lines)?;
    }
    let mut address = first.split(' ').nth(1).unwrap_or_default();
    if let Some((host, path)) = address.strip_prefix("http://").and_then(|rest| rest.split_once('/')) {
        (through, address) = (host.to_string(), path);
    }
    let path = unescaped(address.trim_start_matches('/'));
    let request = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|request| request.path == path).count();
        log.push(Request { path, from, before, through });
        log[log.len() - 1].clone()
    };
    let mut out = stream;
    match answer(&request) {
        Answer::File(bytes) => match from.filter(|from| *from < bytes.len()) {
            Some(from) => {
                let range = format!("Content-Range: bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
                head(out, 206, bytes.len() - from, &[range])?;
                out.write_all(&bytes[from..])
            }
            None => {
                head(out, 200, bytes.len(), &[])?;
                out.write_all(&bytes)
            }
        },
        Answer::Whole(bytes) => {
            head(out, 200, bytes.len(), &[])?;
            out.write_all(&bytes)
        }
        Answer::Cut(bytes, at) => {
            head(out, 200, bytes.len(), &[])?;
            out.write_all(&bytes[..at])
        }
        Answer::Status(status, lines) => head(out, status, 0, &lines),
    }
}

/// The first line of a request, and the byte from which on it wants a file.
fn asks(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> std::io::Result<(String, Option<usize>)> {
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut from = None;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().ok();
        }
    }
    Ok((first, from))
}

fn head(mut out: &TcpStream, status: u16, length: usize, lines: &[String]) -> std::io::Result<()> {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    write!(out, "HTTP/1.1 {status} Answer\r\nContent-Length: {length}\r\nConnection: close\r\n{lines}\r\n")
}

fn unescaped(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            bytes.extend(u8::from_str_radix(&String::from_utf8_lossy(&digits), 16));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
