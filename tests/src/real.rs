//! Real Windows drivers: those that `cargo xtask drivers` fetches, in both widths.

use std::path::PathBuf;

use opendriver::Width;

/// A driver that is to work wholly.
pub struct Real {
    /// The file's name.
    pub file: &'static str,
    /// For a video codec, the handler that it opens for.
    pub handler: Option<&'static str>,
}

const fn audio(file: &'static str) -> Real {
    Real {
        file,
        handler: None,
    }
}

const fn video(file: &'static str, handler: &'static str) -> Real {
    Real {
        file,
        handler: Some(handler),
    }
}

/// The codecs of `libwine`, which are to work wholly.
pub const DRIVERS: [Real; 8] = [
    audio("imaadp32.acm"),
    audio("l3codeca.acm"),
    audio("msadp32.acm"),
    audio("msg711.acm"),
    audio("msgsm32.acm"),
    video("iccvid.dll", "cvid"),
    video("msrle32.dll", "mrle"),
    video("msvidc32.dll", "cram"),
];

impl Real {
    /// Where the driver is that was built for addresses of this width.
    ///
    /// # Panics
    /// As [`folder`].
    pub fn path(&self, width: Width) -> PathBuf {
        folder(width).join(self.file)
    }
}

/// The folder that has all drivers of this width.
///
/// # Panics
/// With the command that fetches them, when one is not there.
pub fn folder(width: Width) -> PathBuf {
    let name = match width {
        Width::W32 => "i386",
        Width::W64 => "x86_64",
    };
    let folder = crate::target().join("drivers").join(name);
    for driver in DRIVERS {
        let path = folder.join(driver.file);
        assert!(
            path.is_file(),
            "{} is missing; get it with: cargo xtask drivers",
            path.display()
        );
    }
    folder
}
