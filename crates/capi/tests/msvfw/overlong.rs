//! Frames that are longer than the codec promised, buffers that are shorter, and memory that there is none of.
#![expect(
    unsafe_code,
    reason = "arranges memory, and what there is of it, as a test needs it"
)]

use std::fs;
use std::ptr;

use opendriver::Width;
use opendriver_abi::Message;
use opendriver_abi::structures::{BitmapInfoHeader, Structure as _};
use opendriver_capi::own::{opendriver_alloc, opendriver_last_blame, opendriver_set_isolation};
use opendriver_capi::winmm::OpenDriverA;
use opendriver_codec::{BitmapFormat, Pixel};

use crate::house::*;

const BAD_PARAM: i32 = -6;
const INTERNAL: i32 = -4;

/// What the codec promises of a frame.
const PROMISED: usize = 1000;

/// `OPENDRIVER_ISOLATION_WATCHED`
const WATCHED: i32 = 2;

/// An open codec that promises little, and a picture for it.
struct Scene {
    hic: usize,
    input: Vec<u8>,
    output: Vec<u8>,
    pixels: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let hic = call!(ICOpen(VIDC, code(b"tell"), COMPRESS));
        assert_ne!(hic, 0, "{}", reason());
        let format = BitmapFormat::uncompressed(Pixel::Rgb24, 16, 16);
        Self {
            hic,
            input: format.as_bytes().to_vec(),
            output: sized(&format, 0),
            pixels: vec![0x5A; 16 * 16 * 3],
        }
    }

    /// Has the codec write so many bytes to an address.
    fn compress(&mut self, written: u32, frame: usize) -> i32 {
        let mut state = [code(b"brag"), written];
        let set = Message::ICM_SETSTATE.0;
        assert_eq!(call!(ICSendMessage(self.hic, set, at(&mut state), 8)), 8);
        let (output, input) = (at(&mut self.output), at(&mut self.input));
        let pixels = at(&mut self.pixels);
        let mut told = [0_u32; 2];
        let [chunk, flags] = [at(&mut told), at(&mut told[1..])];
        let answer = call!(ICCompress(
            self.hic, 1, output, frame, input, pixels, chunk, flags, 0, 0, 0, 0, 0,
        ));
        answer.cast_signed()
    }

    /// The codec does what it promised.
    fn works(&mut self) {
        let mut frame = vec![0xEE_u8; PROMISED + 1];
        assert_eq!(
            self.compress(PROMISED as u32, at(&mut frame)),
            0,
            "{}",
            reason()
        );
        assert!(frame[..PROMISED].iter().all(|&byte| byte == 0x77));
        assert_eq!(frame[PROMISED], 0xEE);
    }
}

/// A page that can be written, and one behind it that cannot: answers where they meet.
fn edge() -> usize {
    const PAGE: usize = 4096;
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: new pages, wherever there is room.
    let pages = unsafe { libc::mmap(ptr::null_mut(), 2 * PAGE, access, kind, -1, 0) };
    assert_ne!(pages, libc::MAP_FAILED);
    let edge = pages.wrapping_byte_add(PAGE);
    // SAFETY: the second of them, which nobody uses yet.
    assert_eq!(unsafe { libc::mprotect(edge, PAGE, libc::PROT_NONE) }, 0);
    edge.expose_provenance()
}

/// From now on, the process has little more memory than it has now.
fn limit_memory() {
    let sizes = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = sizes.split(' ').next().unwrap().parse().unwrap();
    let most = pages * 4096 + (256 << 20);
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: the limit is there to be read.
    let set = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(set, 0);
}

both_widths! {
    fn a_frame_longer_than_promised_is_not_copied_back(width) {
        let mut scene = Scene::new();
        scene.works();
        // One of 64 bits writes where the application's memory is, and nobody is between.
        if width == Width::W32 {
            let mut frame = vec![0xEE_u8; 60_000];
            assert_eq!(scene.compress(60_000, at(&mut frame)), INTERNAL);
            assert!(reason().contains("60000 bytes, where 1000 is the most"), "{}", reason());
            // SAFETY: it takes nothing.
            let blame = unsafe { opendriver_last_blame() };
            assert_eq!(blame, 4, "OPENDRIVER_BLAME_BROKE");
            assert!(frame.iter().all(|&byte| byte == 0xEE));
            let said = BitmapInfoHeader::read(&scene.output).unwrap().image_size;
            assert_eq!(said as usize, PROMISED, "as it was");
            scene.works();
        }
        assert_eq!(call!(ICClose(scene.hic)), 0);
    }

    fn what_is_written_behind_a_watched_frame_is_told(width) {
        // SAFETY: a number.
        assert_eq!(unsafe { opendriver_set_isolation(WATCHED) }, 0);
        let mut scene = Scene::new();
        scene.works();
        if width == Width::W32 {
            let mut frame = vec![0xEE_u8; 2 * PROMISED];
            assert_eq!(scene.compress(PROMISED as u32 + 1, at(&mut frame)), INTERNAL);
            let expected = "wrote behind a block of 1000 bytes, at offset 1000";
            assert!(reason().contains(expected), "{}", reason());
            assert!(frame.iter().all(|&byte| byte == 0xEE));
            scene.works();
        }
        assert_eq!(call!(ICClose(scene.hic)), 0);
    }

    fn a_buffer_shorter_than_promised_is_a_bad_parameter(_width) {
        let mut scene = Scene::new();
        let edge = edge();
        // Also where this one frame would fit.
        assert_eq!(scene.compress(60, edge - PROMISED + 1), BAD_PARAM);
        assert_eq!(scene.compress(60, edge - PROMISED), 0, "{}", reason());
        assert_eq!({ BitmapInfoHeader::read(&scene.output).unwrap().image_size }, 60);
        assert_eq!(call!(ICClose(scene.hic)), 0);
    }

    fn memory_that_there_is_none_of_is_an_answer(_width) {
        let mut scene = Scene::new();
        let large = BitmapFormat::uncompressed(Pixel::Rgb32, 1 << 14, 1 << 14);
        let mut output = large.as_bytes().to_vec();
        // SAFETY: the text ends with a zero.
        let driver = unsafe { OpenDriverA(c"vidc.tell".as_ptr().expose_provenance(), 0, 0) };
        assert_ne!(driver, 0, "{}", reason());
        limit_memory();
        for len in [1 << 30, usize::MAX] {
            // SAFETY: numbers.
            assert_eq!(unsafe { opendriver_alloc(driver, len) }, 0);
            assert!(reason().contains(&format!("cannot allocate {len} bytes")), "{}", reason());
        }
        let [input, pixels] = [at(&mut scene.input), at(&mut scene.pixels)];
        let image = call!(ICImageDecompress(scene.hic, 0, input, pixels, at(&mut output)));
        assert_eq!(image, 0);
        assert!(reason().contains("cannot allocate 1073741"), "{}", reason());
        scene.works();
        assert_eq!(call!(ICClose(scene.hic)), 0);
    }
}
