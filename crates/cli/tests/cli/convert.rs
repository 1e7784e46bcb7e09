//! `drv convert`: whole files through codecs, and what is left when that does not come to its end.

mod ends;
mod flac;
mod pictures;
mod ranges;
mod reports;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use opendriver::Width;
use opendriver_codec::file::{Input, avi, wav};
use opendriver_tests::media::{self, Film, Sound, Tone, Video};
use opendriver_tests::real;

use crate::station::{Ran, Station};

/// Half a second, and no whole number of blocks.
const TONE: Tone = Tone {
    channels: 2,
    rate: 22_050,
    samples: 11_111,
};

/// Two seconds of small pictures.
const FILM: Film = Film {
    width: 64,
    height: 48,
    frames: 30,
};

/// A driver of Wine's, by its file.
fn driver(name: &str) -> String {
    text(&real::folder(Width::W64).join(name))
}

fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

/// Runs `drv convert`, which has to come to its end without a word on standard error.
fn convert(station: &Station, words: &[&str]) -> Ran {
    let ran = station.run(&[&["convert"], words].concat());
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    ran
}

/// What is in the folder, but for what the test has put there.
fn names(station: &Station) -> Vec<String> {
    let files = fs::read_dir(station.path("")).expect("the folder is ours");
    let name = |file: std::io::Result<fs::DirEntry>| {
        let name = file.expect("a file").file_name();
        name.into_string().expect("UTF-8")
    };
    let mut names: Vec<_> = files.map(name).collect();
    names.sort();
    names
}

/// Pictures of MS Video 1 and sound of MS ADPCM in one file.
fn both() -> PathBuf {
    let tone = Tone {
        samples: 44_100,
        ..TONE
    };
    media::together(
        &media::video(Video::Video1, FILM),
        &media::sound(Sound::MsAdpcm, tone),
    )
}

/// The chunks of each stream of an AVI file.
fn chunks(file: &Path) -> Vec<Vec<Vec<u8>>> {
    let input = Input::file(File::open(file).expect("a file")).expect("its length");
    let mut reader = avi::Reader::open(input).expect("an AVI file");
    let mut chunks = vec![Vec::new(); reader.streams().len()];
    let mut data = Vec::new();
    while let Some(chunk) = reader.next(&mut data).expect("a chunk") {
        chunks[chunk.stream].push(data.clone());
    }
    assert_eq!(reader.warnings().count(), 0, "{:?}", reader.warnings());
    chunks
}

/// The sound of a WAV file as it is.
fn blocks(file: &Path) -> Vec<u8> {
    let input = Input::file(File::open(file).expect("a file")).expect("its length");
    let mut reader = wav::Reader::open(input).expect("a WAV file");
    let mut blocks = Vec::new();
    while reader.read_blocks(1 << 16, &mut blocks).expect("blocks") > 0 {}
    blocks
}

/// The chunks of one stream in a row.
fn stream(file: &Path, stream: usize) -> Vec<u8> {
    chunks(file).swap_remove(stream).concat()
}

#[test]
fn sound_is_decoded_as_ffmpeg_decodes_it() {
    let station = Station::new();
    let source = text(&media::sound(Sound::MsAdpcm, TONE));
    let adpcm = driver("msadp32.acm");
    let ran = convert(&station, &[&source, "out.wav", "--driver", &adpcm]);
    assert_eq!(
        ran.out,
        "out.wav: PCM, 22050 Hz, stereo, 16 bits, from MS ADPCM, 22050 Hz, stereo, 4 bits, by msadp32.acm\n"
    );
    let expected = media::ffmpeg_samples(Path::new(&source));
    let found = media::ffmpeg_samples(&station.path("out.wav"));
    assert!(found == expected);
    assert_eq!(names(&station), ["out.wav"]);
    convert(&station, &[&source, "out.pcm", "--driver", &adpcm]);
    assert!(fs::read(station.path("out.pcm")).expect("it was written") == expected);
}

