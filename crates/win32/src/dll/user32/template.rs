//! Dialog templates, of the old form and of the extended one, as they lie in memory.

use crate::cx::Cx;
use crate::letters::Letters::Wide;
use crate::shim::Addr;
use crate::trap::Trap;

/// A dialog before it is made.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) style: u32,
    pub(super) extended: u32,
    /// Left, top, width, height on the screen.
    pub(super) place: [i32; 4],
    pub(super) class: Named,
    pub(super) title: String,
    pub(super) items: Vec<Item>,
}

/// A control of it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) style: u32,
    pub(super) extended: u32,
    pub(super) place: [i32; 4],
    pub(super) id: u32,
    pub(super) class: Named,
    pub(super) title: Named,
    /// Where the bytes are that `WM_CREATE` gets; null when there are none.
    pub(super) extra: Addr,
}

/// A text, or a number in its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    Text(String),
    Number(u16),
}

/// `DS_SETFONT`
const HAS_FONT: u32 = 0x40;

impl Template {
    pub(super) fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
        let mut reader = Reader { cx, start: at, at };
        let is_extended = cx.read::<u32>(at)? == 0xFFFF_0001;
        let (style, extended) = if is_extended {
            reader.skip(8);
            let extended = reader.double()?;
            (reader.double()?, extended)
        } else {
            (reader.double()?, reader.double()?)
        };
        let count = reader.word()?;
        let place = reader.place()?;
        let _menu = reader.named()?;
        let class = reader.named()?;
        let title = reader.text()?;
        if style & HAS_FONT != 0 {
            // The size of the font; the extended form has weight, slant and character set behind it.
            reader.skip(if is_extended { 6 } else { 2 });
            reader.text()?;
        }
        let items = (0..count)
            .map(|_| reader.item(is_extended))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            style,
            extended,
            place,
            class,
            title,
            items,
        })
    }
}

struct Reader<'c, 'a> {
    cx: &'c Cx<'a>,
    start: Addr,
    at: Addr,
}

impl Reader<'_, '_> {
    fn skip(&mut self, bytes: u64) {
        self.at = self.at.offset(bytes);
    }

    fn word(&mut self) -> Result<u16, Trap> {
        let word = self.cx.read(self.at)?;
        self.skip(2);
        Ok(word)
    }

    fn double(&mut self) -> Result<u32, Trap> {
        let double = self.cx.read(self.at)?;
        self.skip(4);
        Ok(double)
    }

    /// Dialog units are half the width and half the height of the screen's, for the font that there would be.
    fn place(&mut self) -> Result<[i32; 4], Trap> {
        let mut place = [0; 4];
        for side in &mut place {
            *side = i32::from(self.word()? as i16) * 2;
        }
        Ok(place)
    }

    fn text(&mut self) -> Result<String, Trap> {
        let units = self.cx.wide(self.at)?;
        self.skip(2 * (units.len() as u64 + 1));
        let bytes: Vec<u8> = units.into_iter().flat_map(u16::to_le_bytes).collect();
        Ok(Wide.decode(self.cx, &bytes))
    }

    fn named(&mut self) -> Result<Named, Trap> {
        if self.cx.read::<u16>(self.at)? == 0xFFFF {
            self.skip(2);
            return self.word().map(Named::Number);
        }
        self.text().map(Named::Text)
    }

    fn item(&mut self, is_extended: bool) -> Result<Item, Trap> {
        let offset = self.at.0 - self.start.0;
        self.at = self.start.offset(offset.next_multiple_of(4));
        let (style, extended) = if is_extended {
            self.skip(4);
            let extended = self.double()?;
            (self.double()?, extended)
        } else {
            (self.double()?, self.double()?)
        };
        let place = self.place()?;
        let id = if is_extended {
            self.double()?
        } else {
            u32::from(self.word()?)
        };
        let (class, title) = (self.named()?, self.named()?);
        let (length_at, length) = (self.at, self.word()?);
        let extra = if length == 0 { Addr::NULL } else { length_at };
        self.skip(u64::from(length));
        Ok(Item {
            style,
            extended,
            place,
            id,
            class,
            title,
            extra,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16()
            .chain([0])
            .flat_map(u16::to_le_bytes)
            .collect()
    }

    fn words(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn both_forms_are_read() {
        let place = [10, 20, 100, 50];
        let mut old = [
            words(&[0x40, 0x8000, 0, 0, 2]),
            words(&place),
            words(&[0, 0]),
            wide("Title"),
        ]
        .concat();
        old.extend([words(&[8]), wide("MS Shell Dlg")].concat());
        old.resize(old.len().next_multiple_of(4), 0);
        let mut item = [
            words(&[1, 0x5001, 0, 0]),
            words(&place),
            words(&[7, 0xFFFF, 0x80]),
            wide("OK"),
            words(&[2, 0xABCD]),
        ]
        .concat();
        item.resize(item.len().next_multiple_of(4), 0);
        old.extend(
            [
                item,
                words(&[0, 0x5000, 0, 0]),
                words(&place),
                words(&[8]),
                wide("custom"),
                words(&[0xFFFF, 9, 0]),
            ]
            .concat(),
        );

        let mut new = [
            words(&[1, 0xFFFF, 0, 0, 5, 0, 0x40, 0x8000, 1]),
            words(&place),
            words(&[0, 0]),
            wide("Title"),
        ]
        .concat();
        new.extend([words(&[8, 400, 0]), wide("f")].concat());
        new.resize(new.len().next_multiple_of(4), 0);
        new.extend(
            [
                words(&[0, 0, 6, 0, 1, 0x5001]),
                words(&place),
                words(&[7, 1, 0xFFFF, 0x85]),
                wide(""),
                words(&[0]),
            ]
            .concat(),
        );

        let bench = Bench::new();
        let (old, new) = (bench.bytes(&old), bench.bytes(&new));
        bench.with_cx(|cx| {
            let old = Template::read(cx, Addr(old)).unwrap();
            assert_eq!(
                (old.style, old.title.as_str(), old.place),
                (0x8000_0040, "Title", [20, 40, 200, 100])
            );
            assert_eq!(
                (&old.items[0].class, old.items[0].id),
                (&Named::Number(0x80), 7)
            );
            assert_eq!(old.items[0].title, Named::Text("OK".to_owned()));
            assert!(!old.items[0].extra.is_null());
            assert_eq!(
                (&old.items[1].class, &old.items[1].title),
                (&Named::Text("custom".to_owned()), &Named::Number(9))
            );

            let new = Template::read(cx, Addr(new)).unwrap();
            assert_eq!(
                (new.style, new.extended, new.title.as_str()),
                (0x8000_0040, 5, "Title")
            );
            assert_eq!(
                (new.items[0].style, new.items[0].extended, new.items[0].id),
                (0x5001_0001, 6, 0x1_0007)
            );
            assert_eq!(new.items[0].class, Named::Number(0x85));
        });
    }
}
