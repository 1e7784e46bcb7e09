//! A plain driver as a DLL of Windows.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use opendriver::{Manager, OpenOptions, Registry, Transcript};
use opendriver_abi::Message;
use opendriver_tests::compilers;
use opendriver_tests::house::DRIVERS32;
use opendriver_tests::wine::{Wine, windows_path};
use tempfile::TempDir;

/// The entry in the registry that both systems open it by.
const ALIAS: &str = "opendriver.echo";

/// What follows the file in it.
const TEXT: &str = "Größe 12";

/// What both instances are sent.
const SENT: [(Message, isize, isize); 6] = [
    (echo::ADD, 5, 7),
    (echo::TEXT_LENGTH, 0, 0),
    (echo::OPEN_PARAM, 0, 0),
    (echo::COUNT, 0, 0),
    // No host of Windows keeps settings for a driver.
    (echo::SET_GREETING, 7, 0),
    (echo::COPY_TEXT, 0x10, 5),
];

/// What is played and answered, a line each, as the host program writes it.
fn played_here(dll: &Path) -> Vec<String> {
    let registry = Registry::in_memory();
    let entry = format!("{} {TEXT}", dll.display());
    registry
        .set_value(DRIVERS32, ALIAS, entry)
        .expect("memory takes every value");
    let manager = Manager::builder()
        .trust_foreign_code()
        .registry(registry)
        .build();
    // With a value, Wine loses the text of the first instance (docs/rules.md, O3).
    let open = || manager.open_with(OpenOptions::new(ALIAS).param2(0));
    let instances = [open().unwrap(), open().unwrap()];
    let mut answers = Vec::new();
    for (message, p1, p2) in SENT {
        for instance in &instances {
            answers.push(format!("{:#x}", instance.send(message, p1, p2).unwrap()));
        }
    }
    for instance in instances {
        answers.push(format!("{:#x}", instance.close(0, 0).unwrap()));
    }
    assert!(manager.modules().is_empty());
    answers
}

fn played_on_wine(dll: &Path) -> Vec<String> {
    let wine = Wine::prepared();
    let folder = TempDir::new().expect("there is room for a folder");
    let path = |name: &str| folder.path().join(name);
    compilers::mingw(&["tests/oracle/host.c"], &path("host.exe"), &["-lwinmm"]);
    let entry = format!("{} {TEXT}", windows_path(dll)).replace('\\', "\\\\");
    let key = DRIVERS32.replace("HKLM", "HKEY_LOCAL_MACHINE");
    let entries =
        format!("Windows Registry Editor Version 5.00\n\n[{key}]\n\"{ALIAS}\"=\"{entry}\"\n");
    // Files of entries in this version are UTF-16, the only one that has letters of all languages.
    let entries: Vec<u8> = ("\u{feff}".to_owned() + &entries)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(path("entries.reg"), entries).expect("the folder is ours");
    wine.merge(&path("entries.reg"));

    let names = ["a", "b"];
    let mut script = names
        .map(|name| format!("open {name} {ALIAS} - 0"))
        .to_vec();
    for (message, p1, p2) in SENT {
        let sent = |name| format!("send {name} {:#x} {p1} {p2}", message.0);
        script.extend(names.map(sent));
    }
    script.extend(names.map(|name| format!("close {name} 0 0")));
    fs::write(path("script.txt"), script.join("\n")).expect("the folder is ours");
    let arguments = ["script.txt", "transcript.txt"].map(|name| windows_path(&path(name)));
    let (status, said) = wine.run(folder.path(), path("host.exe"), arguments);
    assert!(status.success(), "{status}: {said}");
    let transcript = fs::read_to_string(path("transcript.txt")).expect("the host wrote it");
    let lines = transcript
        .lines()
        .filter_map(|line| line.split_once(" -> "));
    let answers = lines.filter(|(step, _)| !step.starts_with("open"));
    // C writes no prefix before a nought.
    let hexadecimal = |answer: &str| if answer == "0" { "0x0" } else { answer }.to_owned();
    answers.map(|(_, answer)| hexadecimal(answer)).collect()
}

#[test]
fn a_dll_in_rust_answers_here_as_on_wine() {
    let [dll, ..] = super::windows_dlls();
    let here = played_here(&dll);
    assert_eq!(here, played_on_wine(&dll));
    let text_length = TEXT.len();
    let expected = [
        "0xc".to_owned(),
        format!("{text_length:#x}"),
        "0x0".to_owned(),
        "0x4".to_owned(),
        "0x0".to_owned(),
        "0x0".to_owned(),
        "0x1".to_owned(),
    ];
    let each_twice: Vec<_> = expected
        .iter()
        .flat_map(|answer| [answer, answer])
        .collect();
    assert_eq!(here.iter().collect::<Vec<_>>(), each_twice);
}

#[test]
fn a_dll_in_rust_hears_what_a_shared_object_hears() {
    let [dll, ..] = super::windows_dlls();
    let object = opendriver_tests::example::shared_object("opendriver-echo", "echo");
    let heard = [dll, object].map(|file| {
        let transcript = Arc::new(Transcript::default());
        let manager = Manager::builder()
            .trust_foreign_code()
            .recorder(transcript.clone())
            .build();
        let file = file.to_str().expect("a path in UTF-8");
        let voices = [(); 3].map(|()| manager.open(file).unwrap());
        for voice in &voices {
            let block = voice.memory().unwrap().allocate(16).unwrap();
            assert_eq!(voice.send(echo::COPY_TEXT, block.address(), 0).unwrap(), 0);
            assert_eq!(voice.send(echo::ADD, -1, 3).unwrap(), 2);
        }
        for voice in voices {
            assert_eq!(voice.close(0, 0).unwrap(), 1);
        }
        let records = transcript.records();
        let heard = records.iter().map(|record| {
            let outcome = record.outcome.as_ref().expect("every message was answered");
            (
                record.message,
                outcome.answer.clone().expect("nothing broke"),
            )
        });
        heard.collect::<Vec<_>>()
    });
    assert_eq!(heard[0].len(), 2 + 3 + 6 + 3 + 2);
    assert_eq!(heard[0], heard[1]);
}
