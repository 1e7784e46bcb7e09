//! Our Y4M, PNG and bare frames as ffmpeg decodes them, and its Y4M as we do.

use std::fs;
use std::path::Path;

use opendriver_codec::file::y4m::{self, Options};
use opendriver_codec::file::{Input, Output, png, raw};
use opendriver_codec::{BitmapFormat, Pixel};

use crate::ffmpeg::{complaints, run};
use crate::place::{Place, input};

const FRAMES: usize = 3;

/// ffmpeg's names of our pixels.
const NAMES: [(Pixel, &str); 8] = [
    (Pixel::Rgb555, "rgb555le"),
    (Pixel::Rgb565, "rgb565le"),
    (Pixel::Rgb24, "bgr24"),
    (Pixel::Rgb32, "bgr0"),
    (Pixel::Yuy2, "yuyv422"),
    (Pixel::Uyvy, "uyvy422"),
    (Pixel::Yv12, "yuv420p"),
    (Pixel::I420, "yuv420p"),
];

/// Pictures that differ, as a driver has them.
fn pictures(format: &BitmapFormat) -> Vec<Vec<u8>> {
    let picture =
        |n: usize| (0..format.image_size()).map(move |at| ((at * 7 + n * 31) % 251) as u8);
    (0..FRAMES).map(|n| picture(n).collect()).collect()
}

/// What ffmpeg decodes of files, as bytes of these pixels.
fn decoded(from: &[&str], pixels: &str, folder: &Path) -> Vec<u8> {
    let to = folder.join("decoded");
    let to = to.to_str().unwrap();
    let mut line = vec!["-y"];
    line.extend(from);
    line.extend(["-f", "rawvideo", "-pix_fmt", pixels, to]);
    run("ffmpeg", &line);
    fs::read(to).unwrap()
}

/// The same frames back to back, by our own writer.
fn bare(format: &BitmapFormat, pictures: &[Vec<u8>], pixel: Option<Pixel>) -> Vec<u8> {
    let place = Place::default();
    let mut frames = raw::Frames::new(place.output(true), format, pixel).unwrap();
    for picture in pictures {
        frames.write(picture).unwrap();
    }
    frames.finish().unwrap();
    place.bytes()
}

#[test]
fn ffmpeg_reads_our_bare_frames_and_our_y4m_alike() {
    let folder = tempfile::tempdir().unwrap();
    for (pixel, name) in NAMES {
        for (width, height) in [(16, 8), (7, 5)] {
            let format = BitmapFormat::uncompressed(pixel, width, height);
            let pictures = pictures(&format);
            let y4m = folder.path().join("ours.y4m");
            let output = Output::file(fs::File::create(&y4m).unwrap());
            let options = Options {
                rate: (30_000, 1001),
                chroma: None,
            };
            let mut writer = y4m::Writer::new(output, &format, options).unwrap();
            for picture in &pictures {
                writer.write(picture).unwrap();
            }
            writer.finish().unwrap();
            let y4m = y4m.to_str().unwrap();
            assert_eq!(complaints("ffprobe", &[y4m]), "", "{pixel}");
            let what = "stream=width,height,r_frame_rate,pix_fmt,color_range";
            let said = run("ffprobe", &["-show_entries", what, "-of", "csv=p=0", y4m]);
            let planes = match pixel {
                Pixel::Yuy2 | Pixel::Uyvy => "yuv422p",
                Pixel::Yv12 | Pixel::I420 => "yuv420p",
                _ => "yuv444p",
            };
            assert_eq!(said, format!("{width},{height},{planes},tv,30000/1001\n"));

            let swapped = (pixel == Pixel::Yv12).then_some(Pixel::I420);
            let ours = bare(&format, &pictures, swapped);
            if !pixel.is_rgb() && width % 2 == 0 {
                // Nothing is lost: ffmpeg gives back what went in.
                assert!(
                    decoded(&["-i", y4m], name, folder.path()) == ours,
                    "{pixel}"
                );
            }
            if pixel.is_rgb() {
                let file = folder.path().join("ours.raw");
                fs::write(&file, &ours).unwrap();
                let size = format!("{width}x{height}");
                let from = [
                    "-f",
                    "rawvideo",
                    "-s",
                    &size,
                    "-pix_fmt",
                    name,
                    "-i",
                    file.to_str().unwrap(),
                ];
                let theirs = decoded(&from, "bgr24", folder.path());
                let rgb = bare(&format, &pictures, Some(Pixel::Rgb24));
                assert!(theirs == rgb, "{pixel} {width}x{height}");
            }
        }
    }
}