#[test]
fn pictures_and_sound_are_decoded_by_a_driver_each() {
    let station = Station::new();
    let source = both();
    let drivers = [driver("msvidc32.dll"), driver("msadp32.acm")];
    let words = [
        &text(&source),
        "out.avi",
        "--driver",
        &drivers[0],
        "--driver",
        &drivers[1],
    ];
    let ran = convert(&station, &words);
    assert_eq!(
        ran.out,
        "out.avi: 30 frames of RGB555, 64x48, from MSVC, 64x48, by msvidc32.dll; \
         PCM, 22050 Hz, stereo, 16 bits, from MS ADPCM, 22050 Hz, stereo, 4 bits, by msadp32.acm\n"
    );
    let out = station.path("out.avi");
    let pictures = |file: &Path| media::ffmpeg_pictures(file, "rgb555le");
    assert!(pictures(&out) == pictures(&source));
    assert!(media::ffmpeg_samples(&out) == media::ffmpeg_samples(&source));
}

#[test]
fn drivers_that_are_installed_are_found_by_what_they_take() {
    let station = Station::new();
    for name in ["msrle32.dll", "msvidc32.dll", "imaadp32.acm", "msadp32.acm"] {
        let ran = station.run(&["install", &driver(name)]);
        assert_eq!(ran.status, Some(0), "{ran:?}");
    }
    let ran = convert(&station, &[&text(&both()), "out.avi", "--format", "json"]);
    let summary = &ran.json()[0];
    assert_eq!(summary["streams"][0]["drivers"][0], "msvidc32.dll");
    assert_eq!(summary["streams"][1]["drivers"][0], "msadp32.acm");
    assert_eq!(
        (&summary["complete"], &summary["warnings"]),
        (&true.into(), &0.into())
    );
    let ran = station.run(&[
        "convert",
        &text(&media::video(Video::Cinepak, FILM)),
        "no.avi",
    ]);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    for words in [
        "no installed codec decompresses cvid",
        "msrle",
        "hint: `drv list`",
    ] {
        assert!(ran.err.contains(words), "{ran:?}");
    }
    assert!(!station.path("no.avi").exists());
}

#[test]
fn copied_streams_are_the_same_bit_for_bit() {
    let station = Station::new();
    let source = both();
    let words = [&text(&source), "copy.avi", "--copy-video", "--copy-audio"];
    convert(&station, &words);
    assert!(chunks(&station.path("copy.avi")) == chunks(&source));
    let adpcm = driver("msadp32.acm");
    let words = [
        &text(&source),
        "half.avi",
        "--copy-video",
        "--driver",
        &adpcm,
    ];
    convert(&station, &words);
    let (half, whole) = (chunks(&station.path("half.avi")), chunks(&source));
    assert!(half[0] == whole[0] && half[1] != whole[1]);
    let sound = media::sound(
        Sound::Gsm,
        Tone {
            channels: 1,
            rate: 8000,
            ..TONE
        },
    );
    convert(&station, &[&text(&sound), "copy.wav", "--copy-audio"]);
    assert!(blocks(&station.path("copy.wav")) == blocks(&sound));
}

#[test]
fn a_file_without_pictures_or_without_sound_is_made() {
    let station = Station::new();
    let source = text(&both());
    let adpcm = driver("msadp32.acm");
    let video = driver("msvidc32.dll");
    convert(&station, &[&source, "sound.wav", "--driver", &adpcm]);
    convert(
        &station,
        &[&source, "mute.avi", "--no-audio", "--driver", &video],
    );
    convert(
        &station,
        &[&source, "dark.avi", "--no-video", "--driver", &adpcm],
    );
    assert!(
        media::ffmpeg_samples(&station.path("sound.wav"))
            == media::ffmpeg_samples(&station.path("dark.avi"))
    );
    assert_eq!(chunks(&station.path("mute.avi")).len(), 1);
    let ran = station.run(&["convert", &source, "no.wav", "--no-audio"]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("no stream for a file of the kind wav"),
        "{ran:?}"
    );
}

