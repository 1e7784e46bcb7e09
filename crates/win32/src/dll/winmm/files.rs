//! RIFF files as multimedia programs read and write them (`mmioOpen` and its kin).

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use crate::claim::Letters;
use crate::cx::Cx;
use crate::shim::{Addr, Handle, Size, shims};
use crate::trap::Trap;

const NOERROR: u32 = 0;
/// `MMSYSERR_INVALHANDLE`.
const BAD_HANDLE: u32 = 5;
/// `MMIOERR_CANNOTWRITE`.
const CANNOT_WRITE: u32 = 262;
/// `MMIOERR_CANNOTSEEK`.
const CANNOT_SEEK: u32 = 263;
/// `MMIOERR_CHUNKNOTFOUND`.
const NO_CHUNK: u32 = 265;
/// `MMIO_DIRTY` in a chunk's flags: its size is written when it is left.
const DIRTY: u32 = 0x1000_0000;
const RIFF: u32 = u32::from_le_bytes(*b"RIFF");
const LIST: u32 = u32::from_le_bytes(*b"LIST");

shims! {
    pub(super) static SHIMS = "winmm.dll", stdcall;

    /// Makes a four-character code of text, upper case if asked.
    fn mmioStringToFOURCCA(cx, text: Addr, flags: u32) -> u32 {
        Ok(four_characters(&cx.ansi(text)?, flags))
    }

    /// Makes a four-character code of text, upper case if asked.
    fn mmioStringToFOURCCW(cx, text: Addr, flags: u32) -> u32 {
        let text = cx.text_w(text)?;
        Ok(four_characters(&cx.process().string_to_ansi(&text), flags))
    }

    /// Opens a file for reading or writing.
    fn mmioOpenA(cx, name: Addr, info: Addr, flags: u32) -> Handle { open(cx, name, Letters::A, flags) }

    /// Opens a file for reading or writing.
    fn mmioOpenW(cx, name: Addr, info: Addr, flags: u32) -> Handle { open(cx, name, Letters::W, flags) }

    /// Closes a file.
    fn mmioClose(cx, file: Handle, flags: u32) -> u32 {
        Ok(if cx.process().handles().close(file) { NOERROR } else { BAD_HANDLE })
    }

    /// Reads bytes; answers how many, -1 when it cannot.
    fn mmioRead(cx, file: Handle, to: Addr, count: i32) -> i32 {
        let mut bytes = vec![0; count.max(0) as usize];
        let read = with_file(cx, file, |file| read_all(file, &mut bytes));
        match read {
            Some(Ok(read)) => {
                cx.put(to, &bytes[..read])?;
                Ok(read as i32)
            }
            _ => Ok(-1),
        }
    }

    /// Writes bytes; answers how many, -1 when it cannot.
    fn mmioWrite(cx, file: Handle, from: Addr, count: i32) -> i32 {
        let bytes = cx.bytes(from, count.max(0) as u64)?;
        let written = with_file(cx, file, |file| file.write_all(&bytes));
        Ok(if matches!(written, Some(Ok(()))) { count.max(0) } else { -1 })
    }

    /// Moves in a file; answers where to, -1 when it cannot.
    fn mmioSeek(cx, file: Handle, offset: i32, origin: i32) -> i32 {
        let to = match origin {
            0 => SeekFrom::Start(offset.max(0) as u64),
            1 => SeekFrom::Current(offset.into()),
            _ => SeekFrom::End(offset.into()),
        };
        let moved = with_file(cx, file, |file| file.seek(to));
        Ok(moved.and_then(Result::ok).map_or(-1, |at| at as i32))
    }

    /// Enters the next chunk, or the next that is of the kind asked for.
    fn mmioDescend(cx, file: Handle, chunk: Addr, parent: Addr, flags: u32) -> u32 {
        descend(cx, file, chunk, parent, flags)
    }

    /// Leaves a chunk, and writes its size if it was made here.
    fn mmioAscend(cx, file: Handle, chunk: Addr, flags: u32) -> u32 { ascend(cx, file, chunk) }

    /// Starts a chunk whose size is written when it is left.
    fn mmioCreateChunk(cx, file: Handle, chunk: Addr, flags: u32) -> u32 { start(cx, file, chunk, flags) }

    /// Renames a file.
    fn mmioRenameA(cx, from: Addr, to: Addr, info: Addr, flags: u32) -> u32 { rename(cx, from, to, Letters::A) }

    /// Renames a file.
    fn mmioRenameW(cx, from: Addr, to: Addr, info: Addr, flags: u32) -> u32 { rename(cx, from, to, Letters::W) }

    /// Writes what is buffered: nothing is.
    fn mmioFlush(cx, file: Handle, flags: u32) -> u32 { Ok(NOERROR) }

    /// Sets a buffer that files here do without.
    fn mmioSetBuffer(cx, file: Handle, buffer: Addr, size: i32, flags: u32) -> u32 { Ok(NOERROR) }

    /// Sends a custom message to a file's reader: there are no readers but ours.
    fn mmioSendMessage(cx, file: Handle, message: u32, param1: Size, param2: Size) -> u32 { Ok(u32::MAX) }
}