#[test]
fn our_y4m_is_as_near_to_red_green_and_blue_as_ffmpegs() {
    let folder = tempfile::tempdir().unwrap();
    let format = BitmapFormat::uncompressed(Pixel::Rgb24, 64, 48);
    // A slope, as a photograph has them: colour that is shared is near to each of those that share it.
    let picture: Vec<u8> = (0..48 * 64 * 3_usize)
        .map(|at| match at % 3 {
            0 => at / 3 % 64 * 4,
            1 => at / 3 / 64 * 5,
            _ => 255 - at / 3 % 64 * 4,
        } as u8)
        .collect();
    for chroma in [None, Some(opendriver_codec::file::picture::Chroma::Quarter)] {
        let file = folder.path().join("ours.y4m");
        let output = Output::file(fs::File::create(&file).unwrap());
        let options = Options {
            rate: (25, 1),
            chroma,
        };
        let mut writer = y4m::Writer::new(output, &format, options).unwrap();
        writer.write(&picture).unwrap();
        writer.finish().unwrap();
        let theirs = decoded(&["-i", file.to_str().unwrap()], "bgr24", folder.path());
        let ours = bare(&format, std::slice::from_ref(&picture), None);
        let worst = ours.iter().zip(&theirs).map(|(&a, &b)| a.abs_diff(b)).max();
        assert!(worst <= Some(8), "{chroma:?}: {worst:?}");
    }
}

#[test]
fn what_ffmpeg_pipes_as_y4m_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (planes, named, name) in [
        ("yuv420p", None, "yuv420p"),
        ("yuv422p", None, "yuyv422"),
        ("yuv444p", None, "bgr24"),
        ("gray", Some(Pixel::Rgb24), "bgr24"),
    ] {
        let file = folder.path().join("theirs.y4m");
        let path = file.to_str().unwrap();
        let source = "testsrc2=size=38x22:rate=10:duration=0.5";
        run(
            "ffmpeg",
            &[
                "-y",
                "-f",
                "lavfi",
                "-i",
                source,
                "-pix_fmt",
                planes,
                "-f",
                "yuv4mpegpipe",
                path,
            ],
        );
        let theirs = decoded(&["-i", path], name, folder.path());
        for is_pipe in [false, true] {
            let mut reader =
                y4m::Reader::open(input(fs::read(&file).unwrap(), is_pipe), named).unwrap();
            assert_eq!(reader.rate(), (10, 1));
            let (mut picture, mut pictures) = (Vec::new(), Vec::new());
            while reader.next(&mut picture).unwrap() {
                pictures.push(picture.clone());
            }
            assert_eq!((pictures.len(), reader.warnings().count()), (5, 0));
            let ours = bare(reader.format(), &pictures, None);
            let worst = ours.iter().zip(&theirs).map(|(&a, &b)| a.abs_diff(b)).max();
            // ffmpeg rounds otherwise where it makes red, green and blue; and its grey has the full range.
            let most = match planes {
                "yuv444p" => 3,
                "gray" => 20,
                _ => 0,
            };
            assert!(
                ours.len() == theirs.len() && worst <= Some(most),
                "{planes}: {worst:?}"
            );
        }
    }
}

