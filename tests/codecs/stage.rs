//! Programs under Wine that convert whole files as applications do.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use opendriver::Width;
use opendriver_codec::WaveFormat;
use opendriver_tests::compilers;
use opendriver_tests::wine::{Wine, windows_path};

use crate::sound::driver_path;

/// Wine, with the programs built for both widths.
pub(crate) struct Stage {
    wine: Wine,
    folder: PathBuf,
}

/// What a program said and wrote.
pub(crate) struct Converted {
    /// The bytes of the format that it chose or was given.
    pub(crate) format: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Stage {
    pub(crate) fn shared() -> &'static Self {
        static STAGE: OnceLock<Stage> = OnceLock::new();
        STAGE.get_or_init(|| {
            let wine = Wine::prepared();
            let folder = opendriver_tests::target().join("codecs");
            fs::create_dir_all(&folder).expect("target/ is writable");
            for (program, libraries) in [
                ("sound", ["-lwinmm", "-lmsacm32"].as_slice()),
                ("pictures", &["-lwinmm", "-lmsvfw32", "-lavifil32"]),
            ] {
                let source = format!("tests/oracle/{program}.c");
                for width in Width::ALL {
                    let to = executable(&folder, program, width);
                    compilers::windows(width, &[&source], &to, libraries);
                }
            }
            Self { wine, folder }
        })
    }

    /// Converts the sound of a WAV with a driver's file, to a format or to samples of 16 bits.
    pub(crate) fn sound(
        &self,
        driver: &str,
        width: Width,
        input: &Path,
        to: Option<&WaveFormat>,
    ) -> Converted {
        let digits = |format: &WaveFormat| -> String {
            let bytes = format.as_bytes().iter();
            bytes.map(|byte| format!("{byte:02x}")).collect()
        };
        let before = [windows_path(&driver_path(driver, width))];
        let after = to.map(digits);
        self.run("sound", width, &before, input, after.as_slice())
    }

    /// Decodes the pictures of an AVI with a driver's file, to a depth or to what the driver prefers.
    pub(crate) fn pictures(
        &self,
        driver: &str,
        width: Width,
        handler: &str,
        input: &Path,
        bits: Option<u16>,
    ) -> Converted {
        let bits = bits.map(|bits| bits.to_string());
        let driver = driver_path(driver, width);
        let before = [windows_path(&driver), handler.to_owned()];
        self.run("pictures", width, &before, input, bits.as_slice())
    }

    /// Encodes the pictures of an AVI with a driver's file, each as a key frame. Of each, the bytes are its length in 4 bytes and the frame.
    pub(crate) fn frames(
        &self,
        driver: &str,
        width: Width,
        handler: &str,
        input: &Path,
        quality: u32,
    ) -> Converted {
        let driver = driver_path(driver, width);
        let before = [windows_path(&driver), handler.to_owned()];
        let after = ["compress".to_owned(), quality.to_string()];
        self.run("pictures", width, &before, input, &after)
    }

    fn run(
        &self,
        program: &str,
        width: Width,
        before: &[String],
        input: &Path,
        after: &[String],
    ) -> Converted {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let output = self.folder.join(format!("{program}-{number}.raw"));
        let files = [windows_path(input), windows_path(&output)];
        let words: Vec<&String> = before.iter().chain(&files).chain(after).collect();
        let program = executable(&self.folder, program, width);
        let (status, said) = self.wine.run(&self.folder, program, &words);
        assert!(status.success(), "{words:?}: {status}: {said}");
        let format = said.lines().find_map(|line| line.strip_prefix("format "));
        let format = format.unwrap_or_else(|| panic!("{words:?} names no format: {said}"));
        let bytes = fs::read(&output).expect("the program wrote its output");
        fs::remove_file(output).expect("target/ is writable");
        Converted {
            format: hexadecimal(format),
            bytes,
        }
    }
}

/// Where a program is that was built for addresses of this width.
fn executable(folder: &Path, program: &str, width: Width) -> PathBuf {
    folder.join(format!("{program}-{}.exe", width.bits()))
}

fn hexadecimal(digits: &str) -> Vec<u8> {
    let digits = digits.as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).expect("digits");
        u8::from_str_radix(pair, 16).expect("digits")
    });
    pairs.collect()
}
