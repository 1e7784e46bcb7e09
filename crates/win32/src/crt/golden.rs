//! The engines against what the runtimes themselves answered.
//!
//! `tests/crt/golden.tsv` holds calls and what came out of them under Wine; `tests/crt/oracle.c`
//! says how it is made. Where Microsoft's documentation says otherwise, `tests/crt/documented.tsv`
//! has the documented answer and why; each of its lines must differ from what Wine answered.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;

use super::format::{self, Arguments, Failure, Sink};
use super::number::{self, Spelling};
use super::scan::{self, Source, Targets};
use super::strftime::{Letters, ZoneText, strftime};
use super::time::{Offset, Tm};
use super::unit::Unit;

const GOLDEN: &str = include_str!("../../tests/crt/golden.tsv");
/// What the 32-bit runtimes answer otherwise.
const GOLDEN_32: &str = include_str!("../../tests/crt/golden32.tsv");
const DOCUMENTED: &str = include_str!("../../tests/crt/documented.tsv");
const DOCUMENTED_32: &str = include_str!("../../tests/crt/documented32.tsv");

/// Arguments that lie in a list; a text's address is its place in the list.
struct Listed {
    /// As wide as a pointer each; what has 64 bits takes two of 32.
    words: VecDeque<u64>,
    pointer: usize,
    narrow: Vec<Vec<u8>>,
}

impl Listed {
    fn new(fields: &[&str], pointer: usize) -> Self {
        let mut narrow = vec![Vec::new()];
        let mut words = VecDeque::new();
        for field in fields {
            let (kind, value) = field.split_at(2);
            let value = match kind {
                "d:" => value.parse::<f64>().expect("a number").to_bits(),
                "s:" | "w:" => {
                    narrow.push(unescape(value));
                    narrow.len() as u64 - 1
                }
                _ => integer(value),
            };
            words.push_back(value);
            if pointer == 4 && matches!(kind, "d:" | "q:") {
                words.push_back(value >> 32);
            }
        }
        Self {
            words,
            pointer,
            narrow,
        }
    }

    fn next(&mut self) -> u64 {
        self.words.pop_front().unwrap_or(0)
    }

    fn next_64(&mut self) -> u64 {
        match self.pointer {
            4 => self.next() & u64::from(u32::MAX) | self.next() << 32,
            _ => self.next(),
        }
    }
}

fn integer(text: &str) -> u64 {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).expect("hexadecimal"),
        None => text.parse::<i64>().expect("a number") as u64,
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let escaped = if byte == b'\\' { rest.next() } else { None };
        bytes.push(match escaped {
            None => byte,
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'x') => {
                let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                u8::from_str_radix(std::str::from_utf8(&digits).expect("ASCII"), 16)
                    .expect("hexadecimal")
            }
            Some(other) => other,
        });
    }
    bytes
}

impl Arguments for Listed {
    type Error = Infallible;
    fn pointer_bytes(&self) -> usize {
        self.pointer
    }
    fn next_int(&mut self) -> Result<u32, Infallible> {
        Ok(self.next() as u32)
    }
    fn next_long(&mut self) -> Result<u64, Infallible> {
        Ok(self.next_64())
    }
    fn next_double(&mut self) -> Result<f64, Infallible> {
        Ok(f64::from_bits(self.next_64()))
    }
    fn next_pointer(&mut self) -> Result<u64, Infallible> {
        let word = self.next();
        Ok(if self.pointer == 4 {
            word & u64::from(u32::MAX)
        } else {
            word
        })
    }
    fn narrow(&mut self, at: u64, most: usize) -> Result<Vec<u8>, Infallible> {
        let text = &self.narrow[at as usize];
        Ok(text[..text.len().min(most)].to_vec())
    }
    fn wide(&mut self, at: u64, most: usize) -> Result<Vec<u16>, Infallible> {
        Ok(self.narrow(at, most)?.into_iter().map(u16::from).collect())
    }
    fn counted(&mut self, _: u64) -> Result<(usize, u64), Infallible> {
        unreachable!("no case asks for it")
    }
    fn store(&mut self, _: u64, _: u64, _: usize) -> Result<(), Infallible> {
        unreachable!("no case asks for it")
    }
}

