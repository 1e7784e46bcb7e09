//! From frame to frame, nothing is allocated.
#![expect(unsafe_code, reason = "counts what goes through the allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Seek as _;
use std::sync::atomic::AtomicBool;

use opendriver::{Manager, Message};
use opendriver_abi::structures::{
    AcmDriverDetails, BitmapInfoHeader, FourCc, IcInfo, Structure as _,
};
use opendriver_codec::acm::{Chain, Driver, Stream};
use opendriver_codec::convert::{Conversion, Kind, PictureWishes, Source, Wishes};
use opendriver_codec::file::{Input, Output, avi};
use opendriver_codec::vfw::{Codec, FrameFlags, Mode, Settings};
use opendriver_codec::{BitmapFormat, Pixel, WaveFormat};
use opendriver_sdk::{BadClaim, BuiltIn, Call};

/// The system's allocator, which counts what each thread asks of it.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: vouched by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: vouched by the caller.
        unsafe { System.dealloc(address, layout) };
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Counts what `work` allocates on this thread.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// A codec that does nothing: its frames are 100 bytes, whatever is in them.
fn idle(call: &Call<'_>) -> Result<isize, BadClaim> {
    match call.message {
        Message::ICM_GETINFO => {
            let mut info = IcInfo::zeroed();
            (info.kind, info.flags) = (FourCc::VIDC, 0x4);
            call.claim(call.param1).set_structure(&info)?;
            Ok(568)
        }
        Message::ICM_COMPRESS => {
            let mut format = [0; 8];
            call.claim(call.param1).at(8).read(&mut format)?;
            let format = call.claim(isize::from_ne_bytes(format));
            format.at(20).write_u32(100).map(|()| 0)
        }
        Message::ICM_COMPRESS_GET_SIZE => Ok(1000),
        Message::ICM_GETDEFAULTKEYFRAMERATE => Ok(-1),
        message => Ok((message < Message::DRV_USER).into()),
    }
}

