//! Makes test media for benches, and prints where they are.
//!
//! Words are `sound:CODEC:CHANNELS:RATE:SAMPLES` and `video:CODEC:WIDTH:HEIGHT:FRAMES`, codecs by their name in `media`.

use std::fmt::Debug;

use opendriver_tests::media::{self, Film, Sound, Tone, Video};

const SOUNDS: [Sound; 7] = [
    Sound::Pcm,
    Sound::MsAdpcm,
    Sound::ImaAdpcm,
    Sound::ALaw,
    Sound::MuLaw,
    Sound::Gsm,
    Sound::Mp3,
];

const VIDEOS: [Video; 8] = [
    Video::Rgb24,
    Video::Rgb8,
    Video::Cinepak,
    Video::GreyCinepak,
    Video::Video1,
    Video::PaletteVideo1,
    Video::Rle8,
    Video::Rle4,
];

fn main() {
    for word in std::env::args().skip(1) {
        let parts: Vec<&str> = word.split(':').collect();
        let [kind, codec, a, b, c] = parts[..] else {
            panic!("\"{word}\" is no word of this program");
        };
        let [a, b, c] = [a, b, c].map(|part| part.parse::<u32>().expect("a number"));
        let path = match kind {
            "sound" => media::sound(
                named(&SOUNDS, codec),
                Tone {
                    channels: a as u16,
                    rate: b,
                    samples: c,
                },
            ),
            _ => media::video(
                named(&VIDEOS, codec),
                Film {
                    width: a,
                    height: b,
                    frames: c,
                },
            ),
        };
        println!("{}", path.display());
    }
}

fn named<C: Copy + Debug>(codecs: &[C], name: &str) -> C {
    let found = codecs.iter().find(|codec| format!("{codec:?}") == name);
    *found.unwrap_or_else(|| panic!("\"{name}\" is none of {codecs:?}"))
}
