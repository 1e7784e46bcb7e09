//! Real Windows drivers: those that `cargo xtask drivers` fetches.

use std::path::PathBuf;

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
    /// Where the driver is.
    ///
    /// # Panics
    /// With the command that fetches it, when it is not there.
    pub fn path(&self) -> PathBuf {
        let path = crate::target().join("drivers/x86_64").join(self.file);
        assert!(
            path.is_file(),
            "{} is missing; get it with: cargo xtask drivers",
            path.display()
        );
        path
    }
}
