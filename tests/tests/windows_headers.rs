//! The headers for applications say what Windows' own say: each constant's value, and where each field of each structure is.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use opendriver_tests::compilers;

/// The headers, each with what mingw's are included by.
const HEADERS: [(&str, &str); 6] = [
    ("windef.h", "#include <windows.h>"),
    (
        "mmsystem.h",
        "#include <windows.h>\n#include <mmsystem.h>\n#include <mmddk.h>",
    ),
    ("wingdi.h", "#include <windows.h>"),
    (
        "vfw.h",
        "#include <windows.h>\n#include <mmsystem.h>\n#include <vfw.h>",
    ),
    ("mmreg.h", REGISTERED),
    ("msacm.h", REGISTERED),
];

/// What mingw's headers lack: Windows 3.1 had it, or only its documentation has.
const MISSING: [&str; 5] = [
    "DRIVERINFOSTRUCT",
    "DRV_EXITAPPLICATION",
    "GND_FORWARD",
    "GND_FIRSTINSTANCEONLY",
    "GND_REVERSE",
];

const REGISTERED: &str =
    "#include <windows.h>\n#include <mmsystem.h>\n#include <mmreg.h>\n#include <msacm.h>";

/// What one header declares that has a number.
#[derive(Debug, Default)]
struct Declared {
    constants: Vec<String>,
    /// Types that are other names of types.
    names: Vec<String>,
    /// Structures and their fields.
    structures: Vec<(String, Vec<String>)>,
}

impl Declared {
    fn of(header: &str) -> Self {
        let text = spelled_out(&without_comments(header));
        let mut declared = Self::default();
        let mut fields: Option<Vec<String>> = None;
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("#define ") {
                declared.constants.extend(constant(rest));
            } else if line.starts_with("typedef struct") && line.ends_with('{') {
                fields = Some(Vec::new());
            } else if let Some(name) = line.strip_prefix("} ") {
                let name = name.split([',', ';']).next().unwrap().to_owned();
                declared
                    .structures
                    .extend(fields.take().map(|fields| (name, fields)));
            } else if let Some(rest) = line.strip_prefix("typedef ") {
                declared.names.extend(names(rest));
            } else if let Some(fields) = &mut fields {
                fields.extend(field(line));
            }
        }
        declared
    }
}

/// The header with its structures twice where it has them by a macro, for UTF-8 and for UTF-16.
fn spelled_out(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_end_matches(" \\"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    match text.contains("##S") {
        true => text.replace("##S", "A") + &text.replace("##S", "W"),
        false => text,
    }
}

fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut code = String::new();
    while let Some((before, behind)) = rest.split_once("/*") {
        code.push_str(before);
        rest = behind.split_once("*/").expect("comments end").1;
    }
    code + rest
}

/// The name of a constant: neither a macro with parameters nor an empty one.
fn constant(definition: &str) -> Option<String> {
    let (name, value) = definition.split_once(' ')?;
    let is_own = name.contains("OPENDRIVER") || name.starts_with('_');
    let is_word = ["const", "void"].contains(&value);
    // A name that stands for one that ends with A or W is no number.
    let is_name = value.trim().starts_with("OPENDRIVER_");
    let is_constant =
        !name.contains('(') && !value.trim().is_empty() && !is_own && !is_word && !is_name;
    is_constant.then(|| name.to_owned())
}

/// The names that one line gives a type. A pointer to a function is as wide as any other.
fn names(line: &str) -> Vec<String> {
    let Some(line) = line.strip_suffix(';').filter(|line| !line.contains('(')) else {
        return Vec::new();
    };
    let names = line
        .split(',')
        .filter_map(|name| name.rsplit([' ', '*']).next());
    names.map(str::to_owned).collect()
}

/// The name of a field.
fn field(line: &str) -> Option<String> {
    let line = line
        .strip_suffix(';')
        .filter(|line| !line.ends_with("[]"))?;
    if let Some((_, behind)) = line.split_once("(CALLBACK *") {
        return Some(behind.split_once(')')?.0.to_owned());
    }
    let name = line.split('[').next()?.rsplit([' ', '*']).next()?;
    Some(name.to_owned())
}

/// What our header says, by a program that a compiler for Linux makes of it.
fn told(folder: &Path, header: &str, declared: &Declared) -> Vec<(String, i64)> {
    let mut program = format!("#include <stdio.h>\n#include <stddef.h>\n#include <{header}>\n");
    program.push_str("int main(void) {\n");
    let mut say = |what: &str| {
        writeln!(
            program,
            "printf(\"%s = %lld\\n\", \"{what}\", (long long)({what}));"
        )
        .unwrap();
    };
    declared.constants.iter().for_each(|name| say(name));
    for name in &declared.names {
        say(&format!("sizeof({name})"));
    }
    for (name, fields) in &declared.structures {
        say(&format!("sizeof({name})"));
        for field in fields {
            say(&format!("offsetof({name}, {field})"));
            say(&format!("sizeof((({name} *)0)->{field})"));
        }
    }
    program.push_str("return 0;\n}\n");
    let source = folder.join("told.c");
    fs::write(&source, program).unwrap();
    let binary = folder.join("told");
    let include = format!(
        "-I{}",
        opendriver_tests::root()
            .join("include/opendriver")
            .display()
    );
    compilers::compile(
        "gcc",
        "gcc",
        &[source.to_str().unwrap()],
        &binary,
        &["-std=c99", &include],
    );
    let output = Command::new(binary).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let pair = |line: &str| {
        let (what, number) = line.split_once(" = ").unwrap();
        (what.to_owned(), number.parse().unwrap())
    };
    text.lines().map(pair).collect()
}

