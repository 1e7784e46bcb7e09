//! Installing a driver as a codec, in the registry.

use std::fs;

use opendriver_abi::structures::{IcInfo, Structure};
use opendriver_tests::real;

use crate::house::*;

both_widths! {
    fn a_driver_is_installed_in_the_registry_and_taken_out(width) {
        let path = real::folder(width).join("iccvid.dll");
        let mut file = path.to_str().unwrap().as_bytes().to_vec();
        file.push(0);
        let mut description = *b"Gr\xc3\xbc\xc3\x9fe\0";
        let handler = code(b"CVID");
        assert_eq!(call!(ICRemove(VIDC, handler, 0)), 1, "{}", reason());
        assert_eq!(call!(ICOpen(VIDC, handler, DECOMPRESS)), 0);
        assert!(!fs::read_to_string(registry()).unwrap().contains("iccvid"));

        let installed = call!(ICInstall(VIDC, handler, at(&mut file), at(&mut description), 2));
        assert_eq!(installed, 1, "{}", reason());
        let text = fs::read_to_string(registry()).unwrap();
        assert!(text.contains("vidc.CVID") && text.contains("iccvid.dll"), "{text}");
        let mut info = bytes(&IcInfo::zeroed());
        assert_eq!(call!(ICInfo(VIDC, code(b"cvid"), at(&mut info))), 1);
        assert_eq!(IcInfo::read(&info).unwrap().description.to_string(), "Grüße");
        let hic = call!(ICOpen(VIDC, code(b"cvid"), DECOMPRESS));
        assert_ne!(hic, 0, "{}", reason());
        assert_eq!(call!(ICClose(hic)), 0);

        // By UTF-16, over what is there.
        let mut wide: Vec<u16> = path.to_str().unwrap().encode_utf16().chain([0]).collect();
        assert_eq!(call!(ICInstall(VIDC, handler, at(&mut wide), 0, 0x8002)), 1);
        assert_eq!(call!(ICRemove(VIDC, handler, 0)), 1);
        assert_eq!(call!(ICRemove(VIDC, handler, 0)), 0);
    }

    fn what_is_no_driver_is_not_installed(_width) {
        let before = fs::read_to_string(registry()).unwrap();
        let mut missing = *b"/nonexistent/driver.dll\0";
        let mut latin = *b"gr\xfcn\0";
        let handler = code(b"none");
        for (what, flags) in [
            (at(&mut missing), 2),
            (at(&mut latin), 2),
            (0, 2),
            (8, 2),
            (0, 1),
            (0, 4),
            (at(&mut missing), 0),
            (at(&mut missing), 0x77),
        ] {
            assert_eq!(call!(ICInstall(VIDC, handler, what, 0, flags)), 0, "{what:#x} {flags:#x}");
            assert!(reason().starts_with("ICInstall: "), "{}", reason());
        }
        assert_eq!(call!(ICInstall(code(b"audc"), handler, at(&mut missing), 0, 2)), 0);
        assert_eq!(fs::read_to_string(registry()).unwrap(), before);
    }
}
