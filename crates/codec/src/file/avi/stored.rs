//! Indexes as files have them: `idx1`, and `indx` with `ix##`. Nothing that they say is believed before chunks were found there.

use opendriver_abi::structures::FourCc;

use super::index::Index;
use super::walk::{Walk, index_of};
use super::{IS_KEY, IS_LIST, Stream, parse_chunk_id};
use crate::file::Error;
use crate::file::riff::{self, Header};

/// How many entries of an index are compared with the chunks that they name.
const SAMPLES: usize = 16;

/// `AVI_INDEX_OF_INDEXES`, `AVI_INDEX_OF_CHUNKS`
const OF_INDEXES: u8 = 0;
const OF_CHUNKS: u8 = 1;

/// Bytes before the entries of an OpenDML index.
const HEAD: usize = 24;

/// An entry that is compared.
struct Sample {
    stream: usize,
    offset: u64,
    size: u32,
}

/// Reads `idx1`. Its offsets count from `movi`, from the start of the file, or from wherever its first entry is `first`; which one is
/// found out. Nothing where it leads to no chunks at all.
pub(super) fn idx1(
    walk: &mut Walk,
    header: Header,
    streams: &[Stream],
    (movi, first): (u64, u64),
) -> Result<Option<Index>, Error> {
    riff::seek(&mut walk.input, header.data())?;
    let there = walk
        .input
        .length()
        .unwrap_or(0)
        .saturating_sub(header.data());
    let count = u64::from(header.size).min(there) / 16;
    let step = count.div_ceil(SAMPLES as u64).max(1);
    let mut index = Index::new(streams);
    let mut samples = Vec::with_capacity(SAMPLES);
    for number in 0..count {
        let mut entry = [0; 16];
        if riff::fill(&mut walk.input, &mut entry)? < entry.len() {
            break;
        }
        let [id, flags, offset, size] = [0, 4, 8, 12].map(|at| word(&entry, at));
        let Some((stream, code)) = parse_chunk_id(FourCc(id)) else {
            continue;
        };
        if stream >= streams.len() || flags & IS_LIST != 0 || code == *b"ix" {
            continue;
        }
        let offset = u64::from(offset);
        index.push((stream, code), offset, size, Some(flags & IS_KEY != 0));
        if number % step == 0 || samples.is_empty() {
            samples.push(Sample {
                stream,
                offset,
                size,
            });
        }
    }
    let Some(sample) = samples.first() else {
        walk.warnings
            .push(header.offset, "the index names no chunk");
        return Ok(None);
    };
    let bases = [
        movi.cast_signed(),
        0,
        first.wrapping_sub(sample.offset).cast_signed(),
    ];
    let mut best = ((0, 0), 0);
    for base in bases {
        let right = right(walk, &samples, base)?;
        if right > best.0 {
            best = (right, base);
        }
        if right == (samples.len(), samples.len()) {
            break;
        }
    }
    let ((right, sizes), base) = best;
    if right * 2 < samples.len() || sizes == 0 && samples.len() > 1 {
        walk.warnings
            .push(header.offset, "the index leads to no chunk");
        return Ok(None);
    }
    for track in &mut index.tracks {
        index.is_whole &= track.moved(base);
    }
    judge(walk, header.offset, &mut index, right, samples.len());
    Ok(Some(index))
}

/// Reads the OpenDML indexes that the headers of streams lead to (`indx`, with where it stands).
pub(super) fn parts(
    walk: &mut Walk,
    streams: &[Stream],
    supers: &[Option<(u64, Vec<u8>)>],
) -> Result<Option<Index>, Error> {
    let mut index = Index::new(streams);
    let mut samples = Vec::new();
    let mut place = 0;
    for (stream, found) in supers.iter().enumerate() {
        let Some((at, bytes)) = found.as_ref().filter(|(_, bytes)| bytes.len() >= HEAD) else {
            continue;
        };
        place = *at;
        if bytes[3] == OF_CHUNKS {
            let step = Stepper::new(&mut samples, bytes.len() / 8);
            entries(&bytes[..HEAD], stream, &mut index, step, &mut |entry| {
                let at = HEAD + entry.start;
                let found = bytes.get(at..at + entry.bytes.len());
                if let Some(found) = found {
                    entry.bytes.copy_from_slice(found);
                }
                Ok(found.is_some())
            })?;
            continue;
        }
        if bytes[3] != OF_INDEXES || word(bytes, 0) & 0xffff != 4 {
            walk.warnings
                .push(*at, "the index of indexes is of an unknown kind");
            continue;
        }
        let mut last = 0;
        for entry in bytes[HEAD..].chunks_exact(16).take(word(bytes, 4) as usize) {
            let offset = long(entry, 0);
            if offset <= last {
                index.is_whole = false;
                walk.warnings.push(*at, "the index of indexes goes back");
                break;
            }
            last = offset;
            if walk.input.length().is_some_and(|length| offset >= length) {
                index.is_whole = false;
                walk.warnings.push(
                    *at,
                    format!("an index should be at offset {offset}, beyond the end of the file"),
                );
                break;
            }
            riff::seek(&mut walk.input, offset)?;
            match Header::read(&mut walk.input, false)? {
                Some(header) if index_of(header.id).is_some() => {
                    part(walk, header, stream, &mut index, &mut samples)?;
                }
                _ => {
                    index.is_whole = false;
                    walk.warnings
                        .push(offset, "expected an index (\"ix##\"), found none");
                }
            }
        }
    }
    if index.is_empty() {
        return Ok(None);
    }
    let step = samples.len().div_ceil(2 * SAMPLES).max(1);
    let samples: Vec<Sample> = samples.into_iter().step_by(step).collect();
    let (right, _) = right(walk, &samples, 0)?;
    judge(walk, place, &mut index, right, samples.len());
    Ok(Some(index))
}

