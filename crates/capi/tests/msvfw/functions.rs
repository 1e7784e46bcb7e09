//! Codecs that are functions of the program.

use std::ffi::CString;
use std::fs;
use std::sync::Mutex;

use opendriver_abi::Message;
use opendriver_abi::answer::ICERR_UNSUPPORTED;
use opendriver_abi::structures::{FourCc, IcInfo, IcOpen, Structure};
use opendriver_capi::claim;
use opendriver_tests::compilers;

use crate::house::*;

/// What the function was called with.
static CALLED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A codec that says what it is and adds.
extern "C" fn codec(id: usize, _hdrvr: usize, message: u32, param1: isize, param2: isize) -> isize {
    CALLED.lock().unwrap().push(message);
    match Message(message) {
        Message::DRV_OPEN => {
            let opened = claim::structure::<IcOpen<u64>>(param2.cast_unsigned());
            match opened {
                Ok(opened)
                    if opened.kind == FourCc::VIDC && opened.handler.to_string() == "TeSt" =>
                {
                    77
                }
                Ok(_) => 0,
                // To be configured only.
                Err(_) => 77,
            }
        }
        // No compiler's code takes a structure of this alignment elsewhere.
        Message::ICM_GETINFO if param1 % 8 != 0 => 0,
        Message::ICM_GETINFO => {
            let info = IcInfo {
                size: IcInfo::SIZE as u32,
                kind: FourCc::VIDC,
                ..IcInfo::zeroed()
            };
            match claim::write(param1.cast_unsigned(), &bytes(&info)) {
                Ok(()) => param2,
                Err(_) => 0,
            }
        }
        Message(0x4FF0) => param1 + param2 + id.cast_signed(),
        message if message < Message::DRV_USER => 1,
        _ => ICERR_UNSUPPORTED,
    }
}

/// A codec that breaks when it is told to. It is not part of this program, whose own faults are its own business.
const BREAKS: &str = r#"
#include <opendriver-vfw.h>
LRESULT codec(DWORD_PTR id, HDRVR hdrvr, UINT message, LPARAM first, LPARAM second)
{
    (void)id, (void)hdrvr;
    if (message == 0x4FF1)
        *(volatile int *)16 = 1;
    if (message == ICM_GETINFO) {
        ((ICINFO *)first)->fccType = ICTYPE_VIDEO;
        return second;
    }
    return message < DRV_USER ? 1 : ICERR_UNSUPPORTED;
}
"#;

/// The address of its function.
#[expect(unsafe_code, reason = "loads a library of the test")]
fn broken() -> usize {
    let folder = tempfile::tempdir().unwrap();
    let (source, library) = (
        folder.path().join("broken.c"),
        folder.path().join("broken.so"),
    );
    fs::write(&source, BREAKS).unwrap();
    let flags = ["-shared", "-fPIC", "-Iinclude"];
    compilers::gcc(&[source.to_str().unwrap()], &library, &flags);
    let library = CString::new(library.to_str().unwrap()).unwrap();
    // SAFETY: a library of our own, which does nothing when it is loaded.
    let library = unsafe { libc::dlopen(library.as_ptr(), libc::RTLD_NOW) };
    assert!(!library.is_null());
    // SAFETY: it stays loaded.
    unsafe { libc::dlsym(library, c"codec".as_ptr()) }.expose_provenance()
}

const HANDLER: &[u8; 4] = b"TeSt";

both_widths! {
    fn a_function_is_opened_and_called_with_what_the_program_says(_width) {
        let function = codec as *const () as usize;
        let hic = call!(ICOpenFunction(VIDC, code(HANDLER), DECOMPRESS, function));
        assert_ne!(hic, 0, "{}", reason());
        // More than 32 bits go through.
        assert_eq!(call!(ICSendMessage(hic, 0x4FF0, 1 << 40, 5)), (1 << 40) + 5 + 77);
        assert_eq!(call!(ICSendMessage(hic, Message::ICM_ABOUT.0, usize::MAX, 1)), -1);
        let mut info = bytes(&IcInfo::zeroed());
        assert_eq!(call!(ICGetInfo(hic, at(&mut info), IcInfo::SIZE as u32)), IcInfo::SIZE as isize);
        assert_eq!(call!(ICClose(hic)), 0);
        let called = std::mem::take(&mut *CALLED.lock().unwrap());
        let starts = [Message::DRV_LOAD, Message::DRV_ENABLE, Message::DRV_OPEN].map(|it| it.0);
        assert!(called.starts_with(&starts), "{called:x?}");
        let ends = [Message::DRV_CLOSE, Message::DRV_DISABLE, Message::DRV_FREE].map(|it| it.0);
        assert!(called.ends_with(&ends), "{called:x?}");
        // Nobody else opens it.
        assert_eq!(call!(ICOpen(VIDC, code(HANDLER), DECOMPRESS)), 0);
    }

    fn an_installed_function_comes_first_and_goes_again(_width) {
        let function = codec as *const () as usize;
        assert_eq!(call!(ICInstall(VIDC, code(HANDLER), function, 0, 1)), 1, "{}", reason());
        assert_eq!(call!(ICInstall(VIDC, code(b"TEST"), function, 0, 1)), 0, "there is one");
        let mut info = bytes(&IcInfo::zeroed());
        assert_eq!(call!(ICInfo(VIDC, 0, at(&mut info))), 1);
        assert_eq!(info[8..12], *HANDLER);
        let hic = call!(ICOpen(VIDC, code(HANDLER), DECOMPRESS));
        assert_ne!(hic, 0, "{}", reason());
        // It insists on the letter case that it was installed by.
        let other = call!(ICOpen(VIDC, code(b"test"), DECOMPRESS));
        assert_ne!(other, 0, "{}", reason());
        assert_eq!(call!(ICClose(other)), 0);
        assert_eq!(call!(ICRemove(VIDC, code(HANDLER), 0)), 1);
        assert_eq!(call!(ICRemove(VIDC, code(HANDLER), 0)), 0);
        assert_eq!(call!(ICSendMessage(hic, 0x4FF0, 1, 2)), 80, "what is open stays so");
        assert_eq!(call!(ICOpen(VIDC, code(HANDLER), DECOMPRESS)), 0);
        assert_eq!(call!(ICClose(hic)), 0);
        assert_eq!(call!(ICInstall(VIDC, code(HANDLER), function, 0, 1)), 1, "again");
    }

    fn a_function_that_breaks_is_an_answer(_width) {
        let hic = call!(ICOpenFunction(VIDC, code(HANDLER), DECOMPRESS, broken()));
        assert_eq!(call!(ICSendMessage(hic, 0x4FF1, 0, 0)), -4);
        assert!(reason().contains("address 0x10"), "{}", reason());
        assert_eq!(call!(ICSendMessage(hic, 0x4FF0, 1, 2)), -4, "it is not called again");
        assert_eq!(call!(ICClose(hic)), 0);
        // One that is none is found out when it is called, or before.
        for function in [0, 8, 0xdead_0000_0000] {
            assert_eq!(call!(ICOpenFunction(VIDC, code(HANDLER), DECOMPRESS, function)), 0);
        }
        let mut data = [0xCC_u8; 64];
        assert_eq!(call!(ICOpenFunction(VIDC, code(HANDLER), DECOMPRESS, at(&mut data))), 0);
    }
}