fn manager() -> Manager {
    let driver = BuiltIn::procedure("idle", |_| {
        Box::new(|call: &Call<'_>| idle(call).unwrap_or(-1))
    });
    Manager::builder()
        .builtin(driver)
        .guarded_blocks(true)
        .build()
}

fn formats() -> (BitmapFormat, BitmapFormat) {
    let pictures = BitmapFormat::uncompressed(Pixel::Rgb24, 64, 48);
    let header = BitmapInfoHeader {
        compression: FourCc::new(*b"idle"),
        ..pictures.header()
    };
    (BitmapFormat::new(header, &[]), pictures)
}

#[test]
fn an_allocation_is_counted() {
    let allocate = || drop(std::hint::black_box(vec![1; 9]));
    assert_eq!(allocations(allocate), 1);
}

#[test]
fn frames_are_decompressed_without_allocating() {
    let (frames, pictures) = formats();
    let codec = Codec::open(&manager(), "idle", FourCc(0), Mode::Decompress).unwrap();
    let mut decompressor = codec.into_decompressor(&frames, &pictures).unwrap();
    let data = vec![7; 5000];
    decompressor.frame(&data, FrameFlags::default()).unwrap();
    let allocations = allocations(|| {
        for number in 0..1000 {
            let data = &data[number * 5..];
            let picture = decompressor.frame(data, FrameFlags::default()).unwrap();
            assert_eq!(picture.bytes.len(), 64 * 48 * 3);
        }
    });
    assert_eq!(allocations, 0);
}

#[test]
fn pictures_are_compressed_without_allocating() {
    let (frames, pictures) = formats();
    let codec = Codec::open(&manager(), "idle", FourCc(0), Mode::Compress).unwrap();
    let mut compressor = codec
        .into_compressor(&pictures, &frames, Settings::default())
        .unwrap();
    let pixels = vec![7; 64 * 48 * 3];
    compressor.frame(&pixels, false).unwrap();
    let allocations = allocations(|| {
        for number in 0..1000 {
            let packet = compressor.frame(&pixels, number % 10 == 0).unwrap();
            assert_eq!(packet.data.len(), 100);
        }
    });
    assert_eq!(allocations, 0);
}

#[test]
fn a_conversion_allocates_nothing_from_frame_to_frame() {
    let (compressed, _) = formats();
    let of_frames = |frames: usize| {
        let file = tempfile::tempfile().unwrap();
        let stream = avi::Stream::video(compressed.clone(), FourCc::new(*b"idle"), 1, 25);
        let output = Output::file(file.try_clone().unwrap());
        let mut writer = avi::Writer::new(output, &[stream], avi::Options::default()).unwrap();
        for _ in 0..frames {
            writer.write(0, &[7; 5000], true).unwrap();
        }
        writer.finish().unwrap();
        // From a pipe, there is no index to be kept.
        let mut file = file;
        file.rewind().unwrap();
        let source = Source::open(Input::pipe(file)).unwrap();
        let wishes = Wishes {
            drivers: vec!["idle".to_owned()],
            pictures: PictureWishes {
                pixel: Some(Pixel::Rgb24),
                ..PictureWishes::default()
            },
            ..Wishes::default()
        };
        let conversion = Conversion::open(&manager(), source, Kind::Raw, &wishes, &mut ()).unwrap();
        allocations(|| {
            let output = Output::pipe(std::io::sink());
            let done = conversion
                .run(output, &mut (), &AtomicBool::new(false))
                .unwrap();
            assert!(done.is_whole() && done.written[0].pieces == frames as u64);
        })
    };
    assert_eq!(of_frames(10), of_frames(1000));
}

/// A codec that uses all of its source, but for what makes no block of 8 bytes, and gives as much.
fn idle_sound(call: &Call<'_>) -> Result<isize, BadClaim> {
    let claim = call.claim(call.param2);
    match call.message {
        Message::ACMDM_DRIVER_DETAILS => {
            let mut details = AcmDriverDetails::<u64>::zeroed();
            details.kind = FourCc::AUDC;
            call.claim(call.param1).set_structure(&details)?;
        }
        Message::ACMDM_STREAM_SIZE => {
            let size = claim.at(8).read_u32()?.max(claim.at(12).read_u32()?);
            claim.at(8).write_u32(size)?;
            claim.at(12).write_u32(size)?;
        }
        Message::ACMDM_STREAM_CONVERT => {
            // The lengths in an ACMDRVSTREAMHEADER of 64 bits: given, used, written.
            let length = claim.at(24).read_u32()? / 8 * 8;
            claim.at(28).write_u32(length)?;
            claim.at(52).write_u32(length)?;
        }
        message if message < Message::DRV_USER => return Ok(1),
        _ => {}
    }
    Ok(0)
}

#[test]
fn sound_is_converted_without_allocating() {
    let driver = BuiltIn::procedure("idle", |_| {
        Box::new(|call: &Call<'_>| idle_sound(call).unwrap_or(1))
    });
    let manager = Manager::builder()
        .builtin(driver)
        .guarded_blocks(true)
        .build();
    let driver = Driver::open(&manager, "idle").unwrap();
    let formats = [1, 2, 4].map(|channels| WaveFormat::pcm(channels, 8000, 16));
    let steps = formats
        .windows(2)
        .map(|two| Stream::open(&driver, &two[0], &two[1], None).unwrap());
    let mut chain = Chain::new(steps.collect());
    let source = vec![7; 100_000];
    let mut out = Vec::new();
    let mut convert = || {
        let mut given = 0;
        // Pieces that are no whole blocks, so that something waits in between.
        for length in [100_000, 13, 77_777, 5] {
            out.clear();
            given += chain.convert(&source[..length], false, &mut out).unwrap();
            assert!(out.len() <= length + 16);
        }
        given
    };
    // What waits in between grows until it has been as long as it gets.
    for _ in 0..8 {
        convert();
    }
    let allocations = allocations(|| {
        for _ in 0..100 {
            assert_eq!(convert(), 177_795);
        }
    });
    assert_eq!(allocations, 0);
}