fn show<C: Unit>(units: &[C]) -> String {
    let shown = units.iter().map(|unit| match (*unit).into() {
        0 => "\\0".to_owned(),
        9 => "\\t".to_owned(),
        10 => "\\n".to_owned(),
        92 => "\\\\".to_owned(),
        value @ 32..=126 => char::from(value as u8).to_string(),
        value @ 0..=255 => format!("\\x{value:02x}"),
        value => format!("\\u{value:04x}"),
    });
    shown.collect()
}

fn printed<C: Unit>(fields: &[&str], pointer: usize) -> String {
    let options = fields[2][1..].parse::<u64>().expect("options");
    let size = integer(fields[3]) as usize;
    let (rules, finish) = if fields[1] == "msvcrt" {
        (format::Rules::MSVCRT, format::Finish::Bare)
    } else {
        (format::Rules::ucrt(options), format::Finish::ucrt(options))
    };
    let text: Vec<C> = unescape(fields[4]).into_iter().map(C::from).collect();
    let mut sink = Sink::new(size);
    let done = format::format(
        &text,
        &mut Listed::new(&fields[5..], pointer),
        rules,
        &mut sink,
    );
    let (answer, kept) = match done {
        Ok(()) => finish.apply(sink, Some(size)),
        Err(Failure::Invalid | Failure::Unmappable) => return "-1\t".to_owned(),
        Err(Failure::Argument(never)) => match never {},
    };
    let shown = kept
        .iter()
        .position(|unit| *unit == C::default())
        .map_or(kept.len(), |at| at + 1);
    format!("{answer}\t{}", show(&kept[..shown]))
}

struct Text<C> {
    text: Vec<C>,
    at: usize,
}

impl<C: Unit> Source<C> for Text<C> {
    type Error = Infallible;
    fn peek(&mut self, ahead: u64) -> Result<Option<C>, Infallible> {
        Ok(self.text.get(self.at + ahead as usize).copied())
    }
    fn skip(&mut self, count: u64) -> Result<(), Infallible> {
        self.at += count as usize;
        Ok(())
    }
}

struct Stored {
    /// What the format is given, target or size, in order.
    given: VecDeque<Option<u32>>,
    pointer: usize,
    stores: Vec<Vec<u8>>,
}

impl Targets for Stored {
    type Error = Infallible;
    fn pointer_bytes(&self) -> usize {
        self.pointer
    }
    fn next_pointer(&mut self) -> Result<u64, Infallible> {
        assert_eq!(self.given.pop_front(), Some(None), "a target is due");
        self.stores.push(Vec::new());
        Ok(self.stores.len() as u64 - 1)
    }
    fn next_size(&mut self) -> Result<u32, Infallible> {
        Ok(self.given.pop_front().flatten().expect("a size is due"))
    }
    fn store(&mut self, at: u64, bytes: &[u8]) -> Result<(), Infallible> {
        self.stores[at as usize] = bytes.to_vec();
        Ok(())
    }
}

fn scanned<C: Unit>(fields: &[&str], pointer: usize) -> String {
    let options = fields[2][1..].parse::<u64>().expect("options");
    let rules = if fields[1] == "msvcrt" {
        scan::Rules::MSVCRT
    } else {
        scan::Rules::ucrt(options)
    };
    let units = |text: &str| unescape(text).into_iter().map(C::from).collect::<Vec<C>>();
    let mut source = Text {
        text: units(fields[3]),
        at: 0,
    };
    let given = fields[5..]
        .iter()
        .map(|field| field.strip_prefix("n:").map(|size| integer(size) as u32));
    let mut targets = Stored {
        given: given.collect(),
        pointer,
        stores: Vec::new(),
    };
    let Ok(answer) = scan::scan(&units(fields[4]), &mut source, &mut targets, rules);
    let mut shown = answer.to_string();
    let count = fields[5..].iter().filter(|field| **field == "t").count();
    targets.stores.resize(count, Vec::new());
    for store in targets.stores {
        shown.push('\t');
        shown.extend(store.iter().map(|byte| format!("{byte:02x}")));
    }
    shown
}

