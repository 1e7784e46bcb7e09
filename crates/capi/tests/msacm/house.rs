//! A registry with codecs of both widths, and calls without ceremony.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Once;

use opendriver::Width;
use opendriver_capi::{last_error, msacm, process};
use opendriver_codec::WaveFormat;
use opendriver_codec::acm::{Drivers, Wish};
use opendriver_tests::real;

/// Calls an exported function with addresses and numbers of this test's own.
macro_rules! call {
    ($name:ident($($argument:expr),* $(,)?)) => {{
        $crate::house::ready();
        // SAFETY: what is to be written lies in memory of the caller, or nowhere.
        unsafe { opendriver_capi::msacm::$name($($argument),*) }
    }};
}
pub(crate) use call;

pub(crate) const OK: u32 = 0;
pub(crate) const INVALID_HANDLE: u32 = 5;
pub(crate) const INVALID_FLAG: u32 = 10;
pub(crate) const INVALID_PARAMETER: u32 = 11;
pub(crate) const NOT_POSSIBLE: u32 = 512;
pub(crate) const BUSY: u32 = 513;
pub(crate) const UNPREPARED: u32 = 514;

const FILES: [&str; 5] = [
    "imaadp32.acm",
    "msadp32.acm",
    "msg711.acm",
    "msgsm32.acm",
    "l3codeca.acm",
];

/// How many drivers there are: those of the registry, and those that are linked in.
pub(crate) const COUNT: usize = 2 * FILES.len() + opendriver_setup::LINKED_AUDIO.len();

/// The name of a codec of one width in the registry.
pub(crate) fn alias(file: &str, width: Width) -> String {
    format!("msacm.{}{}", &file[..file.len() - 4], width.bits())
}

/// Says, before the first use, where the codecs are.
pub(crate) fn ready() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut text = "[Drivers32]\n".to_owned();
        for file in FILES {
            for width in Width::ALL {
                let path = real::folder(width).join(file);
                let alias = alias(file, width);
                writeln!(text, "\"{alias}\" = '{}'", path.display()).unwrap();
            }
        }
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("msacm.toml");
        std::fs::write(&file, text).unwrap();
        process::wish("the registry", |wishes| wishes.registry = Some(file)).unwrap();
    });
}

/// The drivers, as opendriver-codec lists them.
pub(crate) fn listed() -> Drivers {
    ready();
    Drivers::installed(&process::process().manager, opendriver_setup::LINKED_AUDIO).unwrap()
}

/// The identifiers of all drivers, in their order.
pub(crate) fn ids() -> Vec<usize> {
    extern "C" fn note(id: usize, ids: usize, _support: u32) -> i32 {
        let ids = std::ptr::with_exposed_provenance_mut::<Vec<usize>>(ids);
        // SAFETY: it is the vector of the call below, which nobody else touches.
        unsafe { &mut *ids }.push(id);
        1
    }
    let mut ids: Vec<usize> = Vec::new();
    let note: extern "C" fn(usize, usize, u32) -> i32 = note;
    let to = (&raw mut ids).expose_provenance();
    assert_eq!(call!(acmDriverEnum(note as usize, to, 0)), OK);
    ids
}

/// The identifier of a codec.
pub(crate) fn id_of(file: &str, width: Width) -> usize {
    let alias = alias(file, width);
    let place = listed().iter().position(|it| it.name() == alias);
    ids()[place.unwrap()]
}

/// Opens a codec.
pub(crate) fn open(file: &str, width: Width) -> usize {
    let mut had = 0_usize;
    let to = (&raw mut had).expose_provenance();
    let answer = call!(acmDriverOpen(to, id_of(file, width), 0));
    assert_eq!(answer, OK, "{:?}", last_error::text());
    had
}

/// Opens a stream.
pub(crate) fn stream(had: usize, from: &WaveFormat, to: &WaveFormat) -> usize {
    let mut has = 0_usize;
    let out = (&raw mut has).expose_provenance();
    let answer = call!(acmStreamOpen(out, had, at(from), at(to), 0, 0, 0, 4));
    assert_eq!(answer, OK, "{:?}", last_error::text());
    has
}

/// Where a format is.
pub(crate) fn at(format: &WaveFormat) -> usize {
    format.as_bytes().as_ptr().expose_provenance()
}

/// The format of a tag that a codec makes of `plain`.
pub(crate) fn target(file: &str, width: Width, plain: &WaveFormat, tag: u16) -> WaveFormat {
    let list = listed();
    let driver = list.driver(&alias(file, width)).unwrap().clone();
    let all = Drivers::named(&process::process().manager, &[&alias(file, width)]);
    assert_eq!(driver.name(), alias(file, width));
    all.suggest(plain, &Wish::tag(tag)).unwrap()
}

/// An ACMSTREAMHEADER.
#[repr(C, align(8))]
#[derive(Clone)]
pub(crate) struct Header(pub(crate) [u8; 128]);

impl Header {
    pub(crate) fn new(source: &[u8], destination: &mut [u8]) -> Self {
        let mut header = Self([0; 128]);
        header.set(0, 124);
        header.set_source(source.as_ptr().expose_provenance(), source.len() as u32);
        let at = destination.as_mut_ptr().expose_provenance();
        header.0[40..48].copy_from_slice(&at.to_ne_bytes());
        header.set(48, destination.len() as u32);
        header
    }

    pub(crate) fn set_source(&mut self, address: usize, len: u32) {
        self.0[16..24].copy_from_slice(&address.to_ne_bytes());
        self.set(24, len);
    }

    pub(crate) fn set(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }

    pub(crate) fn number(&self, at: usize) -> u32 {
        u32::from_ne_bytes(*self.0[at..].first_chunk().unwrap())
    }

    pub(crate) fn address(&mut self) -> usize {
        (&raw mut self.0).expose_provenance()
    }
}

/// A sound with a little of everything, 16 bits, one channel.
pub(crate) fn tone(samples: usize) -> Vec<u8> {
    let value = |at: usize| {
        let time = at as f64 / 8000.0 * std::f64::consts::TAU;
        ((time * 440.0).sin() * 9000.0 + (time * 1250.0).sin() * 3000.0) as i16
    };
    (0..samples)
        .flat_map(|at| value(at).to_le_bytes())
        .collect()
}

/// What was noted of the last failure.
pub(crate) fn said() -> String {
    last_error::text().unwrap_or_default()
}

/// The version answers something, whatever else is asked.
#[test]
fn the_version_is_what_codecs_are_told() {
    assert_eq!(call!(acmGetVersion()), 0x0400_0000);
    let _: unsafe extern "C" fn() -> u32 = msacm::acmGetVersion;
}
