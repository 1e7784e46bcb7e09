//! What a registry takes over from other systems, and gives back to them.

use std::fs;
use std::path::Path;

use opendriver::registry::{Change, Error, Import, Registry, Scope, Value, utf16_file};
use tempfile::TempDir;

const PLACE: &str = r"HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion\Drivers32";

fn imported(name: &str, bytes: &[u8], scope: Scope) -> (Registry, Vec<(usize, String)>) {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join(name);
    fs::write(&file, bytes).expect("the source is written");
    let registry = Registry::in_memory();
    let import = registry
        .import(&file, scope)
        .unwrap_or_else(|error| panic!("{error}"));
    (
        registry,
        import
            .skipped
            .iter()
            .map(|skipped| (skipped.line, skipped.to_string()))
            .collect(),
    )
}

fn file_of(registry: &Registry, section: &str, name: &str) -> Option<(String, String)> {
    let entry = registry.alias(section, name).expect("the registry is read");
    entry.map(|entry| (entry.file, entry.params))
}

fn pair(file: &str, params: &str) -> Option<(String, String)> {
    Some((file.to_owned(), params.to_owned()))
}

#[test]
fn the_driver_sections_of_a_system_ini_are_taken() {
    let text = b"; mine\r\n[boot]\r\nshell=x\r\n[drivers]\r\nwave=a.drv com1  fast\r\nWAVE=b.drv\r\nmidi=\r\nodd\r\n[MCI]\r\ncd\xe9=mcicda.drv\r\n";
    let (registry, skipped) = imported("system.ini", text, Scope::Drivers);
    assert_eq!(
        file_of(&registry, "drivers", "Wave"),
        pair("a.drv", "com1  fast")
    );
    assert_eq!(
        file_of(&registry, "mci", "CD\u{c9}"),
        pair("mcicda.drv", "")
    );
    assert_eq!(
        skipped,
        [
            (2, "[boot]: no section of drivers".to_owned()),
            (6, "WAVE: the section has it already".to_owned()),
            (7, "midi: it names no file".to_owned()),
            (8, "odd: expected a name, \"=\" and a file".to_owned()),
        ]
    );
    let (registry, _) = imported("system.ini", text, Scope::All);
    assert_eq!(file_of(&registry, "boot", "shell"), pair("x", ""));
}

#[test]
fn an_export_of_regedit_is_taken_in_any_encoding() {
    let text = format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[{PLACE}]\r\n\"vidc.cvid\"=\"iccvid.dll\"\r\n\"gone\"=-\r\n\r\n\
         [HKEY_CURRENT_USER\\Software\\Vendor\\Codéc]\r\n\"Quality\"=dword:00000007\r\nbad\r\n\r\n\
         [HKEY_CLASSES_ROOT\\.avi]\r\n[HKEY_CLASSES_ROOT\\.wav]\r\n[Nowhere\\x]\r\n"
    );
    for bytes in [
        utf16_file(&text),
        text.clone().into_bytes(),
        // Windows-1252, which has the numbers of Unicode here.
        text.chars().map(|letter| letter as u8).collect(),
    ] {
        let (registry, skipped) = imported("x.reg", &bytes, Scope::Drivers);
        assert_eq!(
            file_of(&registry, "Drivers32", "VIDC.CVID"),
            pair("iccvid.dll", "")
        );
        let quality = registry
            .value(r"HKCU\Software\Vendor\CODÉC", "quality")
            .expect("it is read");
        assert_eq!(quality, Some(Value::Integer(7)));
        assert_eq!(
            skipped,
            [
                (
                    9,
                    "bad: expected a key in brackets or a name in quotes".to_owned()
                ),
                (13, "[Nowhere\\x]: it starts at no known root".to_owned()),
                (
                    11,
                    "HKLM\\Software\\Classes (2 keys): nothing of drivers".to_owned()
                ),
            ]
        );
    }
}

#[test]
fn an_export_may_delete() -> Result<(), Error> {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("x.reg");
    let text = format!(
        "REGEDIT4\n[{PLACE}]\n\"wave\"=-\n[-HKEY_CURRENT_USER\\Software\\Vendor]\n[-HKEY_LOCAL_MACHINE]\n"
    );
    fs::write(&file, text).expect("the source is written");
    let registry = Registry::in_memory();
    registry.set_value("Drivers32", "wave", "x.drv")?;
    registry.set_value(r"HKCU\Software\Vendor\Deep", "x", 1)?;
    let import = registry.import(&file, Scope::All)?;
    assert_eq!(file_of(&registry, "Drivers32", "wave"), None);
    assert!(!registry.has_key(r"HKCU\Software\Vendor")?);
    assert_eq!(
        import.skipped[0].to_string(),
        "[-HKEY_LOCAL_MACHINE]: a root cannot be deleted"
    );
    Ok(())
}

