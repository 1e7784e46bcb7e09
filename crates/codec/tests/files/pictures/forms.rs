//! Each form into each other, against what a pixel at a time would give.

use opendriver_abi::structures::BitmapInfoHeader;
use opendriver_codec::file::picture::{Chroma, Converter, Form};
use opendriver_codec::{BitmapFormat, Pixel};
use proptest::collection::vec;
use proptest::prelude::*;

/// A driver's pictures, of any pixels, the lowest line first or last, with a palette where they need one.
fn formats() -> impl Strategy<Value = BitmapFormat> {
    let pixels = prop::sample::select(Pixel::ALL.to_vec());
    (
        pixels,
        1..40_u32,
        1..40_u32,
        any::<bool>(),
        vec(any::<u8>(), 1024),
    )
        .prop_map(|(pixel, width, height, top_down, palette)| {
            let format = BitmapFormat::uncompressed(pixel, width, height);
            let height = if top_down {
                -(height as i32)
            } else {
                height as i32
            };
            let header = BitmapInfoHeader {
                height,
                ..format.header()
            };
            match pixel {
                Pixel::Rgb8 => BitmapFormat::new(header, &palette),
                _ => format.with_header(header),
            }
        })
}

fn forms() -> impl Strategy<Value = Form> {
    let pixels = prop::sample::select(Pixel::ALL.to_vec());
    let chroma = prop::sample::select(vec![Chroma::Full, Chroma::Half, Chroma::Quarter]);
    prop_oneof![
        (pixels.clone(), any::<bool>())
            .prop_map(|(pixel, top_down)| Form::Bitmap { pixel, top_down }),
        pixels.prop_map(Form::Bare),
        Just(Form::Rgb),
        chroma.prop_map(Form::Planes),
    ]
}

/// What a pixel is: red, green and blue, or brightness and colour.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Colour {
    Rgb([u8; 3]),
    Yuv([u8; 3]),
}

/// The pixel at a place of a picture, counted from the top left.
fn at(
    form: Form,
    width: u32,
    height: u32,
    palette: &[[u8; 4]],
    bytes: &[u8],
    x: u32,
    y: u32,
) -> Colour {
    let (x, y, w, h) = (x as usize, y as usize, width as usize, height as usize);
    let (pixel, stride, line) = match form {
        Form::Bitmap { pixel, top_down } => {
            let is_up = pixel.is_rgb() && !top_down;
            (
                pixel,
                pixel.stride(width),
                if is_up { h - 1 - y } else { y },
            )
        }
        Form::Bare(pixel) if pixel.is_rgb() => (pixel, w * usize::from(pixel.bits()) / 8, y),
        Form::Bare(pixel) => (pixel, pixel.stride(width), y),
        Form::Rgb => {
            let place = (y * w + x) * 3;
            return Colour::Rgb([bytes[place], bytes[place + 1], bytes[place + 2]]);
        }
        Form::Planes(chroma) => return planes(chroma, false, w, h, bytes, x, y),
        other => panic!("{other}"),
    };
    let from = &bytes[line * stride..];
    let wide = |bits: u16, count: u32| {
        let value = u32::from(bits) & ((1 << count) - 1);
        ((value << (8 - count)) | (value >> (2 * count - 8))) as u8
    };
    match pixel {
        Pixel::Rgb8 => {
            let [b, g, r, _] = palette
                .get(usize::from(from[x]))
                .copied()
                .unwrap_or_default();
            Colour::Rgb([r, g, b])
        }
        Pixel::Rgb555 | Pixel::Rgb565 => {
            let two = u16::from_le_bytes([from[x * 2], from[x * 2 + 1]]);
            Colour::Rgb(match pixel {
                Pixel::Rgb555 => [wide(two >> 10, 5), wide(two >> 5, 5), wide(two, 5)],
                _ => [wide(two >> 11, 5), wide(two >> 5, 6), wide(two, 5)],
            })
        }
        Pixel::Rgb24 => Colour::Rgb([from[x * 3 + 2], from[x * 3 + 1], from[x * 3]]),
        Pixel::Rgb32 => Colour::Rgb([from[x * 4 + 2], from[x * 4 + 1], from[x * 4]]),
        Pixel::Yuy2 => {
            let four = &from[x / 2 * 4..];
            Colour::Yuv([four[x % 2 * 2], four[1], four[3]])
        }
        Pixel::Uyvy => {
            let four = &from[x / 2 * 4..];
            Colour::Yuv([four[x % 2 * 2 + 1], four[0], four[2]])
        }
        Pixel::Yv12 => planes(Chroma::Quarter, true, w, h, bytes, x, y),
        Pixel::I420 => planes(Chroma::Quarter, false, w, h, bytes, x, y),
        other => panic!("{other}"),
    }
}

