//! A process for each test, and the few lines that a C program writes without thinking.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use opendriver::{Manager, Width};
use opendriver_abi::structures::{BitmapInfoHeader, FourCc, Structure};
use opendriver_codec::BitmapFormat;
use opendriver_codec::vfw::Codecs;
use opendriver_setup::Setup;
use opendriver_tests::fixtures::{self, Target};
use opendriver_tests::real;

/// Tells the child which width its codecs have.
const WIDTH: &str = "OPENDRIVER_TEST_WIDTH";

/// `vidc`
pub(crate) const VIDC: u32 = FourCc::VIDC.0;

pub(crate) const COMPRESS: u32 = 1;
pub(crate) const DECOMPRESS: u32 = 2;

/// Declares tests that run once with 64-bit codecs installed and once with 32-bit ones, each in a process of its own.
macro_rules! both_widths {
    ($(fn $name:ident($width:ident) $body:block)*) => {$(
        #[test]
        fn $name() {
            fn body($width: opendriver::Width) $body
            crate::house::in_both_widths(module_path!(), stringify!($name), body);
        }
    )*};
}

/// Calls a function of the library.
macro_rules! call {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        #[expect(unsafe_code, reason = "that is what a C program does")]
        // SAFETY: what is named to be written is ours; the library finds out what is not there at all.
        let answer = unsafe { opendriver_capi::msvfw::$name($($arg),*) };
        answer
    }};
}

pub(crate) fn in_both_widths(module: &str, name: &str, body: fn(Width)) {
    if let Ok(width) = env::var(WIDTH) {
        return body(if width == "32" {
            Width::W32
        } else {
            Width::W64
        });
    }
    let (_, module) = module.split_once("::").expect("a module of this program");
    for width in Width::ALL {
        let folder = tempfile::tempdir().unwrap();
        let registry = folder.path().join("registry.toml");
        fs::write(&registry, entries(width)).unwrap();
        let output = Command::new(env::current_exe().unwrap())
            .args([&format!("{module}::{name}"), "--exact", "--nocapture"])
            .env("OPENDRIVER_REGISTRY", &registry)
            .env("OPENDRIVER_PATH", "")
            .env("XDG_CONFIG_HOME", folder.path())
            .env(WIDTH, width.bits().to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{} bits: {}\n{said}\n{}",
            width.bits(),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn entries(width: Width) -> String {
    let target = match width {
        Width::W32 => Target::Windows32,
        Width::W64 => Target::Windows64,
    };
    let entry = |alias: &str, file: &Path| format!("\"vidc.{alias}\" = \"{}\"\n", file.display());
    let folder = real::folder(width);
    let codecs = CODECS.iter();
    let codecs: String = codecs
        .map(|(alias, file)| entry(alias, &folder.join(file)))
        .collect();
    // One that says what it was told, last in the list.
    let telling = entry("tell", &fixtures::compiled("telling-codec", target));
    format!("[Drivers32]\n{codecs}{telling}")
}

/// Those of Wine that are installed.
pub(crate) const CODECS: [(&str, &str); 3] = [
    ("cvid", "iccvid.dll"),
    ("mrle", "msrle32.dll"),
    ("msvc", "msvidc32.dll"),
];

/// The file of the child's registry.
pub(crate) fn registry() -> PathBuf {
    env::var_os("OPENDRIVER_REGISTRY")
        .expect("each test has one")
        .into()
}

/// The same codecs by another manager, to compare with.
pub(crate) fn typed() -> (Manager, Codecs) {
    let setup = Setup::from_environment(None, []);
    let manager = setup.builder(false).trust_foreign_code().build();
    let codecs = Codecs::installed(&manager).unwrap();
    (manager, codecs)
}

/// The code of four characters.
pub(crate) fn code(characters: &[u8; 4]) -> u32 {
    FourCc::new(*characters).0
}

/// Where something is, for a C function.
pub(crate) fn at<T>(things: &mut [T]) -> usize {
    things.as_mut_ptr().expose_provenance()
}

/// A structure as bytes, to hand over.
pub(crate) fn bytes<S: Structure>(structure: &S) -> Vec<u8> {
    let mut bytes = vec![0; S::SIZE];
    structure.write(&mut bytes).unwrap();
    bytes
}

/// A format with another `biSizeImage`, as bytes.
pub(crate) fn sized(format: &BitmapFormat, image_size: usize) -> Vec<u8> {
    let header = BitmapInfoHeader {
        image_size: image_size as u32,
        ..format.header()
    };
    format.with_header(header).as_bytes().to_vec()
}

/// Why the last call failed.
pub(crate) fn reason() -> String {
    opendriver_capi::last_error::text().unwrap_or_default()
}
