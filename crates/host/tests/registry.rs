//! What a registry answers: layers, names, deletions, and files that a person wrote.

use std::fs;
use std::path::{Path, PathBuf};

use opendriver::registry::{Change, Error, Layer, Registry, Value};
use tempfile::TempDir;

/// A folder with a registry file in it.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    fn with(text: &str) -> Self {
        let home = Self::new();
        fs::write(home.file(), text).expect("the registry file is written");
        home
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("registry.toml")
    }

    fn registry(&self) -> Registry {
        Registry::open([Layer::file(self.file())])
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("the registry file is read")
    }
}

fn layered(far: &str, near: &str) -> Registry {
    Registry::open([
        Layer::memory(far).read_only().named("system"),
        Layer::memory(near),
    ])
}

const CODEC: &str = r"HKCU\Software\Vendor\Codec";

#[test]
fn names_ignore_case_and_keep_the_one_they_were_first_written_with() -> Result<(), Error> {
    let registry = Registry::in_memory();
    registry.set_value(r"HKCU\Software\Vendor", "Quality", 1)?;
    registry.set_value(r"hkey_current_user\SOFTWARE\vendor", "QUALITY", 2)?;
    assert_eq!(
        registry.values(r"hkcu\software\VENDOR")?,
        [("Quality".to_owned(), Value::Integer(2))]
    );
    assert!(
        registry
            .subkeys(r"HKCU\Software")?
            .contains(&"Vendor".to_owned())
    );
    Ok(())
}

#[test]
fn the_nearest_layer_decides_and_listings_merge() -> Result<(), Error> {
    let registry = layered(
        "[Drivers32]\nwave = 'far.drv'\nmidi = 'far.drv'\n['HKCU\\Software\\Far']",
        "[drivers32]\nWAVE = 'near.drv x'\n['HKCU\\Software\\Near']",
    );
    let wave = registry.alias("Drivers32", "wave")?.expect("an entry");
    assert_eq!(
        (wave.name.as_str(), wave.file.as_str(), wave.params.as_str()),
        ("WAVE", "near.drv", "x")
    );
    assert_eq!(
        (wave.section.as_str(), wave.layer.to_string().as_str()),
        ("Drivers32", "memory")
    );
    let all: Vec<_> = registry
        .aliases("Drivers32")?
        .into_iter()
        .map(|e| (e.name, e.layer.to_string()))
        .collect();
    assert_eq!(
        all,
        [
            ("WAVE".to_owned(), "memory".to_owned()),
            ("midi".to_owned(), "system".to_owned())
        ]
    );
    let below = registry.subkeys(r"HKCU\Software")?;
    assert!(
        below.contains(&"Near".to_owned()) && below.contains(&"Far".to_owned()),
        "{below:?}"
    );
    Ok(())
}

#[test]
fn deleting_what_a_farther_layer_has_hides_it_and_setting_it_shows_the_new_one() -> Result<(), Error>
{
    let registry = layered("[Drivers32]\nwave = 'far.drv'\nmidi = 'far.drv'", "");
    assert!(registry.delete_value("Drivers32", "WAVE")?);
    assert_eq!(registry.value("Drivers32", "wave")?, None);
    assert!(!registry.delete_value("Drivers32", "wave")?);
    assert_eq!(registry.aliases("Drivers32")?.len(), 1);
    registry.set_value("Drivers32", "wave", "near.drv")?;
    assert_eq!(
        registry.value("Drivers32", "wave")?,
        Some("near.drv".into())
    );
    assert!(registry.delete_value("Drivers32", "wave")?);
    assert_eq!(
        registry.value("Drivers32", "wave")?,
        None,
        "the farther one is not uncovered"
    );
    Ok(())
}

#[test]
fn deleting_a_key_takes_all_below_it_and_a_new_one_starts_empty() -> Result<(), Error> {
    let registry = layered(
        "['HKCU\\Software\\Vendor\\Codec']\na = 1\n['HKCU\\Software\\Vendor\\Codec\\Deep']\nb = 2",
        "['HKCU\\Software\\Vendor\\Codec']\nc = 3\n['HKCU\\Software\\Vendor\\Codec\\Near']",
    );
    assert!(registry.delete_key(CODEC)?);
    assert!(!registry.delete_key(CODEC)?);
    for key in [
        CODEC,
        r"HKCU\Software\Vendor\Codec\Deep",
        r"HKCU\Software\Vendor\Codec\Near",
    ] {
        assert!(!registry.has_key(key)?, "{key}");
    }
    assert_eq!(registry.subkeys(r"HKCU\Software\Vendor")?, [""; 0]);
    assert!(registry.create_key(CODEC)?);
    assert!(!registry.create_key(CODEC)?);
    assert_eq!(
        (registry.values(CODEC)?, registry.subkeys(CODEC)?),
        (vec![], vec![])
    );
    assert_eq!(registry.subkeys(r"HKCU\Software\Vendor")?, ["Codec"]);
    Ok(())
}

