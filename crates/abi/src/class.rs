//! What kind of driver it is: whose numbers its messages are.

use crate::message::{acm, audio, mci, standard, vfw};

/// What kind of driver it is: whose numbers its messages are.
///
/// The last six are not kinds of module but entry points beside `DriverProc`: an audio driver gets
/// its life cycle through `DriverProc` and its work through `wodMessage` and its kin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// A driver that belongs to no known class; its messages start at `DRV_USER`.
    #[default]
    Plain,
    /// An audio codec: aliases `msacm.*`, messages `ACMDM_*`.
    Acm,
    /// A video codec: aliases `vidc.*`, messages `ICM_*`.
    Vfw,
    /// A device of the media control interface: section `mci`, messages `MCI_*`.
    Mci,
    /// `DriverProc` of a wave, MIDI, auxiliary or mixer driver.
    Wave,
    /// `wodMessage`: playing waves.
    WaveOut,
    /// `widMessage`: recording waves.
    WaveIn,
    /// `modMessage`: playing MIDI.
    MidiOut,
    /// `midMessage`: recording MIDI.
    MidiIn,
    /// `auxMessage`: auxiliary inputs.
    Aux,
    /// `mxdMessage`: mixers.
    Mixer,
}

type Table = &'static [(u32, &'static str)];

impl Class {
    /// Every class.
    pub const ALL: &'static [Self] = &[
        Self::Plain,
        Self::Acm,
        Self::Vfw,
        Self::Mci,
        Self::Wave,
        Self::WaveOut,
        Self::WaveIn,
        Self::MidiOut,
        Self::MidiIn,
        Self::Aux,
        Self::Mixer,
    ];

    /// The class that an alias stands for in the section where drivers are installed.
    ///
    /// ```
    /// use opendriver_abi::Class;
    /// assert_eq!(Class::of_alias("msacm.msadpcm"), Class::Acm);
    /// assert_eq!(Class::of_alias("VIDC.cvid"), Class::Vfw);
    /// assert_eq!(Class::of_alias("wave1"), Class::Wave);
    /// assert_eq!(Class::of_alias("echo"), Class::Plain);
    /// ```
    pub fn of_alias(alias: &str) -> Self {
        let starts = |start: &str| {
            alias
                .get(..start.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(start))
        };
        if starts("msacm.") {
            return Self::Acm;
        }
        if starts("vidc.") {
            return Self::Vfw;
        }
        let device = alias.trim_end_matches(|c: char| c.is_ascii_digit());
        let audio = ["wave", "midi", "aux", "mixer", "wavemapper", "midimapper"];
        match audio.iter().any(|known| device.eq_ignore_ascii_case(known)) {
            true => Self::Wave,
            false => Self::Plain,
        }
    }

    /// Where the names of this class are found, the class's own first.
    pub(crate) fn tables(self) -> &'static [Table] {
        match self {
            Self::Plain => &[standard::STANDARD],
            Self::Acm => &[acm::ACM, standard::STANDARD],
            Self::Vfw => &[vfw::VFW, standard::STANDARD],
            Self::Mci => &[mci::MCI, standard::STANDARD],
            Self::Wave => &[audio::WAVE, standard::STANDARD],
            Self::WaveOut => &[audio::WAVE_OUT, audio::ENTRY],
            Self::WaveIn => &[audio::WAVE_IN, audio::ENTRY],
            Self::MidiOut => &[audio::MIDI_OUT, audio::ENTRY],
            Self::MidiIn => &[audio::MIDI_IN, audio::ENTRY],
            Self::Aux => &[audio::AUX, audio::ENTRY],
            Self::Mixer => &[audio::MIXER, audio::ENTRY],
        }
    }

    /// Where the ranges of unnamed numbers start, the highest first.
    pub(crate) fn ranges(self) -> Table {
        match self {
            Self::Plain | Self::Mci | Self::Wave => {
                &[(0x4000, "DRV_USER"), (0x800, "DRV_RESERVED")]
            }
            Self::Acm => &[
                (0x6000, "ACMDM_BASE"),
                (0x4000, "ACMDM_USER"),
                (0x800, "DRV_RESERVED"),
            ],
            Self::Vfw => &[
                (0x5000, "ICM_GETSTATE"),
                (0x4000, "ICM_USER"),
                (0x800, "DRV_RESERVED"),
            ],
            Self::WaveOut
            | Self::WaveIn
            | Self::MidiOut
            | Self::MidiIn
            | Self::Aux
            | Self::Mixer => &[
                (0x4000, "DRVM_USER"),
                (0x2000, "DRVM_MAPPER"),
                (0x100, "DRVM_IOCTL"),
            ],
        }
    }
}
