//! From frame to frame, nothing is allocated.
#![expect(unsafe_code, reason = "counts what goes through the allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use opendriver_abi::Message;
use opendriver_codec::{BitmapFormat, Pixel};
use opendriver_tests::media::Video;

use crate::films::{output_of, reel};
use crate::house::*;

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

/// Counts what a number of turns allocates on this thread, behind a first one.
fn allocations(mut turn: impl FnMut()) -> usize {
    turn();
    let before = ALLOCATIONS.get();
    (0..10).for_each(|_| turn());
    ALLOCATIONS.get() - before
}

both_widths! {
    fn frames_allocate_nothing(_width) {
        for video in [Video::Cinepak, Video::Rle8] {
            let reel = reel(video);
            let mut input = reel.format.as_bytes().to_vec();
            let hic = call!(ICLocate(VIDC, reel.handler.0, at(&mut input), 0, 2));
            let output = output_of(hic, &mut input);
            let size = BitmapFormat::pixels_size(&output.header()) as usize;
            let mut target = sized(&output, size);
            let begin = Message::ICM_DECOMPRESS_BEGIN.0;
            assert_eq!(call!(ICSendMessage(hic, begin, at(&mut input), at(&mut target))), 0);
            let mut frame = reel.frames[0].clone();
            let mut input = sized(&reel.format, frame.len());
            let mut picture = vec![0; size];
            let found = allocations(|| {
                let answer = call!(ICDecompress(
                    hic, 0, at(&mut input), at(&mut frame), at(&mut target), at(&mut picture),
                ));
                assert_eq!(answer, 0);
            });
            assert_eq!(found, 0, "{video:?}");
            assert_eq!(call!(ICClose(hic)), 0);
        }

        let hic = call!(ICOpen(VIDC, code(b"mrle"), COMPRESS));
        let format = BitmapFormat::uncompressed(Pixel::Rgb8, 64, 35);
        let mut input = format.as_bytes().to_vec();
        let mut output = vec![0; 40 + 1024];
        let message = Message::ICM_COMPRESS_GET_FORMAT.0;
        assert_eq!(call!(ICSendMessage(hic, message, at(&mut input), at(&mut output))), 0);
        let message = Message::ICM_COMPRESS_GET_SIZE.0;
        let room = call!(ICSendMessage(hic, message, at(&mut input), at(&mut output)));
        let message = Message::ICM_COMPRESS_BEGIN.0;
        assert_eq!(call!(ICSendMessage(hic, message, at(&mut input), at(&mut output))), 0);
        let mut pixels: Vec<u8> = (0..format.image_size()).map(|at| (at / 5) as u8).collect();
        let mut frame = vec![0_u8; room as usize];
        let mut flags = [0_u32];
        let found = allocations(|| {
            let answer = call!(ICCompress(
                hic, 1, at(&mut output), at(&mut frame), at(&mut input), at(&mut pixels),
                0, at(&mut flags), 0, 0, 10_000, 0, 0,
            ));
            assert_eq!(answer, 0);
        });
        assert_eq!(found, 0);
        assert_eq!(call!(ICClose(hic)), 0);
    }
}
