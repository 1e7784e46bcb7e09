//! Test media are what they say, and the same each time.

use opendriver_tests::media::{self, Film, Sound, Tone, Video};

const SOUNDS: [(Sound, u32); 7] = [
    (Sound::Pcm, 1),
    (Sound::MsAdpcm, 2),
    (Sound::ImaAdpcm, 0x11),
    (Sound::ALaw, 6),
    (Sound::MuLaw, 7),
    (Sound::Gsm, 0x31),
    (Sound::Mp3, 0x55),
];

#[test]
fn sounds_have_the_tag_of_their_codec() {
    for (sound, tag) in SOUNDS {
        let tone = Tone {
            channels: 1,
            rate: 8000,
            samples: 4000,
        };
        let bytes = std::fs::read(media::sound(sound, tone)).unwrap();
        assert_eq!(
            (&bytes[8..16], u32::from(bytes[20])),
            (b"WAVEfmt ".as_slice(), tag),
            "{sound:?}"
        );
    }
}

/// ffmpeg decodes all that we scribble, without a word, to pictures that differ from each other.
#[test]
fn scribbled_films_are_whole() {
    for (video, pixels) in [
        (Video::PaletteVideo1, "pal8"),
        (Video::Rle8, "pal8"),
        (Video::Rle4, "pal8"),
    ] {
        let film = Film {
            width: 64,
            height: 48,
            frames: 60,
        };
        let pictures = media::ffmpeg_pictures(&media::video(video, film), pixels);
        // A picture, and ffmpeg's palette of 256 times 4 bytes.
        let size = 64 * 48 + 1024;
        assert_eq!(pictures.len(), 60 * size, "{video:?}");
        assert_ne!(pictures[..size], pictures[59 * size..], "{video:?}");
    }
}