#[test]
fn a_change_that_a_nearer_layer_would_hide_is_refused() -> Result<(), Error> {
    let registry = Registry::open([
        Layer::memory(""),
        Layer::memory("[Drivers32]\nwave = 'fixed.drv'").read_only(),
    ]);
    let refused = registry
        .set_value("Drivers32", "wave", "mine.drv")
        .expect_err("it is decided");
    assert_eq!(
        refused.to_string(),
        "\"wave\" in [Drivers32] cannot be changed: the memory layer, which is read-only, decides it"
    );
    assert!(matches!(
        registry.delete_value("Drivers32", "wave"),
        Err(Error::Shadowed { .. })
    ));
    assert!(matches!(
        registry.delete_key("Drivers32"),
        Err(Error::Shadowed { .. })
    ));
    registry.set_value("Drivers32", "midi", "mine.drv")?;
    assert_eq!(
        registry.alias("Drivers32", "midi")?.expect("an entry").file,
        "mine.drv"
    );
    Ok(())
}

#[test]
fn a_registry_without_a_writable_layer_says_so() {
    let registry = Registry::open([Layer::memory("").read_only()]);
    let refused = registry.create_key(CODEC).expect_err("nothing is writable");
    assert_eq!(
        refused.to_string(),
        "no layer of the registry can be written"
    );
}

#[test]
fn roots_and_the_places_that_every_windows_has_are_there_and_roots_stay() -> Result<(), Error> {
    let registry = Registry::in_memory();
    for key in [
        "HKLM",
        "HKCU",
        r"HKCU\Software",
        "Drivers32",
        r"HKLM\Software\Microsoft\Windows NT\CurrentVersion",
    ] {
        assert!(registry.has_key(key)?, "{key}");
    }
    assert!(matches!(
        registry.delete_key("HKLM"),
        Err(Error::Root { .. })
    ));
    assert!(registry.roots()?.contains(&"HKLM".to_owned()));
    Ok(())
}

#[test]
fn several_changes_are_made_together_or_not_at_all() -> Result<(), Error> {
    let registry = Registry::in_memory();
    let key: opendriver::registry::KeyPath = CODEC.parse()?;
    let good = Change::SetValue(key.clone(), "a".into(), Value::Integer(1));
    let bad = Change::SetValue(key, "zero\0".into(), Value::Integer(1));
    assert!(matches!(
        registry.apply(&[good.clone(), bad]),
        Err(Error::BadName { .. })
    ));
    assert!(!registry.has_key(CODEC)?);
    registry.apply(&[good])?;
    assert_eq!(registry.value(CODEC, "a")?, Some(Value::Integer(1)));
    Ok(())
}

#[test]
fn an_entry_without_a_file_is_an_error_that_names_it() -> Result<(), Error> {
    for value in [Value::from(""), Value::from("  "), Value::Integer(3)] {
        let registry = Registry::in_memory();
        registry.set_value("mci", "cdaudio", value)?;
        let error = registry.alias("MCI", "CDAudio").expect_err("no file");
        assert_eq!(
            error.to_string(),
            "the entry \"cdaudio\" in [MCI] names no file"
        );
    }
    Ok(())
}

#[test]
fn a_change_leaves_comments_order_and_form_as_they_were() -> Result<(), Error> {
    let home = Home::with(
        "# Mine.\n\n[Drivers32] # codecs\nvidc.cvid = 'iccvid.dll' # unquoted\n# The modem.\nmodem = { file = \"m.drv\", params = \"com1\" }   # fast\n\n# About the codec.\n['HKCU\\Software\\Vendor\\Codec']\nQuality = 0x0A # hex\n# The end.\n",
    );
    let registry = home.registry();
    assert_eq!(
        registry
            .alias("Drivers32", "VIDC.CVID")?
            .expect("an entry")
            .file,
        "iccvid.dll"
    );
    registry.set_value(CODEC, "quality", 11)?;
    registry.set_value("Drivers32", "MODEM", "m.drv com1")?;
    registry.set_value("Drivers32", "Vidc.Cvid", "other.dll")?;
    registry.set_value("Drivers32", "msacm.x", "x.acm")?;
    registry.set_value(r"HKLM\Software\New", "", "default")?;
    assert_eq!(
        home.text(),
        "# Mine.\n\n[Drivers32] # codecs\nvidc.cvid = \"other.dll\" # unquoted\n# The modem.\nmodem = { file = \"m.drv\", params = \"com1\" }   # fast\n\"msacm.x\" = \"x.acm\"\n\n# About the codec.\n['HKCU\\Software\\Vendor\\Codec']\nQuality = 11 # hex\n# The end.\n\n['HKLM\\Software\\New']\n\"\" = \"default\"\n"
    );
    registry.delete_value("Drivers32", "vidc.cvid")?;
    registry.delete_key(CODEC)?;
    let text = home.text();
    assert!(
        text.starts_with("# Mine.\n\n[Drivers32] # codecs\n# The modem.\nmodem"),
        "{text}"
    );
    assert!(!text.contains("Codec"), "{text}");
    Ok(())
}