fn planes(
    chroma: Chroma,
    red_first: bool,
    w: usize,
    h: usize,
    bytes: &[u8],
    x: usize,
    y: usize,
) -> Colour {
    let (cw, ch) = (
        chroma.width(w as u32) as usize,
        chroma.height(h as u32) as usize,
    );
    let line = if ch < h { y / 2 } else { y };
    let place = line * cw + if cw < w { x / 2 } else { x };
    let first = bytes[w * h + place];
    let second = bytes[w * h + cw * ch + place];
    let [u, v] = if red_first {
        [second, first]
    } else {
        [first, second]
    };
    Colour::Yuv([bytes[y * w + x], u, v])
}

/// ITU-R BT.601, in its limited range; nothing is darker than black.
fn rgb([y, u, v]: [u8; 3]) -> [f64; 3] {
    let y = (f64::from(y.max(16)) - 16.0) / 219.0;
    let (u, v) = (
        (f64::from(u) - 128.0) / 224.0,
        (f64::from(v) - 128.0) / 224.0,
    );
    let (r, b) = (y + 1.402 * v, y + 1.772 * u);
    let g = (y - 0.299 * r - 0.114 * b) / 0.587;
    [r, g, b].map(|value| (value * 255.0).clamp(0.0, 255.0))
}

fn luma([r, g, b]: [u8; 3]) -> f64 {
    let y = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    16.0 + y * 219.0 / 255.0
}

/// How many bits of each colour a form keeps.
fn kept(form: Form) -> [u32; 3] {
    match form {
        Form::Bitmap { pixel, .. } | Form::Bare(pixel) => match pixel {
            Pixel::Rgb555 => [5; 3],
            Pixel::Rgb565 => [5, 6, 5],
            _ => [8; 3],
        },
        _ => [8; 3],
    }
}

