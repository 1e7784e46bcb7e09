//! How a line is set, word by word: `9600`, `8N1`, `rtscts`, `500ms`.

use std::time::Duration;

use serialport::{DataBits, FlowControl, Parity, SerialPortBuilder, StopBits};

/// The longest that a message may wait, in milliseconds. A close waits for messages, so there is an end to it.
pub(crate) const LONGEST: u32 = 60_000;

/// The port, set as the words of some texts say, the last one last.
pub(crate) fn read(path: &str, texts: [&str; 2]) -> Result<SerialPortBuilder, BadText> {
    if path.is_empty() {
        return Err(BadText::NoPort);
    }
    let port = serialport::new(path, 9600).timeout(Duration::from_secs(1));
    let words = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .try_fold(port, |port, word| {
            set(port, word).ok_or_else(|| BadText::BadWord(word.to_owned()))
        })
}

/// A parameter text that names no port, or says nothing of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadText {
    #[error("no port is named: expected a text like \"/dev/ttyS0,9600,8N1\"")]
    NoPort,
    #[error("\"{0}\" is no rate (9600), frame (8N1), flow control (rtscts) or time (500ms)")]
    BadWord(String),
}

/// Sets what a word says by its form.
fn set(port: SerialPortBuilder, word: &str) -> Option<SerialPortBuilder> {
    if let Ok(baud @ 1..) = word.parse() {
        return Some(port.baud_rate(baud));
    }
    if let Some(Ok(time @ ..=LONGEST)) = word.strip_suffix("ms").map(str::parse) {
        return Some(port.timeout(Duration::from_millis(time.into())));
    }
    Some(match word {
        "noflow" => port.flow_control(FlowControl::None),
        "rtscts" => port.flow_control(FlowControl::Hardware),
        "xonxoff" => port.flow_control(FlowControl::Software),
        _ => {
            let [data, parity, stop] = word.as_bytes().try_into().ok()?;
            let port = port.parity(match u8::to_ascii_uppercase(&parity) {
                b'N' => Parity::None,
                b'O' => Parity::Odd,
                b'E' => Parity::Even,
                _ => return None,
            });
            port.data_bits(DataBits::try_from(data.wrapping_sub(b'0')).ok()?)
                .stop_bits(StopBits::try_from(stop.wrapping_sub(b'0')).ok()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_three_letters() {
        // A pseudo-terminal has eight bits and no parity, so this is seen here only.
        for (word, parts) in [
            ("8N1", ["Eight", "None", "One"]),
            ("7e2", ["Seven", "Even", "Two"]),
            ("5O1", ["Five", "Odd", "One"]),
        ] {
            let port = format!("{:?}", read("p", ["6E2", word]).unwrap());
            let [data, parity, stop] = parts;
            for part in [
                format!("data_bits: {data}"),
                format!("parity: {parity}"),
                format!("stop_bits: {stop}"),
            ] {
                assert!(port.contains(&part), "{part} in {port}");
            }
        }
    }
}
