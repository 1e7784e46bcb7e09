//! The folders of the library, moved to where they were not made.

use std::path::Path;
use std::process::Command;
use std::{fs, iter};

use opendriver_tests::library;

/// A copy of the installed folders, somewhere else.
fn moved() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("cp")
        .arg("-a")
        .arg(library::prefix())
        .arg(folder.path().join("moved"))
        .status();
    assert!(status.unwrap().success());
    folder
}

fn pkg_config(prefix: &Path, words: &[&str]) -> String {
    let output = Command::new("pkg-config")
        .args(words)
        .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"))
        .output()
        .expect("pkg-config is missing; install it with: apt-get install pkgconf");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn pkg_config_follows_where_the_folders_are_moved() {
    let folder = moved();
    let prefix = folder.path().join("moved");
    for name in ["opendriver", "winmm", "msacm32", "msvfw32"] {
        for variable in ["libdir", "includedir"] {
            let folder = pkg_config(&prefix, &["--variable", variable, name]);
            let real =
                fs::canonicalize(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
            assert!(real.starts_with(&prefix), "{folder}");
        }
        let flags = pkg_config(&prefix, &["--cflags", "--libs", name]);
        assert!(flags.contains(&format!("-l{name}")), "{flags}");
        let version = pkg_config(&prefix, &["--modversion", name]);
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn cmake_takes_the_versions_that_fit() {
    let folder = moved();
    let prefix = folder.path().join("moved");
    let cmake = |wanted: &str| {
        let project = folder.path().join(format!("of {wanted}"));
        fs::create_dir_all(&project).unwrap();
        let text = format!(
            "cmake_minimum_required(VERSION 3.16)\nproject(asks C)\nfind_package(opendriver {wanted} REQUIRED CONFIG)\n\
             get_target_property(file opendriver::opendriver IMPORTED_LOCATION)\nmessage(STATUS \"found ${{file}}\")\n"
        );
        fs::write(project.join("CMakeLists.txt"), text).unwrap();
        let output = Command::new("cmake")
            .current_dir(&project)
            .arg(".")
            .arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()))
            .output()
            .expect("cmake is missing; install it with: apt-get install cmake");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    for fits in ["", "0.1", env!("CARGO_PKG_VERSION")] {
        let (found, said) = cmake(fits);
        assert!(found, "{said}");
        let file = said.lines().find_map(|line| line.split_once("found "));
        let file = fs::canonicalize(file.unwrap().1).unwrap();
        assert!(file.starts_with(&prefix), "{said}");
    }
    for other in ["0.2", "1.0", "0.1.99"] {
        let (found, said) = cmake(other);
        assert!(!found, "{other}: {said}");
    }
}

/// What programs write between the quotes of `DllImport`, as the field does, and the names that Mono and .NET make of it in common.
#[test]
fn every_way_to_write_the_name_leads_to_the_one_file() {
    let file = fs::canonicalize(library::lib().join("libopendriver.so")).unwrap();
    for name in [
        "winmm",
        "winmm.dll",
        "Winmm.dll",
        "WINMM.DLL",
        "WINMM.dll",
        "msacm32",
        "Msacm32",
        "msacm32.dll",
        "Msacm32.dll",
        "MSACM32.dll",
        "MSACM32.DLL",
        "msvfw32",
        "MSVFW32",
        "msvfw32.dll",
        "Msvfw32.dll",
        "MSVFW32.dll",
        "MSVFW32.DLL",
    ] {
        let link = library::lib().join(format!("lib{name}.so"));
        let real =
            fs::canonicalize(&link).unwrap_or_else(|error| panic!("{}: {error}", link.display()));
        assert_eq!(real, file, "{name}");
    }
}

#[test]
fn all_headers_of_the_project_are_there() {
    fn files(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let files = entries.flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                iter::once(path).collect()
            }
        });
        files.collect()
    }
    let ours = opendriver_tests::root().join("include");
    let installed = library::prefix().join("include");
    for header in files(&ours) {
        let copy = installed.join(header.strip_prefix(&ours).unwrap());
        assert_eq!(
            fs::read(&header).unwrap(),
            fs::read(&copy).unwrap(),
            "{}",
            header.display()
        );
    }
}
