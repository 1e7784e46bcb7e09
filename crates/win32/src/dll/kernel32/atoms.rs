//! Atoms: numbers for words.

use std::sync::Mutex;

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, shims};
use crate::trap::Trap;

const ERROR_FILE_NOT_FOUND: u32 = 2;
const ERROR_INVALID_HANDLE: u32 = 6;
const ERROR_INVALID_PARAMETER: u32 = 87;
/// Below are numbers that stand for themselves.
const FIRST: u16 = 0xC000;

/// The words of a process, and how often each was added. One table serves for those of the machine too: nobody else
/// is there to see them.
#[derive(Default)]
struct Atoms {
    words: Mutex<Vec<(String, u32)>>,
}

macro_rules! family {
    ($($vis:vis static $table:ident: $add_a:ident, $add_w:ident, $find_a:ident, $find_w:ident, $name_a:ident,
       $name_w:ident, $delete:ident;)*) => {$(
        shims! {
            $vis static $table = "kernel32.dll", stdcall;

            /// Adds a word, or counts it once more; answers its number.
            fn $add_a(cx, word: Addr) -> u16 { add(cx, Ansi, word) }

            /// Adds a word, or counts it once more; answers its number.
            fn $add_w(cx, word: Addr) -> u16 { add(cx, Wide, word) }

            /// Answers the number of a word.
            fn $find_a(cx, word: Addr) -> u16 { find(cx, Ansi, word) }

            /// Answers the number of a word.
            fn $find_w(cx, word: Addr) -> u16 { find(cx, Wide, word) }

            /// Writes the word of a number.
            fn $name_a(cx, atom: u16, buffer: Addr, room: i32) -> u32 { name(cx, Ansi, atom, buffer, room) }

            /// Writes the word of a number.
            fn $name_w(cx, atom: u16, buffer: Addr, room: i32) -> u32 { name(cx, Wide, atom, buffer, room) }

            /// Counts a word once less; answers 0.
            fn $delete(cx, atom: u16) -> u16 { delete(cx, atom) }
        }
    )*};
}

family! {
    pub(super) static OWN: AddAtomA, AddAtomW, FindAtomA, FindAtomW, GetAtomNameA, GetAtomNameW, DeleteAtom;
    pub(super) static GLOBAL: GlobalAddAtomA, GlobalAddAtomW, GlobalFindAtomA, GlobalFindAtomW,
        GlobalGetAtomNameA, GlobalGetAtomNameW, GlobalDeleteAtom;
}

/// A word, or the number that stands for itself.
fn read(cx: &Cx<'_>, letters: Letters, word: Addr) -> Result<Result<u16, String>, Trap> {
    if word.0 < u64::from(FIRST) {
        return Ok(Ok(word.0 as u16));
    }
    let word = letters.read(cx, word)?;
    let number = word
        .strip_prefix('#')
        .and_then(|number| number.parse().ok());
    Ok(number.filter(|number| *number < FIRST).ok_or(word))
}

fn add(cx: &Cx<'_>, letters: Letters, word: Addr) -> Result<u16, Trap> {
    let word = match read(cx, letters, word)? {
        Ok(number) => return Ok(number),
        Err(word) if word.is_empty() || word.len() > 255 => {
            return cx.fail(ERROR_INVALID_PARAMETER, 0);
        }
        Err(word) => word,
    };
    let atoms = cx.state::<Atoms>();
    let mut words = atoms.words.lock().expect("no holder panics");
    let known = words
        .iter()
        .position(|(known, count)| *count > 0 && known.eq_ignore_ascii_case(&word));
    let free = || words.iter().position(|(_, count)| *count == 0);
    let at = match known.or_else(free) {
        Some(at) => at,
        None => {
            words.push((String::new(), 0));
            words.len() - 1
        }
    };
    if known.is_none() {
        words[at].0 = word;
    }
    words[at].1 += 1;
    Ok(FIRST + at as u16)
}

fn find(cx: &Cx<'_>, letters: Letters, word: Addr) -> Result<u16, Trap> {
    let word = match read(cx, letters, word)? {
        Ok(number) => return Ok(number),
        Err(word) => word,
    };
    let atoms = cx.state::<Atoms>();
    let words = atoms.words.lock().expect("no holder panics");
    let known = words
        .iter()
        .position(|(known, count)| *count > 0 && known.eq_ignore_ascii_case(&word));
    match known {
        Some(at) => Ok(FIRST + at as u16),
        None => cx.fail(ERROR_FILE_NOT_FOUND, 0),
    }
}

fn name(cx: &Cx<'_>, letters: Letters, atom: u16, buffer: Addr, room: i32) -> Result<u32, Trap> {
    let text = match atom.checked_sub(FIRST) {
        None if atom != 0 => Some(format!("#{atom}")),
        None => None,
        Some(at) => {
            let atoms = cx.state::<Atoms>();
            let words = atoms.words.lock().expect("no holder panics");
            words
                .get(usize::from(at))
                .filter(|(_, count)| *count > 0)
                .map(|(word, _)| word.clone())
        }
    };
    match text {
        Some(text) => letters
            .put_cut(cx, buffer, &text, room.max(0) as u64)
            .map(|length| length as u32),
        None => cx.fail(ERROR_INVALID_HANDLE, 0),
    }
}

fn delete(cx: &Cx<'_>, atom: u16) -> Result<u16, Trap> {
    let Some(at) = atom.checked_sub(FIRST) else {
        return Ok(0);
    };
    let atoms = cx.state::<Atoms>();
    let mut words = atoms.words.lock().expect("no holder panics");
    match words
        .get_mut(usize::from(at))
        .filter(|(_, count)| *count > 0)
    {
        Some((_, count)) => {
            *count -= 1;
            Ok(0)
        }
        None => cx.fail(ERROR_INVALID_HANDLE, atom),
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_word_keeps_its_number_until_it_is_deleted_as_often_as_added() {
        let bench = Bench::new();
        let atom = bench.ask(DLL, "AddAtomA", &[bench.text("Word")]);
        assert!(atom >= 0xC000);
        assert_eq!(bench.ask(DLL, "AddAtomW", &[bench.wide("WORD")]), atom);
        let buffer = bench.bytes(&[0; 16]);
        assert_eq!(bench.ask(DLL, "GetAtomNameA", &[atom, buffer, 16]), 4);
        assert_eq!(bench.read(buffer, 5), b"Word\0");
        assert_eq!(bench.ask(DLL, "DeleteAtom", &[atom]), 0);
        assert_eq!(bench.ask(DLL, "FindAtomA", &[bench.text("word")]), atom);
        assert_eq!(bench.ask(DLL, "DeleteAtom", &[atom]), 0);
        assert_eq!(bench.ask(DLL, "FindAtomA", &[bench.text("word")]), 0);
        assert_eq!(bench.ask(DLL, "DeleteAtom", &[atom]), atom);
    }

    #[test]
    fn numbers_stand_for_themselves() {
        let bench = Bench::new();
        assert_eq!(bench.ask(DLL, "GlobalAddAtomA", &[77]), 77);
        assert_eq!(bench.ask(DLL, "GlobalFindAtomW", &[bench.wide("#77")]), 77);
        let buffer = bench.bytes(&[0; 16]);
        assert_eq!(bench.ask(DLL, "GlobalGetAtomNameA", &[77, buffer, 16]), 3);
        assert_eq!(bench.read(buffer, 4), b"#77\0");
    }
}