/// Reads one index of one stream in one part of the file (`ix##`), whose header was read.
pub(super) fn part_alone(
    walk: &mut Walk,
    header: Header,
    stream: usize,
    index: &mut Index,
) -> Result<(), Error> {
    part(walk, header, stream, index, &mut Vec::new())
}

fn part(
    walk: &mut Walk,
    header: Header,
    stream: usize,
    index: &mut Index,
    samples: &mut Vec<Sample>,
) -> Result<(), Error> {
    let mut head = [0; HEAD];
    riff::seek(&mut walk.input, header.data())?;
    if riff::fill(&mut walk.input, &mut head)? < HEAD || head[3] != OF_CHUNKS {
        index.is_whole = false;
        walk.warnings
            .push(header.offset, "the index is of an unknown kind");
        return Ok(());
    }
    let step = Stepper::new(samples, word(&head, 4) as usize);
    let size = header.size as usize;
    entries(&head, stream, index, step, &mut |entry| {
        let fits = HEAD + entry.start + entry.bytes.len() <= size;
        Ok(fits && riff::fill(&mut walk.input, entry.bytes)? == entry.bytes.len())
    })
}

/// An entry that is asked for: where it starts behind the head, and room for it.
struct Wanted<'a> {
    start: usize,
    bytes: &'a mut [u8],
}

/// Takes the entries of an index of chunks, as many as it says and as there are.
fn entries(
    head: &[u8],
    stream: usize,
    index: &mut Index,
    mut step: Stepper<'_>,
    read: &mut dyn FnMut(Wanted<'_>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let longs = (word(head, 0) & 0xffff) as usize;
    if !(2..=4).contains(&longs) {
        index.is_whole = false;
        return Ok(());
    }
    let base = long(head, 12);
    let mut entry = [0; 16];
    for number in 0..word(head, 4) as usize {
        let bytes = &mut entry[..4 * longs];
        let start = number * bytes.len();
        if !read(Wanted { start, bytes })? {
            index.is_whole = false;
            break;
        }
        let size = word(&entry, 4);
        let data = base.checked_add(word(&entry, 0).into());
        let Some(offset) = data.and_then(|data| data.checked_sub(riff::HEADER)) else {
            index.is_whole = false;
            continue;
        };
        let (size, is_key) = (size & !(1 << 31), size >> 31 == 0);
        index.push((stream, *b"##"), offset, size, Some(is_key));
        step.offer(Sample {
            stream,
            offset,
            size,
        });
    }
    Ok(())
}

/// Takes some of many samples.
struct Stepper<'a> {
    samples: &'a mut Vec<Sample>,
    step: usize,
    count: usize,
}

impl<'a> Stepper<'a> {
    fn new(samples: &'a mut Vec<Sample>, of: usize) -> Self {
        let step = of.div_ceil(2).max(1);
        Self {
            samples,
            step,
            count: 0,
        }
    }

    fn offer(&mut self, sample: Sample) {
        if self.count.is_multiple_of(self.step) {
            self.samples.push(sample);
        }
        self.count += 1;
    }
}

/// How many samples lead to a chunk of their stream, and how many of these have the size that the chunk says.
fn right(walk: &mut Walk, samples: &[Sample], base: i64) -> Result<(usize, usize), Error> {
    let (mut places, mut sizes) = (0, 0);
    for sample in samples {
        let Some(offset) = sample.offset.checked_add_signed(base) else {
            continue;
        };
        if walk.input.length().is_some_and(|length| offset >= length) {
            continue;
        }
        riff::seek(&mut walk.input, offset)?;
        let Some(header) = Header::read(&mut walk.input, false)? else {
            continue;
        };
        let stream = parse_chunk_id(header.id).map(|(stream, _)| stream);
        if stream == Some(sample.stream) {
            places += 1;
            sizes += usize::from(header.size == sample.size);
        }
    }
    Ok((places, sizes))
}

fn judge(walk: &mut Walk, offset: u64, index: &mut Index, right: usize, of: usize) {
    index.doubt_keys();
    if right < of {
        index.is_whole = false;
        let text = format!(
            "{} of {of} entries of the index lead to no chunk",
            of - right
        );
        walk.warnings.push(offset, text);
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([0, 1, 2, 3].map(|more| bytes[at + more]))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}
