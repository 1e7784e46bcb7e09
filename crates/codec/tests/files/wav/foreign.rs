//! Files of ffmpeg's read by us, and ours read by ffmpeg.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use opendriver_codec::WaveFormat;
use opendriver_codec::file::wav::{Length, Options, Reader, Writer};
use opendriver_codec::file::{Input, Output};

use crate::ffmpeg::{complaints, probe, run};
use crate::place::{Place, sound};

/// Codecs of ffmpeg's, each with a rate and channels that it takes, and the tag that the file has, behind an extensible format or not.
const CODECS: [(&str, u32, u32, u16); 15] = [
    ("pcm_u8", 11_025, 1, 1),
    ("pcm_s16le", 44_100, 2, 1),
    ("pcm_s16le", 48_000, 6, 1),
    ("pcm_s24le", 44_100, 1, 1),
    ("pcm_s32le", 96_000, 2, 1),
    ("pcm_f32le", 48_000, 2, 3),
    ("pcm_f64le", 8_000, 1, 3),
    ("adpcm_ms", 22_050, 2, 2),
    ("adpcm_ima_wav", 22_050, 1, 0x11),
    ("pcm_alaw", 8_000, 1, 6),
    ("pcm_mulaw", 8_000, 2, 7),
    ("gsm_ms", 8_000, 1, 0x31),
    ("libmp3lame", 44_100, 2, 0x55),
    ("g726", 8_000, 1, 0x45),
    ("wmav2", 44_100, 2, 0x161),
];

fn made(folder: &Path, codec: &str, rate: u32, channels: u32, more: &[&str]) -> std::path::PathBuf {
    let file = folder.join(format!("{codec}-{channels}.wav"));
    let source = format!("sine=frequency=440:sample_rate={rate}:duration=1.3");
    let channels = channels.to_string();
    let mut line = vec![
        "-y", "-f", "lavfi", "-i", &source, "-ac", &channels, "-c:a", codec,
    ];
    line.extend(more);
    let path = file.to_str().expect("the folder is ours");
    line.push(path);
    run("ffmpeg", &line);
    file
}

#[test]
fn ffprobe_and_we_say_the_same_of_all_its_codecs() {
    let folder = tempfile::tempdir().unwrap();
    for (codec, rate, channels, tag) in CODECS {
        let file = made(
            folder.path(),
            codec,
            rate,
            channels,
            &["-metadata", "title=a tone"],
        );
        let said = probe(&file);
        let said = |name: &str| {
            let found = said.iter().find(|(known, _)| known == name);
            found
                .unwrap_or_else(|| panic!("{codec}: no {name}"))
                .1
                .clone()
        };
        let mut reader = Reader::open(Input::file(File::open(&file).unwrap()).unwrap()).unwrap();
        let format = reader.format().clone();
        assert_eq!(format.inner_tag(), tag, "{codec}");
        assert_eq!(format.rate().to_string(), said("sample_rate"), "{codec}");
        assert_eq!(format.channels().to_string(), said("channels"), "{codec}");
        // ffmpeg knows the rate of its MP3 only from the MP3 itself.
        let bits = (format.bytes_per_second() * 8).to_string();
        assert!(
            bits == said("bit_rate") || codec == "libmp3lame",
            "{codec}: {bits}"
        );
        let read = sound(&mut reader, 4096);
        assert_eq!(reader.length(), Some(read.len() as u64), "{codec}");
        // The sound is what ffmpeg itself takes out of the file, packet by packet.
        let path = file.to_str().unwrap();
        let raw = folder.path().join("raw");
        let to = raw.to_str().unwrap();
        run(
            "ffmpeg",
            &[
                "-y", "-i", path, "-c", "copy", "-f", "data", "-map", "0:a", to,
            ],
        );
        let packets = fs::read(&raw).unwrap();
        assert!(read.starts_with(&packets), "{codec}");
        assert!(
            read.len() - packets.len() < usize::from(format.block_align()),
            "{codec}"
        );
        // The title.
        assert!(
            reader
                .chunks()
                .iter()
                .any(|chunk| chunk.id.to_string() == "LIST"),
            "{codec}"
        );
        assert_eq!(
            reader.warnings().count(),
            0,
            "{codec}: {:?}",
            reader.warnings()
        );
    }
}