#[test]
fn setting_what_is_already_there_does_not_touch_the_file() -> Result<(), Error> {
    let home = Home::with("[Drivers32]\nwave = 'x.drv'\n");
    let before = fs::metadata(home.file())
        .and_then(|m| m.modified())
        .expect("a time");
    home.registry().set_value("Drivers32", "WAVE", "x.drv")?;
    home.registry().create_key("Drivers32")?;
    assert_eq!(
        fs::metadata(home.file())
            .and_then(|m| m.modified())
            .expect("a time"),
        before
    );
    Ok(())
}

#[test]
fn a_value_that_is_not_understood_is_kept_and_named_with_its_place() -> Result<(), Error> {
    let home = Home::with("['HKCU\\Software\\Vendor']\ngood = 1\n  odd = 1.5\n");
    let registry = home.registry();
    registry.set_value(r"HKCU\Software\Vendor", "new", 2)?;
    assert!(home.text().contains("odd = 1.5"));
    assert_eq!(
        registry.value(r"HKCU\Software\Vendor", "good")?,
        Some(Value::Integer(1))
    );
    let error = registry
        .value(r"HKCU\Software\Vendor", "ODD")
        .expect_err("a fraction");
    assert_eq!(
        error.to_string(),
        format!(
            "{}:3:3: \"odd\" in [HKCU\\Software\\Vendor] is not understood: expected a text, a whole number, true, false, \
             a list of texts or a table on one line, found a number with a fraction",
            home.file().display()
        )
    );
    assert!(
        registry.delete_value(r"HKCU\Software\Vendor", "odd")?,
        "but it can be deleted"
    );
    assert!(!home.text().contains("odd"));
    Ok(())
}

#[test]
fn a_broken_file_is_named_with_line_and_column_and_left_alone() {
    for (text, place, problem) in [
        (
            "[Drivers32]\nwave = \n",
            "2:8",
            "string values must be quoted",
        ),
        (
            "[Drivers32]\nwave = 'a'\n\n['DRIVERS32']\n Wave = 'b'\n",
            "5:2",
            "\"Wave\" is already in [Drivers32], at line 2",
        ),
        (
            "wave = 'a'\n",
            "1:1",
            "\"wave\" stands above the first [key]",
        ),
        (
            "[[Drivers32]]\n",
            "1:3",
            "expected one [Drivers32], found a list of tables",
        ),
        ("deleted = 1\n", "1:11", "expected a list of keys"),
        ("deleted = ['HKCU\\a', '']\n", "1:22", "names no key"),
        ("['\\']\n", "1:2", "names no key"),
    ] {
        let home = Home::with(text);
        let error = home
            .registry()
            .value("Drivers32", "wave")
            .expect_err(text)
            .to_string();
        assert!(
            error.starts_with(&format!("{}:{place}: ", home.file().display())),
            "{text}: {error}"
        );
        assert!(error.contains(problem), "{text}: {error}");
        let error = home
            .registry()
            .set_value("Drivers32", "x", "y")
            .expect_err(text);
        assert!(matches!(error, Error::Broken { .. }), "{error}");
        assert_eq!(home.text(), text);
    }
}

#[test]
fn a_file_that_is_not_text_is_named_with_the_place_of_the_first_bad_byte() {
    let home = Home::new();
    fs::write(home.file(), b"[Drivers32]\n\xc3\xa9 = '\xff'").expect("it is written");
    let error = home
        .registry()
        .value("Drivers32", "x")
        .expect_err("not UTF-8");
    assert_eq!(
        error.to_string(),
        format!("{}:2:6: expected text in UTF-8", home.file().display())
    );
}

