//! `drv info` says what the same file says under Wine.

use opendriver_tests::command::drv_json;
use opendriver_tests::compilers::{self, Width};
use opendriver_tests::real::{DRIVERS, Real};
use opendriver_tests::target;
use opendriver_tests::wine::{Wine, windows_path};
use serde_json::Value;

#[test]
fn drv_info_says_what_the_driver_says_under_wine() {
    compare(Width::W64, "oracle/describe");
}

#[test]
fn drv_info_says_what_the_driver_of_32_bits_says_under_wine() {
    compare(Width::W32, "oracle/describe-x86");
}

fn compare(width: Width, folder: &str) {
    let folder = target().join(folder);
    std::fs::create_dir_all(&folder).expect("target/ is writable");
    let program = folder.join("describe.exe");
    let libraries = ["-lmsacm32", "-lmsvfw32", "-lwinmm", "-lgdi32"];
    compilers::windows(width, &["tests/oracle/describe.c"], &program, &libraries);
    let wine = Wine::prepared();
    for driver in DRIVERS {
        let file = windows_path(&driver.path(width));
        let class = if driver.handler.is_some() {
            "vfw"
        } else {
            "acm"
        };
        let arguments = [class, file.as_str()].into_iter().chain(driver.handler);
        let (status, said) = wine.run(&folder, &program, arguments);
        assert!(
            status.success(),
            "{} under Wine: {status}: {said}",
            driver.file
        );
        assert_eq!(
            ours(&driver, width),
            said.replace("\r\n", "\n"),
            "{}",
            driver.file
        );
    }
}

/// What `drv info` says, in the words of the test program.
fn ours(driver: &Real, width: Width) -> String {
    let file = driver.path(width);
    let described = drv_json(["info", file.to_str().expect("target/ has a UTF-8 name")]);
    let described = described.first().expect("drv info says one thing");
    let (acm, vfw) = (&described["acm"], &described["vfw"]);
    if driver.handler.is_some() {
        let names = format!(
            "names\t{}\t{}\n",
            text(&vfw["name"]),
            text(&vfw["description"])
        );
        return names + &format!("handler\t{}\n", text(&vfw["handler"]));
    }
    let mut said = format!(
        "names\t{}\t{}\n",
        text(&acm["short_name"]),
        text(&acm["long_name"])
    );
    for tag in acm["format_tags"]
        .as_array()
        .expect("an audio codec has format tags")
    {
        said += &format!(
            "tag\t{}\t{}\t{}\n",
            tag["tag"],
            tag["standard_formats"],
            text(&tag["name"])
        );
    }
    said
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
