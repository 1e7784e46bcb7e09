//! What an ELF file says of itself before the dynamic loader is let at it, which trusts a file to be whole.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 0x3E;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 0xB7;

/// The size of the header, and of one program header, in a file of 64 bits.
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

/// A segment that is loaded into memory.
const LOAD: u32 = 1;

/// What is wrong with a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is for another machine.
    Machine(String),
    /// It is not whole, or not a shared object.
    Form(String),
}

/// Looks through the headers of a file.
pub(super) fn check(path: &Path) -> io::Result<Result<(), Wrong>> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut header = Vec::new();
    (&mut file).take(HEADER as u64).read_to_end(&mut header)?;
    let (at, count) = match header_of(&header) {
        Ok(found) => found,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let mut table = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(u64::from(count) * PROGRAM_HEADER as u64)
        .read_to_end(&mut table)?;
    Ok(segments(&table, count, len))
}

/// Where the program headers are, and how many.
fn header_of(header: &[u8]) -> Result<(u64, u16), Wrong> {
    if header.len() < 20 {
        return Err(cut_off(header.len() as u64));
    }
    let (class, machine) = (header[4], half(header, 18));
    if class != 2 || machine != MACHINE {
        return Err(Wrong::Machine(match machine {
            0x03 => "i386".to_owned(),
            0x28 => "arm".to_owned(),
            0x3E if class == 1 => "x86-64 with 32-bit addresses".to_owned(),
            0x3E => "x86-64".to_owned(),
            0xB7 => "aarch64".to_owned(),
            0xF3 => "riscv".to_owned(),
            machine => format!("machine {machine:#x}"),
        }));
    }
    if header.len() < HEADER {
        return Err(cut_off(header.len() as u64));
    }
    match half(header, 16) {
        3 => {}
        1 => {
            return Err(Wrong::Form(
                "expected a shared object, found an object file that is not linked".to_owned(),
            ));
        }
        2 => {
            return Err(Wrong::Form(
                "expected a shared object, found a program".to_owned(),
            ));
        }
        kind => {
            return Err(Wrong::Form(format!(
                "expected a shared object (type 3), found type {kind}"
            )));
        }
    }
    if usize::from(half(header, 54)) != PROGRAM_HEADER {
        return Err(Wrong::Form(format!(
            "expected program headers of {PROGRAM_HEADER} bytes, found {}",
            half(header, 54)
        )));
    }
    Ok((long(header, 32), half(header, 56)))
}

/// Whether all that is loaded lies inside the file.
fn segments(table: &[u8], count: u16, len: u64) -> Result<(), Wrong> {
    if table.len() < usize::from(count) * PROGRAM_HEADER {
        return Err(cut_off(len));
    }
    for header in table.chunks_exact(PROGRAM_HEADER) {
        let kind = u32::from(half(header, 0)) | u32::from(half(header, 2)) << 16;
        let end = long(header, 8).checked_add(long(header, 32));
        if kind == LOAD && end.is_none_or(|end| end > len) {
            return Err(cut_off(len));
        }
    }
    Ok(())
}

fn cut_off(len: u64) -> Wrong {
    Wrong::Form(format!("it is cut off after {len} bytes"))
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u64 {
    (0..8).fold(0, |value, byte| {
        value | u64::from(bytes[at + byte]) << (8 * byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(class: u8, kind: u8, machine: u8) -> Vec<u8> {
        let mut header = vec![0; HEADER];
        header[..5].copy_from_slice(&[0x7f, b'E', b'L', b'F', class]);
        (header[16], header[18], header[54]) = (kind, machine, PROGRAM_HEADER as u8);
        header
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn files_for_other_machines_are_named() {
        let machine = |class, machine| match header_of(&header(class, 3, machine)) {
            Err(Wrong::Machine(name)) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(machine(1, 0x03), "i386");
        assert_eq!(machine(2, 0xB7), "aarch64");
        assert_eq!(machine(2, 0x77), "machine 0x77");
        assert!(header_of(&header(2, 3, 0x3E)).is_ok());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn programs_and_object_files_are_no_drivers() {
        assert!(
            matches!(header_of(&header(2, 1, 0x3E)), Err(Wrong::Form(text)) if text.contains("not linked"))
        );
        assert!(
            matches!(header_of(&header(2, 2, 0x3E)), Err(Wrong::Form(text)) if text.contains("a program"))
        );
    }

    #[test]
    fn a_header_that_is_cut_off_anywhere_is_told() {
        let whole = header(2, 3, MACHINE as u8);
        for len in 0..HEADER {
            assert!(header_of(&whole[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn a_segment_beyond_the_end_is_told() {
        let mut segment = vec![0; PROGRAM_HEADER];
        (segment[0], segment[9], segment[32]) = (1, 1, 16);
        assert_eq!(segments(&segment, 1, 0x110), Ok(()));
        assert!(segments(&segment, 1, 0x10F).is_err());
        assert!(segments(&segment, 2, 0x110).is_err());
        segment[8..16].fill(0xFF);
        assert!(segments(&segment, 1, u64::MAX).is_err());
    }
}