fn prefix(folder: &Path) {
    fs::create_dir_all(folder.join("drive_c/windows")).expect("folders");
    let parts = [
        (
            "drive_c/windows/system.ini",
            "[mci]\nold=mciold.drv\n[drivers32]\nmsacm.x=old.acm\n",
        ),
        (
            "system.reg",
            "WINE REGISTRY Version 2\n;; All keys relative to REGISTRY\\\\Machine\n\n#arch=win64\n\n\
             [Software\\\\Microsoft\\\\Windows NT\\\\CurrentVersion\\\\Drivers32] 1700000000 5\n#time=1d9\n\"msacm.x\"=\"new.acm\"\n\n\
             [Software\\\\Microsoft\\\\Windows NT\\\\CurrentVersion\\\\Fonts] 1\n\"a\"=\"b\"\n\n\
             [System\\\\ControlSet001\\\\Control\\\\MediaResources\\\\icm\\\\vidc.x] 1\n\"Driver\"=str(2):\"%WINDIR%\\\\x.dll\"\n\n\
             [System\\\\CurrentControlSet] 1\n#link\n\"SymbolicLinkValue\"=hex(6):5c,00\n",
        ),
        (
            "user.reg",
            "WINE REGISTRY Version 2\n;; All keys relative to REGISTRY\\\\User\\\\S-1-5-21-0-0-0-1000\n\n\
             [Software\\\\Vendor\\\\Codec] 1\n@=\"d\\x20ac\"\n\"Rate\"=dword:0000000a\n[Software\\\\Vendor\\\\Empty] 1\n",
        ),
    ];
    for (name, text) in parts {
        fs::write(folder.join(name), text).expect("a part is written");
    }
}

#[test]
fn a_wine_prefix_gives_its_drivers_and_their_settings() -> Result<(), Error> {
    let folder = TempDir::new().expect("a temporary folder");
    prefix(folder.path());
    let registry = Registry::in_memory();
    let import = registry.import(folder.path(), Scope::Drivers)?;
    assert_eq!(file_of(&registry, "mci", "old"), pair("mciold.drv", ""));
    assert_eq!(
        file_of(&registry, "Drivers32", "msacm.x"),
        pair("new.acm", ""),
        "the registry wins over the INI file"
    );
    let icm = r"HKLM\System\CurrentControlSet\Control\MediaResources\icm\vidc.x";
    assert_eq!(
        registry.value(icm, "driver")?,
        Some(Value::Expand(r"%WINDIR%\x.dll".into()))
    );
    assert_eq!(
        registry.value(r"HKCU\Software\Vendor\Codec", "")?,
        Some("d€".into())
    );
    assert_eq!(
        registry.value(r"HKCU\Software\Vendor\Codec", "rate")?,
        Some(Value::Integer(10))
    );
    let skipped: Vec<String> = import.skipped.iter().map(ToString::to_string).collect();
    let expected = [
        r"HKLM\Software\Microsoft: nothing of drivers",
        r"HKLM\System\CurrentControlSet: nothing of drivers",
    ];
    assert_eq!(skipped, expected);

    let all = Import::read(folder.path(), Scope::All)?;
    let empty = Change::CreateKey(r"HKCU\Software\Vendor\Empty".parse()?);
    assert!(all.changes.contains(&empty));
    assert_eq!(
        all.skipped[0].to_string(),
        r"HKLM\System\CurrentControlSet: a link to another key"
    );
    Ok(())
}

#[test]
fn what_is_exported_is_taken_back_the_same() -> Result<(), Error> {
    let registry = Registry::in_memory();
    let key = r"HKCU\Software\Vendor";
    for (name, value) in [
        ("", Value::from("a \"quoted\" \\ text")),
        ("lines", Value::from("one\r\ntwo")),
        ("q\"\\", Value::Integer(u32::MAX)),
        ("long", Value::Long(u64::MAX)),
        ("bytes", Value::Binary((0..=255).collect())),
        ("list", Value::List(vec!["a".into(), "b".into()])),
        ("expand", Value::Expand("%TEMP%".into())),
        ("odd", Value::from_windows(9, b"odd")),
    ] {
        registry.set_value(key, name, value)?;
    }
    registry.set_value(r"HKCU\Software\Vendor\[deep]\x", "a", 1)?;
    registry.create_key(r"HKCU\Software\Vendor\Empty")?;
    let (again, skipped) = imported("x.reg", &utf16_file(&registry.export(key)?), Scope::All);
    assert_eq!(skipped, []);
    assert_eq!(again.values(key)?, registry.values(key)?);
    assert_eq!(again.export(key)?, registry.export(key)?);
    Ok(())
}

#[test]
fn what_is_no_source_is_said_to_be_none() {
    let folder = TempDir::new().expect("a temporary folder");
    let error = Import::read(folder.path(), Scope::All).expect_err("an empty folder");
    assert!(
        error
            .to_string()
            .ends_with("expected a Wine prefix with a system.reg"),
        "{error}"
    );
    for bytes in [&b"just words"[..], b"MZ\0\0", b"[x]\n\0"] {
        let file = folder.path().join("x");
        fs::write(&file, bytes).expect("it is written");
        let error = Import::read(&file, Scope::All).expect_err("no source");
        assert!(
            error
                .to_string()
                .ends_with("expected a system.ini, a .reg file or a registry of Wine"),
            "{error}"
        );
    }
    let error =
        Import::read(&folder.path().join("missing"), Scope::All).expect_err("nothing there");
    assert!(matches!(error, Error::Import { .. }));
}