#[test]
fn sound_is_encoded_and_goes_from_rate_to_rate() {
    let station = Station::new();
    let source = text(&media::sound(Sound::Pcm, TONE));
    let gsm = driver("msgsm32.acm");
    let words = [&source, "call.wav", "--driver", &gsm, "--audio", "gsm"];
    let ran = convert(
        &station,
        &[&words[..], &["--format", "8000Hz,mono"]].concat(),
    );
    assert!(
        ran.out.contains("GSM 6.10, 8000 Hz, mono") && ran.out.contains("by pcm, msgsm32.acm"),
        "{ran:?}"
    );
    convert(&station, &["call.wav", "copy.wav", "--copy-audio"]);
    for name in ["call.wav", "copy.wav"] {
        let file = File::open(station.path(name)).unwrap();
        let reader = wav::Reader::open(Input::file(file).unwrap()).unwrap();
        // Without what fills up the last block.
        assert_eq!(reader.samples(), Some(11_111 * 8000 / 22_050), "{name}");
    }
    let ran = convert(
        &station,
        &[
            "call.wav",
            "back.wav",
            "--driver",
            &gsm,
            "--format",
            "44.1kHz,stereo,8bit",
        ],
    );
    assert!(ran.out.contains("PCM, 44100 Hz, stereo, 8 bits"), "{ran:?}");
    // Half a second, and what fills up the last block.
    let samples = media::ffmpeg_samples(&station.path("back.wav")).len() / 4;
    assert!(
        (22_222..=22_222 + 44_100 * 640 / 8000).contains(&samples),
        "{samples}"
    );
}

#[test]
fn no_file_is_written_over_that_is_read_or_written_otherwise() {
    let station = Station::new();
    fs::copy(media::sound(Sound::MsAdpcm, TONE), station.path("in.wav")).unwrap();
    let before = fs::read(station.path("in.wav")).unwrap();
    let adpcm = driver("msadp32.acm");
    fs::copy(&adpcm, station.path("codec.acm")).unwrap();
    for places in [
        &["out.wav", "--report", "in.wav"][..],
        &["out.wav", "--save-state", "in.wav"],
        &["out.wav", "--report", "codec.acm"],
        &["out.wav", "--report", "out.wav"],
        &["out.wav", "--report", "./out.wav"],
        &["in.wav"],
    ] {
        let words = [&["convert", "in.wav", "--driver", "codec.acm"], places].concat();
        let ran = station.run(&words);
        assert_eq!(ran.status, Some(2), "{ran:?}");
        assert!(ran.err.contains("written"), "{ran:?}");
        assert!(!station.path("out.wav").exists(), "{ran:?}");
    }
    assert!(fs::read(station.path("in.wav")).unwrap() == before);
    assert!(fs::read(station.path("codec.acm")).unwrap() == fs::read(&adpcm).unwrap());
}

#[test]
fn a_range_behind_the_end_is_an_error_and_no_empty_file() {
    let station = Station::new();
    let source = text(&media::video(Video::Video1, FILM));
    let codec = driver("msvidc32.dll");
    let words = [
        "convert", &source, "out.avi", "--driver", &codec, "--frames", "4000..",
    ];
    let ran = station.run(&words);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.err.contains("ends before the frames"), "{ran:?}");
    assert!(!station.path("out.avi").exists(), "{ran:?}");
}

#[test]
fn pixels_that_a_codec_only_says_to_know_are_made_of_those_that_it_knows() {
    let station = Station::new();
    let source = text(&media::video(Video::Cinepak, FILM));
    let codec = driver("iccvid.dll");
    let ran = convert(
        &station,
        &[&source, "yuy2.avi", "--driver", &codec, "--pixel", "YUY2"],
    );
    assert!(ran.out.contains("frames of YUY2"), "{ran:?}");
    convert(&station, &[&source, "rgb.avi", "--driver", &codec]);
    convert(&station, &["rgb.avi", "same.avi", "--pixel", "YUY2"]);
    assert!(stream(&station.path("yuy2.avi"), 0) == stream(&station.path("same.avi"), 0));
}

#[test]
fn pictures_are_encoded() {
    let station = Station::new();
    let rle = driver("msrle32.dll");
    let source = text(&media::video(Video::Rle8, FILM));
    let to = |from: &str, to: &str, wishes: &[&str]| {
        convert(&station, &[&[from, to, "--driver", &rle], wishes].concat())
    };
    let pictures = |name: &str| stream(&station.path(name), 0);
    to(&source, "plain.avi", &["--pixel", "rgb8"]);
    let encode = ["--video", "mrle", "--key-every", "1"];
    let ran = to("plain.avi", "encoded.avi", &encode);
    assert!(
        ran.out
            .contains("30 frames of RLE8, 64x48, from RGB8, 64x48, by msrle32.dll"),
        "{ran:?}"
    );
    // From one code to another, without a file in between.
    to(&source, "recoded.avi", &encode);
    assert!(pictures("recoded.avi") == pictures("encoded.avi"));
    assert!(pictures("encoded.avi").len() < pictures("plain.avi").len());
    // Wine's encoder takes a colour for its neighbour here and there.
    to("encoded.avi", "again.avi", &["--pixel", "rgb8"]);
    let (again, plain) = (pictures("again.avi"), pictures("plain.avi"));
    assert_eq!(again.len(), plain.len());
    let others = again.iter().zip(&plain).filter(|(one, other)| one != other);
    assert!(others.count() < plain.len() / 100);
}

