//! Files that we write: ffmpeg finds in them what was written, and complains of nothing.

use std::fs::File;
use std::path::{Path, PathBuf};

use opendriver_abi::structures::FourCc;
use opendriver_codec::file::avi::{Options, Reader, Writer};
use opendriver_codec::file::{Input, Output};

use super::foreign::make;
use super::packets::{of_ffprobe, of_file, of_pipe};
use crate::ffmpeg;

/// Writes all that is in a file into another one.
fn copy(from: &Path, to: PathBuf, is_pipe: bool, options: Options) -> PathBuf {
    let mut reader = Reader::open(Input::file(File::open(from).unwrap()).unwrap()).unwrap();
    let file = File::create(&to).unwrap();
    let output = if is_pipe {
        Output::pipe(file)
    } else {
        Output::file(file)
    };
    let mut writer = Writer::new(output, reader.streams(), options).unwrap();
    let mut data = Vec::new();
    while let Some(chunk) = reader.next(&mut data).unwrap() {
        let [_, _, a, b] = chunk.id.0.to_le_bytes();
        let is_key = chunk.key.unwrap_or(false);
        writer
            .write_as(chunk.stream, [a, b], &data, is_key)
            .unwrap();
    }
    writer.finish().unwrap();
    to
}

/// What ffmpeg reads from a file: time, length and hash of each packet. It must have nothing to complain of.
fn content(file: &Path) -> String {
    let arguments = [
        "-i",
        file.to_str().unwrap(),
        "-map",
        "0",
        "-c",
        "copy",
        "-f",
        "framemd5",
        "-",
    ];
    assert_eq!(ffmpeg::complaints("ffmpeg", &arguments), "");
    ffmpeg::run("ffmpeg", &arguments)
}

fn originals(folder: &Path) -> Vec<PathBuf> {
    let choices: [(&[&str], &[&str]); 4] = [
        (&["-c:v", "cinepak", "-g", "10"], &["-c:a", "adpcm_ms"]),
        (
            &["-c:v", "rawvideo", "-pix_fmt", "bgr24"],
            &["-c:a", "pcm_s16le"],
        ),
        (
            &["-c:v", "rawvideo", "-pix_fmt", "pal8"],
            &["-c:a", "libmp3lame", "-q:a", "2"],
        ),
        (
            &["-c:v", "msvideo1"],
            &[
                "-map",
                "0:v",
                "-map",
                "1:a",
                "-map",
                "1:a",
                "-c:a",
                "adpcm_ima_wav",
            ],
        ),
    ];
    let made = choices.iter().enumerate().map(|(number, (video, sound))| {
        let to = folder.join(format!("{number}.avi"));
        std::fs::rename(make(folder, video, sound), &to).unwrap();
        to
    });
    made.collect()
}

#[test]
fn a_copy_has_the_same_packets() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Options {
        open_dml: false,
        ..Options::default()
    };
    let aligned = Options {
        alignment: Some(512),
        info: vec![(FourCc::new(*b"INAM"), b"a name\0".to_vec())],
        ..Options::default()
    };
    let parts = Options {
        segment: 20_000,
        ..Options::default()
    };
    for original in originals(folder.path()) {
        let whole = content(&original);
        let packets = of_file(&original);
        for (name, options) in [
            ("plain", &plain),
            ("room", &Options::default()),
            ("aligned", &aligned),
            ("parts", &parts),
        ] {
            let copied = copy(&original, folder.path().join(name), false, options.clone());
            assert_eq!(content(&copied), whole, "{name} {}", original.display());
            let ours = of_file(&copied);
            let theirs = of_ffprobe(copied.to_str().unwrap());
            let full: Vec<_> = ours
                .iter()
                .filter(|packet| packet.size > 0)
                .cloned()
                .collect();
            assert_eq!(full, theirs, "{name} {}", original.display());
            let keys = |packets: &[super::packets::Packet]| -> Vec<_> {
                packets.iter().map(|packet| packet.key).collect()
            };
            assert_eq!(keys(&ours), keys(&packets));
            if name == "aligned" {
                assert!(ours.iter().all(|packet| packet.place % 512 == 0));
            }
        }
    }
}

#[test]
fn what_goes_to_a_pipe_is_read_by_ffmpeg_from_a_pipe_and_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for original in originals(folder.path()) {
        let whole = content(&original);
        let copied = copy(
            &original,
            folder.path().join("piped"),
            true,
            Options::default(),
        );
        assert_eq!(content(&copied), whole, "{}", original.display());
        let command = format!(
            "cat {} | ffmpeg -v error -i - -map 0 -c copy -f framemd5 - 2>&1",
            copied.display()
        );
        let output = std::process::Command::new("sh")
            .args(["-c", &command])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), whole);
        let strip = |packets: Vec<super::packets::Packet>| -> Vec<_> {
            packets
                .into_iter()
                .map(|p| (p.stream, p.start, p.size))
                .collect()
        };
        assert_eq!(strip(of_pipe(&copied)), strip(of_file(&original)));
    }
}