fn four_characters(text: &[u8], flags: u32) -> u32 {
    let mut code = [b' '; 4];
    for (to, from) in code.iter_mut().zip(text) {
        *to = if flags & 0x10 != 0 {
            from.to_ascii_uppercase()
        } else {
            *from
        };
    }
    u32::from_le_bytes(code)
}

fn with_file<T>(cx: &Cx<'_>, handle: Handle, use_it: impl FnOnce(&mut File) -> T) -> Option<T> {
    let file = cx.process().handles().get::<Mutex<File>>(handle)?;
    let mut file = file.lock().expect("no holder panics");
    Some(use_it(&mut file))
}

fn read_all(file: &mut File, bytes: &mut [u8]) -> std::io::Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match file.read(&mut bytes[done..])? {
            0 => break,
            more => done += more,
        }
    }
    Ok(done)
}

fn open(cx: &Cx<'_>, name: Addr, letters: Letters, flags: u32) -> Result<Handle, Trap> {
    const WRITE: u32 = 1;
    const READ_WRITE: u32 = 2;
    const CREATE: u32 = 0x1000;
    if name.is_null() {
        return Ok(Handle::NULL);
    }
    let name = cx.text(name, letters)?;
    let writes = flags & (WRITE | READ_WRITE | CREATE) != 0;
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(writes)
        .create(flags & CREATE != 0)
        .truncate(flags & CREATE != 0);
    let file = cx
        .process()
        .host_path(&name)
        .and_then(|path| options.open(path).ok());
    Ok(match file {
        Some(file) => cx.process().handles().insert(Arc::new(Mutex::new(file))),
        None => Handle::NULL,
    })
}

fn rename(cx: &Cx<'_>, from: Addr, to: Addr, letters: Letters) -> Result<u32, Trap> {
    let paths = [cx.text(from, letters)?, cx.text(to, letters)?];
    let [from, to] = paths.map(|path| cx.process().host_path(&path));
    let renamed = from
        .zip(to)
        .is_some_and(|(from, to)| std::fs::rename(from, to).is_ok());
    Ok(if renamed { NOERROR } else { 257 })
}

/// A chunk as a driver sees it (`MMCKINFO`): five words.
struct Chunk {
    id: u32,
    size: u32,
    kind: u32,
    data: u32,
    flags: u32,
}

impl Chunk {
    fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
        let mut fields = cx.fields(at);
        Ok(Self {
            id: fields.get()?,
            size: fields.get()?,
            kind: fields.get()?,
            data: fields.get()?,
            flags: fields.get()?,
        })
    }

    fn write(&self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
        let mut fields = cx.fields(at);
        for field in [self.id, self.size, self.kind, self.data, self.flags] {
            fields.put(field)?;
        }
        Ok(())
    }

    /// Where the chunk after this one starts.
    fn end(&self) -> u64 {
        u64::from(self.data) + u64::from(self.size) + u64::from(self.size & 1)
    }
}

fn descend(cx: &Cx<'_>, file: Handle, chunk: Addr, parent: Addr, flags: u32) -> Result<u32, Trap> {
    const FIND_CHUNK: u32 = 0x10;
    const FIND_RIFF: u32 = 0x20;
    const FIND_LIST: u32 = 0x40;
    let wanted = Chunk::read(cx, chunk)?;
    let limit = if parent.is_null() {
        u64::MAX
    } else {
        Chunk::read(cx, parent)?.end()
    };
    let matches = |found: &Chunk| match flags {
        FIND_CHUNK => found.id == wanted.id,
        FIND_RIFF => found.id == RIFF && found.kind == wanted.kind,
        FIND_LIST => found.id == LIST && found.kind == wanted.kind,
        _ => true,
    };
    let found = with_file(cx, file, |file| {
        loop {
            let found = next_chunk(file, limit)?;
            if matches(&found) {
                return Some(found);
            }
            file.seek(SeekFrom::Start(found.end())).ok()?;
        }
    });
    match found {
        None => Ok(BAD_HANDLE),
        Some(None) => Ok(NO_CHUNK),
        Some(Some(found)) => {
            found.write(cx, chunk)?;
            Ok(NOERROR)
        }
    }
}

/// Reads the chunk header at which the file stands, and stands at its data.
fn next_chunk(file: &mut File, limit: u64) -> Option<Chunk> {
    let at = file.stream_position().ok()?;
    if at.checked_add(8)? > limit {
        return None;
    }
    let mut word = || {
        let mut bytes = [0; 4];
        file.read_exact(&mut bytes)
            .ok()
            .map(|()| u32::from_le_bytes(bytes))
    };
    let (id, size) = (word()?, word()?);
    let kind = if id == RIFF || id == LIST { word()? } else { 0 };
    Some(Chunk {
        id,
        size,
        kind,
        data: u32::try_from(at + 8).ok()?,
        flags: 0,
    })
}

