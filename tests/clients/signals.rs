//! Mono beside drivers: it collects garbage by signals, finds null references by faults and division by zero, too.

use opendriver::Width;
use opendriver_tests::fixtures::{Target, compiled};

use crate::stage::{mono, said};

/// What a driver of `tests/fixtures/restless.c` makes a program say, on the first thread and on another.
const BROKEN: [&str; 4] = [
    "DRV_USER+1: write of address 0x10",
    "DRV_USER+2: division by zero or overflow in a division",
    "DRV_USER+3: stack overflow",
    "DRV_USER+4: illegal instruction",
];

#[test]
fn drivers_run_and_break_inside_mono_and_it_goes_on() {
    let drivers = [Target::Windows64, Target::Windows32, Target::Native];
    let drivers = drivers.map(|target| compiled("restless", target));
    let mut expected = String::new();
    for number in 1..=drivers.len() {
        expected += &format!("driver {number}: True\n");
        expected += &"  collected while it ran: True, wrong answers: 0\n".repeat(2);
        for broken in BROKEN {
            let line =
                format!("  0: SendDriverMessage: the driver broke while handling {broken}\n");
            expected += &line.repeat(2);
        }
        expected += "  still counts: 6\n  closes: 1\n";
    }
    expected += "done\n";
    // How threads are stopped for the collector: by signals wherever they are, or by signals in foreign code only.
    for way in ["hybrid", "preemptive"] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = mono("Restless.exe", Width::W64);
        command
            .arg(folder.path())
            .args(&drivers)
            .env("MONO_THREADS_SUSPEND", way);
        assert_eq!(said(&mut command), expected, "{way}");
    }
}

#[test]
fn callbacks_of_mono_are_told_of_all_drivers_and_formats() {
    for width in Width::ALL {
        let mut command = mono("Codecs.exe", width);
        let said = said(command.arg("list"));
        for line in [
            "Microsoft IMA ADPCM CODEC: 2 tags",
            "Wine GSM 6.10 libgsm codec: 2 tags",
            "  11 8.000 kHz, 4 Bit, Mono",
        ] {
            assert!(said.lines().any(|it| it == line), "{line}: {said}");
        }
    }
}