#[test]
fn constants_and_layouts_are_those_of_windows() {
    for (header, theirs) in HEADERS {
        let folder = tempfile::tempdir().unwrap();
        let path = opendriver_tests::root()
            .join("include/opendriver")
            .join(header);
        let declared = Declared::of(&fs::read_to_string(&path).unwrap());
        assert!(!declared.structures.is_empty(), "{header}: {declared:?}");
        let mut text = format!("#include <stddef.h>\n{theirs}\n");
        for (what, number) in told(folder.path(), header, &declared) {
            let words: Vec<&str> = what
                .split(|it: char| !it.is_alphanumeric() && it != '_')
                .collect();
            if MISSING.iter().any(|name| words.contains(name)) {
                continue;
            }
            let number = match number {
                // C has no literal of a negative number.
                ..0 => format!("({number}LL)"),
                _ => format!("{number}LL"),
            };
            writeln!(
                text,
                "_Static_assert((long long)({what}) == {number}, \"{what}\");"
            )
            .unwrap();
        }
        let source = folder.path().join("theirs.c");
        fs::write(&source, text).unwrap();
        compilers::compile(
            "x86_64-w64-mingw32-gcc",
            "gcc-mingw-w64-x86-64",
            &[source.to_str().unwrap()],
            &folder.path().join("theirs.o"),
            &["-c"],
        );
    }
}

#[test]
fn the_test_sees_what_a_header_declares() {
    let declared = Declared::of(
        "/* a\n#define B 1 */\n#define ONE 1 /* one */\n#define CALL(x) x\n#define EMPTY\n\
         typedef struct {\n    DWORD a; /* the first */\n    WCHAR *b[4];\n    \
         LONG(CALLBACK *c)(LPARAM x, UINT y);\n} S, *LPS;\ntypedef S T, *LPT;\n",
    );
    assert_eq!(declared.names, ["T", "LPT"]);
    assert_eq!(declared.constants, ["ONE"]);
    let fields = ["a", "b", "c"].map(str::to_owned).to_vec();
    assert_eq!(declared.structures, [("S".to_owned(), fields)]);
}

#[test]
fn they_compile_as_c_and_as_cpp_in_any_company() {
    let folder = tempfile::tempdir().unwrap();
    let include = opendriver_tests::root().join("include");
    let companies = [
        "#include <windows.h>\n#include <vfw.h>\n#include <opendriver.h>\n#include <opendriver-vfw.h>",
        "#include <opendriver.h>\n#include <vfw.h>",
        "#include <vfw.h>\n#include <vfw.h>",
        "#include <msacm.h>\n#include <mmreg.h>\n#include <vfw.h>\n#include <msacm.h>",
        "#include <opendriver.h>\n#include <msacm.h>\n#include <vfw.h>",
        "#include <opendriver-driver.h>\n#include <vfw.h>",
    ];
    for (compiler, standard, ending) in [("gcc", "-std=c99", "c"), ("g++", "-std=c++11", "cpp")] {
        for company in companies {
            let source = folder.path().join(format!("company.{ending}"));
            let used =
                "ICQueryAbout((HIC)0) + (int)ICGetDefaultQuality((HIC)0) + (GlobalSize(0) > 0)";
            fs::write(
                &source,
                format!("{company}\nint used(void) {{ return {used}; }}\n"),
            )
            .unwrap();
            let own = format!("-I{}", include.display());
            let windows = format!("-I{}", include.join("opendriver").display());
            compilers::compile(
                compiler,
                compiler,
                &[source.to_str().unwrap()],
                &folder.path().join("company.o"),
                &[
                    "-c",
                    standard,
                    "-Wall",
                    "-Wextra",
                    "-Wpedantic",
                    "-Werror",
                    &own,
                    &windows,
                ],
            );
        }
    }
}

/// Whatever comes first, a program finds each name once.
#[test]
fn they_stand_in_every_order_beside_the_header_for_drivers() {
    let folder = tempfile::tempdir().unwrap();
    let include = opendriver_tests::root().join("include");
    let files = fs::read_dir(include.join("opendriver")).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.extend(["opendriver.h", "opendriver-driver.h"].map(str::to_owned));
    names.sort();
    let own = format!("-I{}", include.display());
    let windows = format!("-I{}", include.join("opendriver").display());
    for (compiler, standard, ending) in [
        ("gcc", "-std=c99", "c"),
        ("gcc", "-std=c17", "c"),
        ("g++", "-std=c++11", "cpp"),
        ("g++", "-std=c++20", "cpp"),
    ] {
        for _ in 0..names.len() {
            names.rotate_left(1);
            let includes: String = names
                .iter()
                .map(|name| format!("#include <{name}>\n"))
                .collect();
            let source = folder.path().join(format!("order.{ending}"));
            fs::write(
                &source,
                format!("{includes}WCHAR w;\nHDRVR d;\nDRVCONFIGINFO i;\n"),
            )
            .unwrap();
            compilers::compile(
                compiler,
                compiler,
                &[source.to_str().unwrap()],
                &folder.path().join("order.o"),
                &["-c", standard, "-pedantic", &own, &windows],
            );
        }
    }
}