fn parsed(fields: &[&str]) -> String {
    let text = unescape(fields[3]);
    let unit = |at: u64| Ok::<u8, Infallible>(text.get(at as usize).copied().unwrap_or(0));
    let base = fields[4].parse::<u32>().expect("a base");
    if fields[2] == "strtod" {
        let spelling = if fields[1] == "msvcrt" {
            Spelling::Old
        } else {
            Spelling::C99
        };
        let Ok(found) = number::float(spelling, unit);
        return format!(
            "{:016x}\t{}\t{}",
            found.value.to_bits(),
            found.consumed,
            u8::from(found.overflow)
        );
    }
    let Ok(found) = number::whole(base, unit);
    let (value, overflow) = match fields[2] {
        "strtol" => (found.signed(32).value as u64, found.signed(32).overflow),
        "strtoul" => (found.unsigned(32).value, found.unsigned(32).overflow),
        "_strtoi64" => (found.signed(64).value as u64, found.signed(64).overflow),
        _ => (found.unsigned(64).value, found.unsigned(64).overflow),
    };
    let digits = if fields[2].contains("64") {
        format!("{value:016x}")
    } else {
        format!("{:08x}", value as u32)
    };
    format!("{digits}\t{}\t{}", found.consumed, u8::from(overflow))
}

fn timed(fields: &[&str]) -> String {
    let letters = if fields[1] == "msvcrt" {
        Letters::C89
    } else {
        Letters::C99
    };
    let tm = Tm::at(fields[3].parse().expect("seconds"), Offset::default());
    let zone = ZoneText {
        name: "UTC".to_owned(),
        seconds: 0,
    };
    let text = strftime(&unescape(fields[2]), &tm, &zone, letters).unwrap_or_default();
    format!("{}\t{}", text.len(), show(&text))
}

/// The calls and their answers in a table.
fn answers(table: &'static str) -> HashMap<&'static str, &'static str> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once("\t=>\t").expect("a call and its answer"))
        .collect()
}

/// Compares every call in drivers of one width; the tables have what its runtimes answer otherwise.
fn compare(pointer: usize, golden: &'static str, otherwise: &'static str) {
    let mut narrow = answers(golden);
    let mut documented = answers(DOCUMENTED);
    documented.extend(answers(otherwise));
    let mut wrong = Vec::new();
    let mut lines = 0;
    for line in GOLDEN.lines() {
        let (call, wine) = line.split_once("\t=>\t").expect("a call and its answer");
        let wine = narrow.remove(call).unwrap_or(wine);
        let fields: Vec<&str> = call.split('\t').collect();
        let wide = fields[2].starts_with('w');
        let ours = match (fields[0], wide) {
            ("p", false) => printed::<u8>(&fields, pointer),
            ("p", true) => printed::<u16>(&fields, pointer),
            ("s", false) => scanned::<u8>(&fields, pointer),
            ("s", true) => scanned::<u16>(&fields, pointer),
            ("n", _) => parsed(&fields),
            _ => timed(&fields),
        };
        let expected = documented.remove(call);
        if expected == Some(wine) {
            wrong.push(format!(
                "{call}: Wine answers as documented: take the line out of documented.tsv"
            ));
        }
        let expected = expected.unwrap_or(wine);
        if ours != expected {
            wrong.push(format!("{call}\t=>\t{ours}\t!=\t{expected}"));
        }
        lines += 1;
    }
    let unknown = documented.keys().chain(narrow.keys());
    wrong.extend(unknown.map(|call| format!("{call}: not in golden.tsv")));
    assert!(lines > 1000, "the table is there");
    assert!(
        wrong.is_empty(),
        "{} of {lines}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_call_answers_as_the_runtimes_do() {
    compare(8, "", "");
}

#[test]
fn every_call_of_a_32_bit_driver_answers_as_the_32_bit_runtimes_do() {
    compare(4, GOLDEN_32, DOCUMENTED_32);
}