proptest! {
    #[test]
    fn a_pixel_stays_what_and_where_it_is(
        format in formats(),
        to in forms(),
        seed in vec(any::<u8>(), 16..400),
    ) {
        let (width, height) = (format.width(), format.height());
        let from = Form::of(&format).unwrap();
        let has_indices = |form: Form| matches!(form, Form::Bitmap { pixel: Pixel::Rgb8, .. } | Form::Bare(Pixel::Rgb8));
        let Ok(mut converter) = Converter::new(&format, to) else {
            prop_assert!(has_indices(to) && !has_indices(from));
            return Ok(());
        };
        let picture: Vec<u8> = seed.iter().cycle().copied().take(converter.source_size()).collect();
        let mut made = vec![7; 3];
        converter.convert(&picture, &mut made).unwrap();
        prop_assert_eq!(made.len(), converter.size());
        let palette = format.palette();
        for y in 0..height {
            for x in 0..width {
                let before = at(from, width, height, palette, &picture, x, y);
                let after = at(to, width, height, palette, &made, x, y);
                match (before, after) {
                    (Colour::Rgb(before), Colour::Rgb(after)) => {
                        for ((before, after), bits) in before.into_iter().zip(after).zip(kept(to)) {
                            prop_assert_eq!(before >> (8 - bits), after >> (8 - bits));
                        }
                    }
                    (Colour::Yuv(before), Colour::Yuv(after)) => prop_assert_eq!(before[0], after[0]),
                    (Colour::Yuv(before), Colour::Rgb(after)) => {
                        for ((before, after), bits) in rgb(before).into_iter().zip(after).zip(kept(to)) {
                            let step = f64::from(1 << (8 - bits)) + 2.0;
                            prop_assert!((before - f64::from(after)).abs() <= step, "{before} {after}");
                        }
                    }
                    (Colour::Rgb(before), Colour::Yuv(after)) => {
                        prop_assert!((luma(before) - f64::from(after[0])).abs() <= 0.75);
                    }
                }
            }
        }
    }

    #[test]
    fn colour_that_keeps_its_measure_is_kept_bit_for_bit(
        (width, height) in (1..40_u32, 1..40_u32),
        pixel in prop::sample::select(vec![Pixel::Yuy2, Pixel::Uyvy, Pixel::Yv12, Pixel::I420]),
        seed in vec(any::<u8>(), 16..400),
    ) {
        let format = BitmapFormat::uncompressed(pixel, width, height);
        let chroma = if pixel.bits() == 16 { Chroma::Half } else { Chroma::Quarter };
        let mut there = Converter::new(&format, Form::Planes(chroma)).unwrap();
        let mut back = Converter::to_driver(Form::Planes(chroma), &format).unwrap();
        let picture: Vec<u8> = seed.iter().cycle().copied().take(there.source_size()).collect();
        let (mut planes, mut again) = (Vec::new(), Vec::new());
        there.convert(&picture, &mut planes).unwrap();
        back.convert(&planes, &mut again).unwrap();
        let form = Form::of(&format).unwrap();
        for y in 0..height {
            for x in 0..width {
                let pixel = |bytes: &[u8]| at(form, width, height, &[], bytes, x, y);
                prop_assert_eq!(pixel(&picture), pixel(&again));
            }
        }
    }

    #[test]
    fn grey_becomes_colour_without_any(
        (width, height) in (1..20_u32, 1..20_u32),
        grey in any::<u8>(),
        chroma in prop::sample::select(vec![Chroma::Full, Chroma::Half, Chroma::Quarter]),
    ) {
        let format = BitmapFormat::uncompressed(Pixel::Rgb24, width, height);
        let mut converter = Converter::new(&format, Form::Planes(chroma)).unwrap();
        let mut planes = Vec::new();
        converter.convert(&vec![grey; converter.source_size()], &mut planes).unwrap();
        let (brightness, colour) = planes.split_at((width * height) as usize);
        prop_assert!(brightness.iter().all(|&y| (f64::from(y) - luma([grey; 3])).abs() <= 0.75));
        prop_assert!(colour.iter().all(|&sample| sample == 128), "{colour:?}");
    }

    #[test]
    fn small_indices_come_out_in_order(width in 1..40_u32, bits in prop::sample::select(vec![1_u16, 4])) {
        let header = BitmapInfoHeader {
            bit_count: bits,
            ..BitmapFormat::uncompressed(Pixel::Rgb8, width, 2).header()
        };
        let palette: Vec<u8> = (0..1_u8 << bits).flat_map(|n| [n, n + 1, n + 2, 0]).collect();
        let format = BitmapFormat::new(header, &palette);
        let mut rgb = Converter::new(&format, Form::Rgb).unwrap();
        let mut bare = Converter::new(&format, Form::Indices(bits)).unwrap();
        let picture: Vec<u8> = (0..rgb.source_size() as u8).map(|n| n.wrapping_mul(37)).collect();
        let (mut colours, mut indices) = (Vec::new(), Vec::new());
        rgb.convert(&picture, &mut colours).unwrap();
        bare.convert(&picture, &mut indices).unwrap();
        let line = (width as usize * usize::from(bits)).div_ceil(8);
        for (at, colour) in colours.chunks(3).enumerate() {
            let (x, y) = (at % width as usize * usize::from(bits), at / width as usize);
            let index = indices[y * line + x / 8] << (x % 8) >> (8 - bits);
            prop_assert_eq!(colour, [index + 2, index + 1, index]);
        }
    }
}

#[test]
fn a_picture_that_is_too_short_is_refused() {
    let format = BitmapFormat::uncompressed(Pixel::Rgb24, 4, 4);
    let mut converter = Converter::new(&format, Form::Rgb).unwrap();
    let error = converter.convert(&[0; 47], &mut Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a picture has 47 bytes, and its format takes 48"
    );
}

#[test]
fn absurd_sizes_are_refused_before_any_room_is_made() {
    for (width, height) in [(0, 4), (4, 0), (i32::MAX as u32, 1), (1 << 20, 1 << 20)] {
        let format = BitmapFormat::uncompressed(Pixel::Rgb24, width, height);
        let error = Converter::new(&format, Form::Rgb).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("RGB24, {width}x{height} cannot become red, green and blue")
        );
    }
}
