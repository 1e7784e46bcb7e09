//! Which channels of the source are heard in which of the destination.

use crate::format::Format;

/// Speakers on the left, by their bits in `dwChannelMask`: front, back, front of centre, side, top front, top back.
const LEFT: u32 = 0x1 | 0x10 | 0x40 | 0x200 | 0x1000 | 0x8000;
/// Their counterparts on the right.
const RIGHT: u32 = 0x2 | 0x20 | 0x80 | 0x400 | 0x4000 | 0x2_0000;
/// The one for low frequencies.
const LOW: u32 = 0x8;

/// Turns frames of so many channels into frames of so many others.
///
/// - One channel becomes two that are the same; further ones are silent.
/// - Many become one by their mean, the one for low frequencies left out.
/// - Otherwise each channel keeps its number. Those that are new are silent. One that has no place any more is heard at half its
///   loudness in the first channel if its speaker is on the left, in the second if on the right, in both if in the middle, and not at
///   all if it is for low frequencies; what is mixed is divided by the sum of its parts, so that it is never too loud.
///
/// Where speakers are is what `dwChannelMask` says, or the usual order for that many channels.
pub(crate) struct Mix {
    source: usize,
    destination: usize,
    terms: Vec<Term>,
}

/// How loud a channel of the source is in one of the destination.
struct Term {
    from: usize,
    to: usize,
    gain: f64,
}

impl Mix {
    /// None where nothing is to be mixed.
    pub(crate) fn new(source: Format, destination: Format) -> Option<Self> {
        let [from, to] = [source, destination].map(|format| usize::from(format.channels));
        if from == to {
            return None;
        }
        let sides: Vec<Side> = sides(source).collect();
        let mut terms = Vec::new();
        let mut add = |from, to, gain| terms.push(Term { from, to, gain });
        for (channel, side) in sides.into_iter().enumerate() {
            match (side, to) {
                _ if from == 1 => (0..to.min(2)).for_each(|to| add(0, to, 1.0)),
                (Side::Low, 1) => {}
                (_, 1) => add(channel, 0, 1.0),
                _ if channel < to => add(channel, channel, 1.0),
                (Side::Low, _) => {}
                (Side::Left, _) => add(channel, 0, 0.5),
                (Side::Right, _) => add(channel, 1, 0.5),
                (Side::Middle, _) => (0..2).for_each(|to| add(channel, to, 0.5)),
            }
        }
        for channel in 0..to {
            let parts = || terms.iter().filter(|term| term.to == channel);
            let sum: f64 = parts().map(|term| term.gain).sum();
            let mixed = terms.iter_mut().filter(|term| term.to == channel);
            mixed.for_each(|term| term.gain /= sum.max(1.0));
        }
        Some(Self {
            source: from,
            destination: to,
            terms,
        })
    }

    /// Mixes whole frames, as many as both have room for.
    pub(crate) fn apply(&self, source: &[f64], destination: &mut [f64]) {
        match (self.source, self.destination) {
            // The usual two are told apart from the rest, so that the compiler sees how long a frame is.
            (1, 2) => {
                let (frames, _) = destination.as_chunks_mut();
                let frames = frames.iter_mut().zip(source);
                frames.for_each(|(to, &from)| *to = [from, from]);
            }
            (2, 1) => {
                let (frames, _) = source.as_chunks();
                let frames = destination.iter_mut().zip(frames);
                frames.for_each(|(to, &[left, right])| *to = (left + right) * 0.5);
            }
            _ => {
                let frames = source.chunks_exact(self.source);
                let frames = frames.zip(destination.chunks_exact_mut(self.destination));
                frames.for_each(|(from, to)| {
                    to.fill(0.0);
                    for term in &self.terms {
                        to[term.to] += from[term.from] * term.gain;
                    }
                });
            }
        }
    }
}

/// Where a channel is heard.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
    Middle,
    Low,
}

/// The speakers of so many channels where nobody says which; 0 where there is no usual order.
pub(crate) fn usual_speakers(channels: u16) -> u32 {
    match channels {
        1 => 0x4,
        2 => 0x3,
        3 => 0x7,
        4 => 0x33,
        5 => 0x37,
        6 => 0x3f,
        7 => 0x70f,
        8 => 0x63f,
        _ => 0,
    }
}

/// The side of each channel: the lowest bit of the mask is the first channel. Channels without a speaker alternate.
fn sides(format: Format) -> impl Iterator<Item = Side> {
    let usual = || usual_speakers(format.channels);
    let mask = format.speakers.filter(|&mask| mask != 0);
    let mask = mask.unwrap_or_else(usual);
    let placed = (0..32)
        .map(|bit| 1 << bit)
        .filter(move |bit| mask & bit != 0);
    let placed = placed.map(|speaker| match speaker {
        LOW => Side::Low,
        _ if LEFT & speaker != 0 => Side::Left,
        _ if RIGHT & speaker != 0 => Side::Right,
        _ => Side::Middle,
    });
    let others = [Side::Left, Side::Right].into_iter().cycle();
    placed.chain(others).take(format.channels.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Depth;

    fn format(channels: u16, speakers: Option<u32>) -> Format {
        Format {
            depth: Depth::F64,
            channels,
            rate: 48_000,
            speakers,
        }
    }

    fn mixed(from: Format, to: u16, frame: &[f64]) -> Vec<f64> {
        let mut mixed = vec![9.0; to.into()];
        let mix = Mix::new(from, format(to, None)).expect("the numbers of channels differ");
        mix.apply(frame, &mut mixed);
        mixed
    }

    #[test]
    fn one_channel_becomes_two_and_two_become_their_mean() {
        assert_eq!(mixed(format(1, None), 2, &[0.5]), [0.5, 0.5]);
        assert_eq!(mixed(format(1, None), 4, &[0.5]), [0.5, 0.5, 0.0, 0.0]);
        assert_eq!(mixed(format(2, None), 1, &[0.5, -0.25]), [0.125]);
        assert!(Mix::new(format(6, None), format(6, None)).is_none());
    }

    #[test]
    fn six_channels_become_two_with_all_that_is_said_in_the_middle() {
        let front_and_centre = mixed(format(6, None), 2, &[0.25, 0.5, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(front_and_centre, [(0.25 + 0.5) / 2.0, (0.5 + 0.5) / 2.0]);
        let low = mixed(format(6, None), 2, &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(low, [0.0, 0.0]);
        let mean = mixed(format(6, None), 1, &[1.0, 1.0, 1.0, -1.0, 1.0, 1.0]);
        assert!((mean[0] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_mask_says_where_channels_are() {
        // Left and right, then behind: the middle.
        let back_centre = format(3, Some(0x103));
        assert_eq!(mixed(back_centre, 2, &[0.0, 0.0, 0.9]), [0.3, 0.3]);
        let low = format(3, Some(0xb));
        assert_eq!(mixed(low, 2, &[0.1, 0.2, 0.9]), [0.1, 0.2]);
    }

    #[test]
    fn more_channels_leave_the_new_ones_silent() {
        assert_eq!(mixed(format(2, None), 4, &[0.1, 0.2]), [0.1, 0.2, 0.0, 0.0]);
    }

    #[test]
    fn no_mix_is_louder_than_its_source() {
        for from in 1..=20 {
            for to in (1..=20).filter(|&to| to != from) {
                let frame = vec![1.0; from.into()];
                let heard = mixed(format(from, None), to, &frame);
                assert!(
                    heard.iter().all(|sample| *sample <= 1.0 + 1e-12),
                    "{from} to {to}"
                );
                assert!(heard[0] > 0.99, "{from} to {to}");
            }
        }
    }
}
