//! The files of a project, with the driver's name where it belongs.

use super::name::Name;
use crate::args::{Kind, Lang};

/// What the files say of this driver alone.
pub(super) struct Facts<'a> {
    /// What it is called.
    pub(super) name: &'a Name,
    /// Where Cargo finds the SDK.
    pub(super) sdk: &'a str,
}

/// A file of a project.
pub(super) struct Written {
    /// Where it stands in the project.
    pub(super) path: &'static str,
    /// What is in it.
    pub(super) text: String,
}

/// Names files of a project and the templates that they are made of.
macro_rules! templates {
    ($($path:literal from $template:literal,)*) => {
        &[$(($path, include_str!(concat!("../../../templates/", $template))),)*]
    };
}

/// A place in a project, and the template of what stands there.
type Template = (&'static str, &'static str);

const RUST: &[Template] = templates! {
    "Cargo.toml" from "rust/manifest.toml",
    ".gitignore" from "rust/gitignore",
};

const C: &[Template] = templates! {
    "Makefile" from "c/Makefile",
    ".gitignore" from "c/gitignore",
    "host.h" from "c/host.h",
    "include/opendriver-driver.h" from "c/include/opendriver-driver.h",
};

const RUST_PLAIN: &[Template] = templates! {
    "README.md" from "rust/plain/README.md",
    "src/lib.rs" from "rust/plain/lib.rs",
};

const RUST_ACM: &[Template] = templates! {
    "README.md" from "rust/acm/README.md",
    "src/lib.rs" from "rust/acm/lib.rs",
};

const RUST_VFW: &[Template] = templates! {
    "README.md" from "rust/vfw/README.md",
    "src/lib.rs" from "rust/vfw/lib.rs",
};

const C_PLAIN: &[Template] = templates! {
    "README.md" from "c/plain/README.md",
    "driver.c" from "c/plain/driver.c",
    "messages.h" from "c/plain/messages.h",
    "test.c" from "c/plain/test.c",
};

const C_ACM: &[Template] = templates! {
    "README.md" from "c/acm/README.md",
    "driver.c" from "c/acm/driver.c",
    "test.c" from "c/acm/test.c",
    "include/opendriver-acm.h" from "c/include/opendriver-acm.h",
};

const C_VFW: &[Template] = templates! {
    "README.md" from "c/vfw/README.md",
    "driver.c" from "c/vfw/driver.c",
    "test.c" from "c/vfw/test.c",
    "include/opendriver-vfw.h" from "c/include/opendriver-vfw.h",
};

/// The files of a project, in the order in which they are read.
pub(super) fn files(lang: Lang, class: Kind, facts: &Facts<'_>) -> Vec<Written> {
    let (own, shared) = match (lang, class) {
        (Lang::Rust, Kind::Plain) => (RUST_PLAIN, RUST),
        (Lang::Rust, Kind::Acm) => (RUST_ACM, RUST),
        (Lang::Rust, Kind::Vfw) => (RUST_VFW, RUST),
        (Lang::C, Kind::Plain) => (C_PLAIN, C),
        (Lang::C, Kind::Acm) => (C_ACM, C),
        (Lang::C, Kind::Vfw) => (C_VFW, C),
    };
    let written = |&(path, template): &Template| Written {
        path,
        text: filled(template, facts),
    };
    own.iter().chain(shared).map(written).collect()
}

/// A template with facts in the place of `{{name}}` and its like.
fn filled(template: &str, facts: &Facts<'_>) -> String {
    template
        .replace("{{name}}", facts.name.as_str())
        .replace("{{crate}}", &facts.name.in_code())
        .replace("{{sdk}}", facts.sdk)
        .replace("{{rust}}", env!("CARGO_PKG_RUST_VERSION"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_place_in_a_template_is_filled() {
        let name = Name::of(Path::new("my-codec"), Lang::Rust).unwrap();
        let facts = Facts {
            name: &name,
            sdk: "\"0.1\"",
        };
        for lang in [Lang::Rust, Lang::C] {
            for class in [Kind::Plain, Kind::Acm, Kind::Vfw] {
                let files = files(lang, class, &facts);
                let named = |file: &Written| file.text.contains("my-codec");
                assert!(files.iter().filter(|file| named(file)).count() >= 3);
                for file in files {
                    assert!(!file.text.contains("{{"), "{}", file.path);
                    assert!(file.text.ends_with('\n'), "{}", file.path);
                }
            }
        }
    }
}
