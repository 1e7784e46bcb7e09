//! A tone, sample by sample.

use std::f64::consts::TAU;
use std::str::FromStr;

/// A volume that changes nothing.
pub(crate) const FULL: u16 = 0xffff;

/// A tone and how far it has come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tone {
    pub(crate) shape: Shape,
    /// Samples a second.
    pub(crate) rate: u32,
    pub(crate) volume: u16,
    /// A whole turn is 2^64, so that adding goes round by itself and never loses anything.
    phase: u64,
    step: u64,
}

/// What one turn looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Sine,
    Square,
    Triangle,
    Saw,
}

/// A tone that cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadTone {
    #[error("\"{0}\" is no frequency: expected hertz, like 440 or 261.63")]
    Frequency(String),
    #[error("\"{0}\" is no shape: expected sine, square, triangle or saw")]
    Shape(String),
    #[error("\"{0}\" is no rate: expected samples a second, like 44100")]
    Rate(String),
    #[error("{frequency} Hz is not more than 0 and less than half the rate of {rate}")]
    TooHigh { frequency: f64, rate: u32 },
    #[error("\"{0}\" is too much: expected FREQUENCY,SHAPE,RATE")]
    TooMuch(String),
}

impl FromStr for Tone {
    type Err = BadTone;

    /// Reads `FREQUENCY,SHAPE,RATE`, of which the end may be left out.
    fn from_str(text: &str) -> Result<Self, BadTone> {
        let mut parts = text.splitn(4, ',').map(str::trim);
        let mut next = |usual| match parts.next().unwrap_or("") {
            "" => usual,
            part => part,
        };
        let (frequency, shape, rate, rest) = (next("440"), next("sine"), next("44100"), next(""));
        if !rest.is_empty() {
            return Err(BadTone::TooMuch(rest.to_owned()));
        }
        let rate = rate.parse().map_err(|_| BadTone::Rate(rate.to_owned()))?;
        let mut tone = Self {
            shape: shape.parse()?,
            rate,
            volume: FULL,
            phase: 0,
            step: 0,
        };
        let hertz = frequency.parse();
        tone.set_frequency(hertz.map_err(|_| BadTone::Frequency(frequency.to_owned()))?)?;
        Ok(tone)
    }
}

impl FromStr for Shape {
    type Err = BadTone;

    fn from_str(text: &str) -> Result<Self, BadTone> {
        match text {
            "sine" => Ok(Self::Sine),
            "square" => Ok(Self::Square),
            "triangle" => Ok(Self::Triangle),
            "saw" => Ok(Self::Saw),
            _ => Err(BadTone::Shape(text.to_owned())),
        }
    }
}

impl Shape {
    /// From -1 to 1, at a place in the turn from 0 to 1.
    fn at(self, turn: f64) -> f64 {
        match self {
            Self::Sine => (turn * TAU).sin(),
            Self::Square if turn < 0.5 => 1.0,
            Self::Square => -1.0,
            Self::Triangle => 4.0 * (turn - 0.5).abs() - 1.0,
            Self::Saw => 2.0 * turn - 1.0,
        }
    }
}

impl Tone {
    /// Goes on with another frequency, from where the tone is: nothing clicks.
    pub(crate) fn set_frequency(&mut self, hertz: f64) -> Result<(), BadTone> {
        let rate = self.rate;
        // Half a sample a turn is as fast as samples can follow. What is no number is refused too.
        if !(hertz > 0.0 && hertz < f64::from(rate) / 2.0) {
            let frequency = hertz;
            return Err(BadTone::TooHigh { frequency, rate });
        }
        self.step = (hertz / f64::from(rate) * TURN) as u64;
        Ok(())
    }

    /// Turns a second.
    pub(crate) fn frequency(&self) -> f64 {
        self.step as f64 / TURN * f64::from(self.rate)
    }
}

/// A whole turn.
const TURN: f64 = 18_446_744_073_709_551_616.0;

impl Iterator for Tone {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        let volume = f64::from(self.volume) / f64::from(FULL);
        let sample = self.shape.at(self.phase as f64 / TURN) * volume * f64::from(i16::MAX);
        self.phase = self.phase.wrapping_add(self.step);
        Some(sample.round() as i16)
    }
}