#[test]
fn a_codec_that_only_decompresses_says_so() {
    let station = Station::new();
    let source = text(&media::video(Video::Rgb24, FILM));
    let words = [
        "convert",
        &source,
        "out.avi",
        "--video",
        "msvc",
        "--driver",
        &driver("msvidc32.dll"),
    ];
    let ran = station.run(&words);
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("compresses RGB24, 64x48 to \"msvc\""),
        "{ran:?}"
    );
}

#[test]
fn ffmpeg_sits_on_either_end_of_a_pipe() {
    let station = Station::new();
    let source = text(&media::sound(Sound::MsAdpcm, TONE));
    let (adpcm, video) = (driver("msadp32.acm"), driver("msvidc32.dll"));
    let run = |line: &str| {
        let output = station.shell(line).output().expect("a shell");
        assert!(output.status.success(), "{output:?}");
    };
    run(&format!(
        "ffmpeg -v error -i {source} -c copy -f wav - | \
         drv convert -q - - --to wav --driver {adpcm} | \
         ffmpeg -v error -f wav -i - -f s16le out.pcm"
    ));
    let expected = media::ffmpeg_samples(Path::new(&source));
    assert!(fs::read(station.path("out.pcm")).expect("it was written") == expected);
    let source = text(&both());
    run(&format!(
        "ffmpeg -v error -i {source} -c copy -f avi - | \
         drv convert -q - - --to avi --driver {video} --driver {adpcm} | \
         ffmpeg -v error -f avi -i - -f rawvideo -pix_fmt rgb555le out.raw"
    ));
    let expected = media::ffmpeg_pictures(Path::new(&source), "rgb555le");
    assert!(fs::read(station.path("out.raw")).expect("it was written") == expected);
}

#[test]
fn what_cannot_be_meant_is_said() {
    let station = Station::new();
    let source = text(&media::sound(Sound::Pcm, TONE));
    station.file("notes.txt", "no sound\n");
    for (words, said) in [
        (&[source.as_str(), "-"][..], "standard output has no ending"),
        (&[&source, "out.mkv"], "the ending of \"out.mkv\""),
        (&[&source, &source], "is both what is to be read"),
        (
            &["notes.txt", "out.wav"],
            "expected \"RIFF\" at offset 0, found 6e 6f 20 73",
        ),
        (&["nowhere.wav", "out.wav"], "cannot read \"nowhere.wav\""),
        (
            &[&source, "nowhere/out.wav"],
            "cannot write \"nowhere/out.wav\"",
        ),
        (
            &[&source, "out.wav", "--driver", "nobody.acm"],
            "no driver named \"nobody.acm\"",
        ),
        (
            &[&source, "out.wav", "--driver", "notes.txt"],
            "is not a driver",
        ),
        (
            &[&source, "out.wav", "--format", "loud"],
            "neither text nor json nor",
        ),
        (
            &[&source, "out.wav", "--audio", "opus"],
            "\"opus\" is no format tag",
        ),
        (
            &[&source, "out.wav", "--frames", "5..2"],
            "is no range of frames",
        ),
        (
            &[&source, "out.wav", "--copy-audio", "--audio", "gsm"],
            "cannot be used with",
        ),
    ] {
        let ran = station.run(&[&["convert"], words].concat());
        assert_eq!(ran.status, Some(2), "{words:?}: {ran:?}");
        assert!(ran.err.contains(said), "{words:?}: {ran:?}");
    }
    assert_eq!(names(&station), ["notes.txt"]);
}

#[test]
fn a_driver_for_another_machine_is_named_as_such() {
    let station = Station::new();
    let source = text(&media::sound(Sound::MsAdpcm, TONE));
    let file = station.driver_for_arm("pocket.acm");
    let ran = station.run(&["convert", &source, "out.wav", "--driver", &file]);
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("is for ARM, which this host cannot run"),
        "{ran:?}"
    );
}