#[test]
fn what_ffmpeg_writes_into_a_pipe_is_read_from_it() {
    for (codec, rate, channels, tag) in CODECS {
        let source = format!("sine=frequency=440:sample_rate={rate}:duration=0.7");
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i", &source, "-c:a", codec])
            .args(["-ac", &channels.to_string(), "-f", "wav", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("ffmpeg: {error}; apt-get install ffmpeg"));
        let pipe = ffmpeg.stdout.take().unwrap();
        let mut reader = Reader::open(Input::pipe(pipe)).unwrap();
        assert_eq!(
            (reader.format().inner_tag(), reader.length()),
            (tag, None),
            "{codec}"
        );
        let read = sound(&mut reader, 1 << 16);
        assert!(!read.is_empty(), "{codec}");
        assert_eq!(reader.length(), Some(read.len() as u64), "{codec}");
        assert!(ffmpeg.wait().unwrap().success());
    }
}

#[test]
fn ffmpeg_keeps_extra_headers_that_we_read() {
    let folder = tempfile::tempdir().unwrap();
    let bext = [
        "-write_bext",
        "1",
        "-metadata",
        "description=a tone",
        "-metadata",
        "originator=us",
    ];
    let file = made(folder.path(), "pcm_s16le", 8000, 1, &bext);
    let reader = Reader::open(Input::file(File::open(file).unwrap()).unwrap()).unwrap();
    let chunk = &reader.chunks()[0];
    assert_eq!((chunk.id.to_string(), chunk.behind), ("bext".into(), false));
    assert!(chunk.data.starts_with(b"a tone\0"));
}

#[test]
fn ffmpeg_reads_its_own_rf64_and_ours_alike() {
    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path(), "pcm_s16le", 8000, 1, &["-rf64", "always"]);
    let mut reader = Reader::open(Input::file(File::open(&file).unwrap()).unwrap()).unwrap();
    assert_eq!(reader.length(), Some(10_400 * 2));
    assert_eq!(sound(&mut reader, 1000).len(), 10_400 * 2);
    assert_eq!(reader.warnings().count(), 0, "{:?}", reader.warnings());
}

#[test]
fn ffmpeg_has_no_complaint_about_ours() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<u8> = (0..24_000_u32)
        .flat_map(|n| (n as f32).sin().to_le_bytes())
        .collect();
    for format in [
        WaveFormat::pcm(1, 8000, 8),
        WaveFormat::pcm(2, 44_100, 16),
        WaveFormat::pcm(1, 48_000, 24),
        WaveFormat::pcm(2, 48_000, 32),
        WaveFormat::float(1, 48_000, 32),
    ] {
        for (is_pipe, length) in [
            (false, Length::Unknown),
            (false, Length::AtMost(samples.len() as u64)),
            (true, Length::Unknown),
            (true, Length::Exactly(samples.len() as u64)),
        ] {
            let place = Place::default();
            let options = Options {
                length,
                samples: None,
            };
            let mut writer = Writer::new(place.output(is_pipe), &format, options);
            let info = b"INFOINAM\x06\0\0\0a tone";
            writer
                .chunk(opendriver_abi::structures::FourCc::new(*b"LIST"), info)
                .unwrap();
            writer.write(&samples).unwrap();
            writer.finish(None).unwrap();
            let file = folder.path().join("ours.wav");
            fs::write(&file, place.bytes()).unwrap();
            let path = file.to_str().unwrap();
            let raw = folder.path().join("raw");
            let to = raw.to_str().unwrap();
            let copy = [
                "-y", "-i", path, "-c", "copy", "-f", "data", "-map", "0:a", to,
            ];
            // ffmpeg warns of each file that says nothing of its length, its own ones too.
            let is_open = is_pipe && length == Length::Unknown;
            let complaints = complaints("ffmpeg", &copy);
            assert!(
                complaints.is_empty() || is_open,
                "{format} {length:?}: {complaints}"
            );
            assert!(
                fs::read(&raw).unwrap() == samples,
                "{format} {is_pipe} {length:?}"
            );
            let title = ["-show_entries", "format_tags=title", "-of", "csv=p=0", path];
            assert_eq!(run("ffprobe", &title), "a tone\n");
        }
    }
}

#[test]
fn a_codec_that_ffmpeg_wrote_is_written_again_and_decodes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (codec, rate, channels, _) in CODECS {
        let file = made(folder.path(), codec, rate, channels, &[]);
        let mut reader = Reader::open(Input::file(File::open(&file).unwrap()).unwrap()).unwrap();
        let again = folder.path().join("again.wav");
        let output = Output::file(File::create(&again).unwrap());
        let mut writer = Writer::new(output, reader.format(), Options::default());
        let samples = reader.samples();
        writer.write(&sound(&mut reader, 1 << 16)).unwrap();
        writer.finish(samples).unwrap();
        let hash = |file: &Path| {
            let path = file.to_str().unwrap();
            let line = ["-i", path, "-f", "hash", "-"];
            (complaints("ffmpeg", &line), run("ffmpeg", &line))
        };
        assert_eq!(hash(&file), hash(&again), "{codec}");
    }
}
