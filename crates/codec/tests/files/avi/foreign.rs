//! Files that ffmpeg made: we find in them what its own reader finds.

use std::path::{Path, PathBuf};

use opendriver_codec::file::Input;
use opendriver_codec::file::avi::{Reader, StreamKind};

use super::packets::{Packet, of_ffprobe, of_file, of_pipe};
use crate::ffmpeg;

/// Pictures and sound of some seconds, in a file of the folder.
pub(crate) fn make(folder: &Path, video: &[&str], sound: &[&str]) -> PathBuf {
    let file = folder.join("made.avi");
    let size = "testsrc2=s=68x52:r=25:d=3";
    let noise = "anoisesrc=d=3:r=22050:a=0.3:seed=7";
    let mut arguments = vec![
        "-y",
        "-bitexact",
        "-f",
        "lavfi",
        "-i",
        size,
        "-f",
        "lavfi",
        "-i",
        noise,
    ];
    arguments.extend(video);
    arguments.extend(sound);
    arguments.extend([
        "-fflags",
        "+bitexact",
        file.to_str().expect("the folder is ours"),
    ]);
    ffmpeg::run("ffmpeg", &arguments);
    file
}

fn compare(file: &Path) -> Vec<Packet> {
    let theirs = of_ffprobe(file.to_str().expect("the folder is ours"));
    let ours = of_file(file);
    // Pictures that repeat the last have no packet there.
    let full: Vec<_> = ours
        .iter()
        .filter(|packet| packet.size > 0)
        .cloned()
        .collect();
    assert!(!full.is_empty());
    assert_eq!(full, theirs, "{}", file.display());
    // A pipe has no index to tell the keys.
    let mut piped = of_pipe(file);
    for (packet, known) in piped.iter_mut().zip(&ours) {
        packet.key = packet.key.or(known.key);
    }
    assert_eq!(piped, ours);
    ours
}

#[test]
fn every_codec_is_read_as_ffprobe_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let videos: [&[&str]; 5] = [
        &["-c:v", "msvideo1"],
        &["-c:v", "cinepak", "-g", "10"],
        &["-c:v", "rawvideo", "-pix_fmt", "bgr24"],
        &["-c:v", "rawvideo", "-pix_fmt", "pal8"],
        &["-c:v", "mpeg4", "-g", "7", "-bf", "2"],
    ];
    let sounds: [&[&str]; 6] = [
        &["-c:a", "pcm_s16le"],
        &["-c:a", "pcm_u8", "-ac", "2"],
        &["-c:a", "adpcm_ms"],
        &["-c:a", "adpcm_ima_wav"],
        &["-c:a", "libmp3lame", "-b:a", "64k"],
        &["-c:a", "libmp3lame", "-q:a", "2"],
    ];
    for video in videos {
        compare(&make(folder.path(), video, &["-c:a", "pcm_s16le"]));
    }
    for sound in sounds {
        compare(&make(folder.path(), &["-c:v", "msvideo1"], sound));
    }
}

#[test]
fn many_streams_and_texts_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let more = [
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-metadata",
        "title=Odd",
        "-metadata:s:0",
        "title=first",
    ];
    let file = make(folder.path(), &["-c:v", "cinepak"], &more);
    compare(&file);
    let reader = Reader::open(Input::file(std::fs::File::open(file).unwrap()).unwrap()).unwrap();
    let kinds: Vec<_> = reader
        .streams()
        .iter()
        .map(|stream| stream.kind.code().to_string())
        .collect();
    assert_eq!(kinds, ["vids", "auds", "vids", "auds"]);
    assert!(matches!(&reader.streams()[0].kind, StreamKind::Video(format) if format.width() == 68));
    assert_eq!(reader.streams()[0].name, b"first\0");
    assert_eq!(
        (reader.streams()[0].scale, reader.streams()[0].rate),
        (1, 25)
    );
    let title = reader
        .info()
        .iter()
        .find(|(id, _)| id.to_string() == "INAM");
    assert_eq!(title.unwrap().1, b"Odd\0");
    assert!(reader.main().frames >= 75);
    assert_eq!(reader.count(0), Some(reader.main().frames.into()));
}

#[test]
fn what_ffmpeg_writes_to_a_pipe_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = make(folder.path(), &["-c:v", "cinepak"], &["-c:a", "adpcm_ms"]);
    let piped = folder.path().join("piped.avi");
    let command = format!(
        "ffmpeg -v error -i {} -c copy -f avi - > {}",
        file.display(),
        piped.display()
    );
    let status = std::process::Command::new("sh")
        .args(["-c", &command])
        .status()
        .unwrap();
    assert!(status.success());
    let sizes = |packets: Vec<Packet>| -> Vec<_> {
        let sizes = packets
            .into_iter()
            .map(|packet| (packet.stream, packet.start, packet.size));
        let mut sizes: Vec<_> = sizes.collect();
        sizes.sort();
        sizes
    };
    let whole = sizes(of_file(&file));
    assert_eq!(sizes(of_pipe(&piped)), whole);
}

#[test]
fn a_seek_leads_to_the_key_before_a_frame() {
    let folder = tempfile::tempdir().unwrap();
    let file = make(
        folder.path(),
        &["-c:v", "cinepak", "-g", "10"],
        &["-c:a", "pcm_s16le"],
    );
    let packets = of_file(&file);
    let mut reader =
        Reader::open(Input::file(std::fs::File::open(&file).unwrap()).unwrap()).unwrap();
    let keys: Vec<u64> = packets
        .iter()
        .filter(|packet| packet.stream == 0 && packet.key == Some(true))
        .map(|packet| packet.start)
        .collect();
    assert!(keys.len() > 5);
    for frame in [74, 0, 37, 12, 1000] {
        let key = *keys.iter().rfind(|key| **key <= frame).unwrap();
        assert_eq!(reader.seek_to_key(0, frame).unwrap(), key);
        let from = packets
            .iter()
            .position(|packet| packet.stream == 0 && packet.start == key)
            .unwrap();
        assert_eq!(super::packets::all(&mut reader), packets[from..]);
    }
    assert_eq!(reader.warnings().count(), 0);
}