#[test]
fn something_else_than_a_file_is_named_and_never_waited_for() {
    let home = Home::new();
    fs::create_dir(home.file()).expect("a folder");
    let error = home
        .registry()
        .value("Drivers32", "x")
        .expect_err("a folder");
    assert!(
        error
            .to_string()
            .ends_with("is not a registry: expected a file, found a folder"),
        "{error}"
    );
    let pipe = home.folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    let error = Registry::open([Layer::file(&pipe)])
        .value("Drivers32", "x")
        .expect_err("a pipe");
    assert!(
        matches!(
            error,
            Error::NotAFile {
                found: "a device or pipe",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_missing_is_made_by_the_first_change_only() -> Result<(), Error> {
    let home = Home::new();
    let file = home.folder.path().join("a/b/registry.toml");
    let registry = Registry::open([Layer::user(&file)]);
    assert_eq!(registry.value("Drivers32", "x")?, None);
    assert!(!file.parent().is_some_and(Path::exists));
    registry.set_value("Drivers32", "x", "y")?;
    assert_eq!(
        fs::read_to_string(file).expect("it is there"),
        "[Drivers32]\nx = \"y\"\n"
    );
    Ok(())
}

#[test]
fn a_change_of_another_writer_is_seen_at_once() -> Result<(), Error> {
    let home = Home::with("[Drivers32]\nwave = 'a.drv'\n");
    let registry = home.registry();
    for file in ["b.drv", "c.drv", "d.drv"] {
        // In place and of equal length, within one step of the clock that stamps files.
        fs::write(home.file(), format!("[Drivers32]\nwave = '{file}'\n")).expect("it is written");
        assert_eq!(
            registry.alias("Drivers32", "wave")?.expect("an entry").file,
            file
        );
    }
    fs::remove_file(home.file()).expect("it is removed");
    assert_eq!(registry.alias("Drivers32", "wave")?, None);
    Ok(())
}

#[test]
fn a_file_that_somebody_keeps_locked_is_in_use_and_says_by_whom() -> Result<(), Error> {
    let home = Home::with("[Drivers32]\n");
    let lock =
        fs::File::create(home.folder.path().join(".registry.toml.lock")).expect("the lock file");
    std::io::Write::write_all(&mut &lock, b"4242 17\n").expect("the holder is written");
    lock.lock().expect("the lock");
    let registry = Registry::open([Layer::file(home.file()).patience(std::time::Duration::ZERO)]);
    let error = registry
        .set_value("Drivers32", "x", "y")
        .expect_err("it is in use");
    assert_eq!(
        error.to_string(),
        format!(
            "the registry \"{}\" is in use by process 4242",
            home.file().display()
        )
    );
    assert_eq!(
        registry.value("Drivers32", "x")?,
        None,
        "reading needs no lock"
    );
    drop(lock);
    registry.set_value("Drivers32", "x", "y")
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_stays_one_and_mode_and_owner_stay() -> Result<(), Error> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let home = Home::with("[Drivers32]\n");
    let real = home.file();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("the mode");
    // Only root may give a file away; for others the owner stays theirs.
    let owner = if std::os::unix::fs::chown(&real, Some(1234), Some(1235)).is_ok() {
        (1234, 1235)
    } else {
        let metadata = fs::metadata(&real).expect("metadata");
        (metadata.uid(), metadata.gid())
    };
    fs::create_dir(home.folder.path().join("sub")).expect("a folder");
    let link = home.folder.path().join("sub/link.toml");
    symlink("../registry.toml", &link).expect("a link");
    Registry::open([Layer::file(&link)]).set_value("Drivers32", "x", "y")?;
    assert!(fs::symlink_metadata(&link).expect("metadata").is_symlink());
    assert!(home.text().contains("x = \"y\""));
    let metadata = fs::metadata(&real).expect("metadata");
    assert_eq!(
        (metadata.mode() & 0o777, metadata.uid(), metadata.gid()),
        (0o640, owner.0, owner.1)
    );

    let dangling = home.folder.path().join("dangling.toml");
    symlink("later.toml", &dangling).expect("a link");
    Registry::open([Layer::file(&dangling)]).set_value("Drivers32", "x", "y")?;
    assert!(home.folder.path().join("later.toml").is_file());
    let round = home.folder.path().join("round.toml");
    symlink("round.toml", &round).expect("a link");
    assert!(
        Registry::open([Layer::file(&round)])
            .set_value("Drivers32", "x", "y")
            .is_err()
    );
    Ok(())
}

#[test]
fn nested_tables_and_several_tables_are_one_key() -> Result<(), Error> {
    let home = Home::with("[HKCU.Software.Vendor]\na = 1\n['hkcu\\software\\VENDOR']\nb = 2\n");
    let registry = home.registry();
    assert_eq!(registry.values(r"HKCU\Software\Vendor")?.len(), 2);
    registry.set_value("HKCU", "top", 3)?;
    registry.set_value(r"HKCU\Software\Vendor", "c", 4)?;
    assert_eq!(registry.value("HKCU", "top")?, Some(Value::Integer(3)));
    assert_eq!(
        registry.values(r"HKCU\Software\Vendor")?.len(),
        3,
        "{}",
        home.text()
    );
    assert!(registry.delete_key(r"HKCU\Software\Vendor")?);
    assert!(
        !home.text().contains("= 1") && !home.text().contains("= 2"),
        "{}",
        home.text()
    );
    Ok(())
}

#[test]
fn a_registry_is_shared_between_threads() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<Registry>();
}
