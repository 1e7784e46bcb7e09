//! Tones: one driver, and an instance for each tone.
//!
//! The parameter text says which, `440,sine,44100`: hertz, shape (`sine`, `square`, `triangle`, `saw`), samples a second. The end may be
//! left out, down to nothing at all, which is this tone.
//!
//! [`FILL`] makes samples, from where the last ones ended: what lies behind one another in buffers sounds as one tone, also where its
//! frequency changes in between. An answer below 0 is `-MMSYSERR_INVALPARAM`: a bad buffer or number, and the tone is where it was.
#![forbid(unsafe_code)]

mod tone;

use std::sync::{Arc, Mutex, PoisonError};

use opendriver_sdk::answer::MMSYSERR_INVALPARAM;
use opendriver_sdk::{BuiltIn, Call, Driver, Host, LResult, Message, Open, Refused};

use tone::Tone;

/// Fills `lParam2` bytes at the address `lParam1` with samples of 16 bits, one channel; answers how many bytes those are.
pub const FILL: Message = Message::DRV_USER;
/// Lets the tone go on with `lParam1` thousandths of a hertz.
pub const SET_FREQUENCY: Message = Message(FILL.0 + 1);
/// Lets the tone go on with the volume `lParam1`, at most 0xffff.
pub const SET_VOLUME: Message = Message(FILL.0 + 2);
/// Answers the frequency in thousandths of a hertz.
pub const FREQUENCY: Message = Message(FILL.0 + 3);
/// Answers the volume.
pub const VOLUME: Message = Message(FILL.0 + 4);
/// Answers the samples a second.
pub const RATE: Message = Message(FILL.0 + 5);

/// The driver, linked in: `Manager::builder().builtin(opendriver_tone::driver())`.
pub fn driver() -> BuiltIn {
    opendriver_sdk::builtin::<Tones>("tone")
}

/// The driver, from `DRV_LOAD` to `DRV_FREE`.
pub struct Tones {
    host: Arc<dyn Host>,
}

/// One instance, from `DRV_OPEN` to `DRV_CLOSE`.
pub struct Instance(Mutex<Tone>);

impl Driver for Tones {
    type Instance = Instance;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        let host = Arc::clone(host);
        Ok(Self { host })
    }

    fn open(&self, open: &Open<'_>) -> Result<Instance, Refused> {
        match open.text().parse() {
            Ok(tone) => Ok(Instance(Mutex::new(tone))),
            Err(reason) => {
                self.host.report(&reason.to_string());
                Err(Refused)
            }
        }
    }

    fn message(&self, instance: &Instance, call: &Call<'_>) -> LResult {
        // One thread at a time, so that the samples of two follow one another.
        let mut tone = instance.0.lock().unwrap_or_else(PoisonError::into_inner);
        let done = match call.message {
            FILL => fill(&mut tone, call),
            SET_FREQUENCY => {
                let set = tone.set_frequency(call.param1 as f64 / 1000.0);
                set.ok().map(|()| 1)
            }
            SET_VOLUME => u16::try_from(call.param1).ok().map(|volume| {
                tone.volume = volume;
                1
            }),
            FREQUENCY => Some((tone.frequency() * 1000.0).round() as LResult),
            VOLUME => Some(tone.volume as LResult),
            RATE => Some(tone.rate as LResult),
            _ => Some(call.default_answer()),
        };
        done.unwrap_or(-MMSYSERR_INVALPARAM)
    }
}

/// Fills a buffer piece by piece, however long it claims to be; none, and a tone that has not moved, where it is not all there.
fn fill(tone: &mut Tone, call: &Call<'_>) -> Option<LResult> {
    let mut piece = [0; 4096];
    let length = usize::try_from(call.param2).ok()? / 2 * 2;
    let mut moved = tone.clone();
    for start in (0..length).step_by(piece.len()) {
        let part = piece.len().min(length - start);
        let piece = &mut piece[..part];
        for (place, sample) in piece.chunks_exact_mut(2).zip(&mut moved) {
            place.copy_from_slice(&sample.to_le_bytes());
        }
        call.claim(call.param1).at(start).write(piece).ok()?;
    }
    *tone = moved;
    Some(length.cast_signed())
}
