//! One C program that calls msacm32 rightly and wrongly: what it prints on Wine and with our library is the same, line by line.

use std::fs;
use std::process::Command;

use opendriver_tests::compilers::{self, Width};
use opendriver_tests::wine::Wine;
use opendriver_tests::{library, real};

const SOURCE: &str = "tests/answers/acm.c";

#[test]
fn msacm32_answers_as_on_wine() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("acm.exe");
    compilers::windows(Width::W64, &[SOURCE], &there, &["-lmsacm32"]);
    let wine = Wine::prepared();
    // The order of the drivers is the prefix's, which other tests may change; the program asks one of them by its name.
    let (status, expected) = wine.run(folder.path(), &there, [] as [&str; 0]);
    assert!(status.success(), "{expected}");
    let expected = expected.replace('\r', "");

    let here = folder.path().join("acm");
    let include = library::prefix().join("include/opendriver");
    let flags = [
        format!("-I{}", include.display()),
        format!("-L{}", library::lib().display()),
        "-lmsacm32".to_owned(),
    ];
    compilers::gcc(&[SOURCE], &here, &flags.each_ref().map(String::as_str));
    for width in Width::ALL {
        let file = real::folder(width).join("imaadp32.acm");
        let registry = folder.path().join("registry.toml");
        let text = format!("[Drivers32]\n\"msacm.imaadpcm\" = '{}'\n", file.display());
        fs::write(&registry, text).unwrap();
        let output = Command::new(&here)
            .env("LD_LIBRARY_PATH", library::lib())
            .env("OPENDRIVER_REGISTRY", &registry)
            .env("XDG_CONFIG_HOME", folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let found = String::from_utf8(output.stdout).unwrap();
        for (expected, found) in expected.lines().zip(found.lines()) {
            assert_eq!(found, expected, "{} bits", width.bits());
        }
        assert_eq!(found.lines().count(), expected.lines().count());
        assert!(expected.lines().count() > 100);
    }
}