#[test]
fn ffmpeg_decodes_our_png_to_the_bytes_that_went_in() {
    let folder = tempfile::tempdir().unwrap();
    for pixel in [
        Pixel::Rgb8,
        Pixel::Rgb555,
        Pixel::Rgb24,
        Pixel::Rgb32,
        Pixel::Yuy2,
    ] {
        let format = BitmapFormat::uncompressed(pixel, 13, 9);
        let pictures = pictures(&format);
        let path = folder.path().join("a film.png");
        let mut sequence = png::Sequence::new(&path, &format).unwrap();
        let place = Place::default();
        let mut stream = png::Stream::new(place.output(true), &format).unwrap();
        for picture in &pictures {
            sequence.write(picture).unwrap();
            stream.write(picture).unwrap();
        }
        stream.finish().unwrap();
        assert_eq!(sequence.count(), 3);
        let files: Vec<u8> = (0..3)
            .flat_map(|n| fs::read(sequence.path(n)).unwrap())
            .collect();
        assert!(files == place.bytes(), "{pixel}");
        assert!(folder.path().join("a film-000002.png").exists());

        let pattern = folder.path().join("a film-%06d.png");
        let theirs = decoded(&["-i", pattern.to_str().unwrap()], "bgr24", folder.path());
        assert!(
            theirs == bare(&format, &pictures, Some(Pixel::Rgb24)),
            "{pixel}"
        );
        let first = sequence.path(0);
        let what = ["-show_entries", "stream=pix_fmt", "-of", "csv=p=0"];
        let said = run("ffprobe", &[&what[..], &[first.to_str().unwrap()]].concat());
        let expected = if pixel == Pixel::Rgb8 {
            "pal8\n"
        } else {
            "rgb24\n"
        };
        assert_eq!(said, expected);
    }
}

#[test]
fn a_palette_that_changes_holds_for_the_pictures_that_follow() {
    let folder = tempfile::tempdir().unwrap();
    let format = BitmapFormat::uncompressed(Pixel::Rgb8, 4, 1);
    let mut sequence = png::Sequence::new(&folder.path().join("x.png"), &format).unwrap();
    sequence.write(&[0, 1, 2, 3]).unwrap();
    sequence.set_palette(&[[10, 20, 30, 0], [40, 50, 60, 0]]);
    sequence.write(&[0, 1, 1, 9]).unwrap();
    let pixels = |n| {
        let file = sequence.path(n);
        decoded(&["-i", file.to_str().unwrap()], "rgb24", folder.path())
    };
    assert_eq!(pixels(0), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
    assert_eq!(pixels(1), [30, 20, 10, 60, 50, 40, 60, 50, 40, 0, 0, 0]);
}

#[test]
fn compressed_pictures_have_no_place_in_y4m() {
    let header = opendriver_abi::structures::BitmapInfoHeader {
        compression: opendriver_abi::structures::FourCc::new(*b"cvid"),
        ..BitmapFormat::uncompressed(Pixel::Rgb24, 4, 4).header()
    };
    let format = BitmapFormat::new(header, &[]);
    let options = Options {
        rate: (25, 1),
        chroma: None,
    };
    let error = y4m::Writer::new(Place::default().output(true), &format, options).unwrap_err();
    assert_eq!(error.to_string(), "Y4M files cannot hold cvid, 4x4");
}

#[test]
fn a_y4m_that_is_cut_or_broken_gives_what_was_whole() {
    let place = Place::default();
    let format = BitmapFormat::uncompressed(Pixel::I420, 6, 4);
    let options = Options {
        rate: (25, 1),
        chroma: None,
    };
    let mut writer = y4m::Writer::new(place.output(true), &format, options).unwrap();
    writer.write(&[5; 36]).unwrap();
    writer.write(&[6; 36]).unwrap();
    writer.finish().unwrap();
    let whole = place.bytes();
    let read = |bytes: Vec<u8>| {
        let mut reader = y4m::Reader::open(Input::pipe(std::io::Cursor::new(bytes)), None)?;
        let mut picture = Vec::new();
        while reader.next(&mut picture)? {}
        Ok::<_, opendriver_codec::file::Error>((reader.frames(), reader.warnings().count()))
    };
    let header = whole.len() - 2 * 42;
    for end in 0..whole.len() {
        match read(whole[..end].to_vec()) {
            Ok((frames, warnings)) => {
                assert_eq!(frames as usize, (end - header) / 42, "{end}");
                assert_eq!(warnings == 0, (end - header).is_multiple_of(42), "{end}");
            }
            Err(error) => assert!(error.to_string().contains(" at offset "), "{end}: {error}"),
        }
    }
    for at in 0..header + 8 {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            // Whatever comes of it, it comes to an end, and no more frames than there are bytes for.
            if let Ok((frames, _)) = read(bytes) {
                assert!(frames as usize <= whole.len() / 8);
            }
        }
    }
}
