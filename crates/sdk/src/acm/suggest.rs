//! Which of the listed formats a source is best converted to.

use super::{Codec, Kind, Refusal, WaveFormat, Wish};

/// The listed format that meets the wishes, that the codec can convert the source to, and that is nearest to it.
pub(super) fn suggested<C: Codec>(
    codec: &C,
    source: &WaveFormat,
    wish: Wish,
) -> Result<WaveFormat, Refusal> {
    let listed = codec.tags().into_iter().flat_map(|tag| tag.formats);
    let mut met: Vec<WaveFormat> = listed.filter(|format| wish.is_met_by(format)).collect();
    // Equally near ones keep their order: what an author lists first is what is suggested first.
    let is_codec = codec.details().kind == Kind::Codec;
    met.sort_by_key(|format| {
        (
            is_codec && format.tag == source.tag,
            format.channels.abs_diff(source.channels),
            format.rate.abs_diff(source.rate),
            // Plain samples are best had as every player takes them.
            format.tag == WaveFormat::PCM && format.bits != 16,
        )
    });
    let mut met = met.into_iter();
    met.find(|format| codec.open(source, format).is_ok())
        .ok_or(Refusal::NotPossible)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::acm::{Blocks, Details, Tag};
    use crate::{Host, NoHost, Refused};

    /// Squeezes one channel of 16 bits into 8 of its own, at two rates.
    struct Squeezer;

    const SQUEEZED: u16 = 0xfff0;

    impl Codec for Squeezer {
        type Stream = Blocks;

        fn load(_host: &Arc<dyn Host>) -> Result<Self, Refused> {
            Ok(Self)
        }

        fn details(&self) -> Details {
            Details::new("squeezer", "Squeezer")
        }

        fn tags(&self) -> Vec<Tag> {
            let rates = [8000, 44_100];
            let squeezed = rates.map(|rate| WaveFormat::plain(SQUEEZED, 1, rate, 8));
            let plain = rates.map(|rate| [8, 16].map(|bits| WaveFormat::pcm(1, rate, bits)));
            vec![
                Tag::new(SQUEEZED, "Squeezed", squeezed.into()),
                Tag::new(WaveFormat::PCM, "PCM", plain.concat()),
            ]
        }

        fn open(&self, from: &WaveFormat, to: &WaveFormat) -> Result<Blocks, Refusal> {
            match (from.tag, to.tag) {
                (SQUEEZED, WaveFormat::PCM) | (WaveFormat::PCM, SQUEEZED)
                    if from.rate == to.rate =>
                {
                    let size = |format: &WaveFormat| usize::from(format.block_align);
                    Ok(Blocks::new(size(from), size(to), |_, _| {}))
                }
                _ => Err(Refusal::NotPossible),
            }
        }
    }

    fn suggest(source: WaveFormat, wish: Wish) -> Result<WaveFormat, Refusal> {
        Squeezer::load(&(Arc::new(NoHost) as _))
            .unwrap()
            .suggest(&source, wish)
    }

    #[test]
    fn the_nearest_format_of_the_other_kind_is_suggested() {
        for rate in [8000, 44_100] {
            let (plain, squeezed) = (
                WaveFormat::pcm(1, rate, 16),
                WaveFormat::plain(SQUEEZED, 1, rate, 8),
            );
            let any = Wish::default();
            assert_eq!(suggest(plain.clone(), any), Ok(squeezed.clone()));
            assert_eq!(suggest(squeezed.clone(), any), Ok(plain));
            let shallow = Wish {
                bits: Some(8),
                ..any
            };
            assert_eq!(suggest(squeezed, shallow), Ok(WaveFormat::pcm(1, rate, 8)));
        }
    }

    #[test]
    fn nothing_is_suggested_that_could_not_be_opened() {
        let wish = Wish {
            rate: Some(8000),
            ..Wish::default()
        };
        let plain = WaveFormat::pcm(1, 44_100, 16);
        assert_eq!(suggest(plain.clone(), wish), Err(Refusal::NotPossible));
        let plain_again = Wish {
            tag: Some(WaveFormat::PCM),
            ..Wish::default()
        };
        assert_eq!(suggest(plain, plain_again), Err(Refusal::NotPossible));
        let strange = WaveFormat::plain(7, 1, 8000, 8);
        assert_eq!(suggest(strange, Wish::default()), Err(Refusal::NotPossible));
    }
}