fn ascend(cx: &Cx<'_>, file: Handle, chunk: Addr) -> Result<u32, Trap> {
    let mut left = Chunk::read(cx, chunk)?;
    let moved = with_file(cx, file, |file| {
        if left.flags & DIRTY != 0 {
            let end = file.stream_position()?;
            left.size = (end - u64::from(left.data)) as u32;
            if left.size % 2 == 1 {
                file.write_all(&[0])?;
            }
            file.seek(SeekFrom::Start(u64::from(left.data) - 4))?;
            file.write_all(&left.size.to_le_bytes())?;
            left.flags &= !DIRTY;
        }
        file.seek(SeekFrom::Start(left.end())).map(drop)
    });
    match moved {
        None => Ok(BAD_HANDLE),
        Some(Err(_)) => Ok(CANNOT_SEEK),
        Some(Ok(())) => {
            left.write(cx, chunk)?;
            Ok(NOERROR)
        }
    }
}

fn start(cx: &Cx<'_>, file: Handle, chunk: Addr, flags: u32) -> Result<u32, Trap> {
    const CREATE_RIFF: u32 = 0x20;
    const CREATE_LIST: u32 = 0x40;
    let mut made = Chunk::read(cx, chunk)?;
    match flags {
        CREATE_RIFF => made.id = RIFF,
        CREATE_LIST => made.id = LIST,
        _ => {}
    }
    let written = with_file(cx, file, |file| {
        let at = file.stream_position()?;
        file.write_all(&made.id.to_le_bytes())?;
        file.write_all(&made.size.to_le_bytes())?;
        if made.id == RIFF || made.id == LIST {
            file.write_all(&made.kind.to_le_bytes())?;
        }
        (made.data, made.flags) = (at as u32 + 8, DIRTY);
        Ok::<(), std::io::Error>(())
    });
    match written {
        None => Ok(BAD_HANDLE),
        Some(Err(_)) => Ok(CANNOT_WRITE),
        Some(Ok(())) => {
            made.write(cx, chunk)?;
            Ok(NOERROR)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::four_characters;
    use crate::bench::Bench;

    const DLL: &str = "winmm.dll";

    #[test]
    fn a_code_is_padded_with_spaces_and_upper_case_if_asked() {
        assert_eq!(four_characters(b"ab", 0), u32::from_le_bytes(*b"ab  "));
        assert_eq!(
            four_characters(b"cvidx", 0x10),
            u32::from_le_bytes(*b"CVID")
        );
    }

    fn chunk(id: &[u8; 4], kind: &[u8; 4]) -> Vec<u8> {
        [id.as_slice(), &[0; 4], kind, &[0; 8]].concat()
    }

    #[test]
    fn what_is_written_in_chunks_is_read_in_chunks() {
        let folder = tempfile::tempdir().unwrap();
        let bench = Bench::new();
        let name =
            bench.text(&format!("Z:{}", folder.path().join("a.wav").display()).replace('/', "\\"));
        let file = bench.ask(DLL, "mmioOpenA", &[name, 0, 0x1002]);
        assert_ne!(file, 0);
        let (riff, data) = (
            bench.bytes(&chunk(b"    ", b"WAVE")),
            bench.bytes(&chunk(b"data", b"    ")),
        );
        assert_eq!(bench.ask(DLL, "mmioCreateChunk", &[file, riff, 0x20]), 0);
        assert_eq!(bench.ask(DLL, "mmioCreateChunk", &[file, data, 0]), 0);
        let sound = bench.bytes(b"abc");
        assert_eq!(bench.ask(DLL, "mmioWrite", &[file, sound, 3]), 3);
        assert_eq!(bench.ask(DLL, "mmioAscend", &[file, data, 0]), 0);
        assert_eq!(bench.ask(DLL, "mmioAscend", &[file, riff, 0]), 0);
        assert_eq!(bench.ask(DLL, "mmioClose", &[file, 0]), 0);
        let bytes = std::fs::read(folder.path().join("a.wav")).unwrap();
        assert_eq!(bytes, *b"RIFF\x10\0\0\0WAVEdata\x03\0\0\0abc\0");

        let file = bench.ask(DLL, "mmioOpenA", &[name, 0, 0]);
        assert_eq!(bench.ask(DLL, "mmioDescend", &[file, riff, 0, 0x20]), 0);
        assert_eq!(bench.ask(DLL, "mmioDescend", &[file, data, riff, 0x10]), 0);
        let room = bench.bytes(&[0; 8]);
        assert_eq!(bench.ask(DLL, "mmioRead", &[file, room, 3]), 3);
        assert_eq!(bench.read(room, 3), b"abc");
        assert_eq!(bench.ask(DLL, "mmioAscend", &[file, data, 0]), 0);
        assert_eq!(
            bench.ask(DLL, "mmioDescend", &[file, data, riff, 0x10]),
            265
        );
    }
}
