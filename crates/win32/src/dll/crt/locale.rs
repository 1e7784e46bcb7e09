//! `<locale.h>`: there is one locale, the C locale, and this tells those who ask.

use super::aliases;
use super::runtime::block;
use super::text::{Text, allocate, put_string, string};
use crate::cx::Cx;
use crate::shim::{Addr, Data, Size, shims};
use crate::trap::Trap;

/// Names that all stand for the C locale; the empty one asks for the user's, who has no other.
const NAMES: [&str; 3] = ["C", "", "POSIX"];

fn name<C: Text>(cx: &mut Cx<'_>) -> Result<Addr, Trap> {
    let key = if C::WIDE {
        "wide name of the locale"
    } else {
        "name of the locale"
    };
    block(cx, key, |cx| allocate(cx, &[C::from(b'C')]))
}

/// `setlocale`: the name of the locale, or null if there is none of that name.
fn set<C: Text>(cx: &mut Cx<'_>, category: i32, wanted: Addr) -> Result<Addr, Trap> {
    if !(0..=5).contains(&category) {
        return Ok(Addr::NULL);
    }
    if !wanted.is_null() {
        let wanted = string::<C>(cx, wanted)?;
        let known = |name: &&str| name.bytes().map(C::from).eq(wanted.iter().copied());
        if !NAMES.iter().any(known) {
            return Ok(Addr::NULL);
        }
    }
    name::<C>(cx)
}

/// `struct lconv`: ten narrow texts, eight numbers of a byte, then wide texts.
fn conventions(cx: &mut Cx<'_>) -> Result<Addr, Trap> {
    block(cx, "conventions of the locale", |cx| {
        let width = cx.pointer_size();
        let at = cx.allocate_zeroed(Size(18 * width + 8));
        let point = allocate::<u8>(cx, b".")?;
        let empty = allocate::<u8>(cx, b"")?;
        let wide_point = allocate::<u16>(cx, &[u16::from(b'.')])?;
        let wide_empty = allocate::<u16>(cx, &[])?;
        for index in 0..10 {
            cx.write_addr(
                at.offset(index * width),
                if index == 0 { point } else { empty },
            )?;
        }
        // No currency, no grouping: CHAR_MAX says that nobody knows.
        cx.fill(at.offset(10 * width), 0x7f, 8)?;
        for index in 0..8 {
            let text = if index == 0 { wide_point } else { wide_empty };
            cx.write_addr(at.offset(10 * width + 8 + index * width), text)?;
        }
        Ok(at)
    })
}

/// Bytes of what `_create_locale` answers: two pointers, which programs pass on unread.
const LOCALE: u64 = 16;

fn fill_one(cx: &mut Cx<'_>, at: Addr) -> Result<(), Trap> {
    cx.write(at, 1)
}

fn fill_zero(_: &mut Cx<'_>, _: Addr) -> Result<(), Trap> {
    Ok(())
}

/// Variables about the locale.
pub(in crate::dll) static DATA: &[Data] = &[
    Data {
        name: "__mb_cur_max",
        size: 4,
        fill: fill_one,
    },
    Data {
        name: "__lc_codepage",
        size: 4,
        fill: fill_zero,
    },
    Data {
        name: "__lc_collate_cp",
        size: 4,
        fill: fill_zero,
    },
    Data {
        name: "__lc_handle",
        size: 24,
        fill: fill_zero,
    },
    Data {
        name: "__setlc_active",
        size: 4,
        fill: fill_zero,
    },
    Data {
        name: "__unguarded_readlc_active",
        size: 4,
        fill: fill_zero,
    },
];

shims! {
    pub(in crate::dll) static SHIMS = "msvcrt.dll", cdecl;

    /// Chooses a locale and answers its name.
    fn setlocale(cx, category: i32, name: Addr) -> Addr { set::<u8>(cx, category, name) }

    /// Chooses a locale and answers its wide name.
    fn _wsetlocale(cx, category: i32, name: Addr) -> Addr { set::<u16>(cx, category, name) }

    /// Answers how numbers are written.
    fn localeconv(cx) -> Addr { conventions(cx) }

    /// Makes a locale to pass to functions.
    fn _create_locale(cx, category: i32, name: Addr) -> Addr {
        if set::<u8>(cx, category, name)?.is_null() { Ok(Addr::NULL) } else { Ok(cx.allocate_zeroed(Size(LOCALE))) }
    }

    /// Makes a locale to pass to functions, by wide name.
    fn _wcreate_locale(cx, category: i32, name: Addr) -> Addr {
        if set::<u16>(cx, category, name)?.is_null() { Ok(Addr::NULL) } else { Ok(cx.allocate_zeroed(Size(LOCALE))) }
    }

    /// Answers the locale that is chosen, to pass to functions.
    fn _get_current_locale(cx) -> Addr { Ok(cx.allocate_zeroed(Size(LOCALE))) }

    /// Frees a locale.
    fn _free_locale(cx, locale: Addr) {
        if !locale.is_null() {
            cx.free(locale);
        }
        Ok(())
    }

    /// Says whether threads have locales of their own (`_DISABLE_PER_THREAD_LOCALE` is 2).
    fn _configthreadlocale(cx, kind: i32) -> i32 { Ok(if (-1..=2).contains(&kind) { 2 } else { -1 }) }

    /// Answers the code page of the C locale: none.
    fn ___lc_codepage_func(cx) -> u32 { Ok(0) }

    /// Answers the code page of comparisons in the C locale: none.
    fn ___lc_collate_cp_func(cx) -> u32 { Ok(0) }

    /// Answers where the numbers of the locale lie.
    fn ___lc_handle_func(cx) -> Addr {
        block(cx, "numbers of the locale", |cx| Ok(cx.allocate_zeroed(Size(24))))
    }

    /// Answers where the names of the locale lie; the C locale has none.
    fn ___lc_locale_name_func(cx) -> Addr {
        block(cx, "names of the locale", |cx| Ok(cx.allocate_zeroed(Size(48))))
    }

    /// Answers how many bytes a character has at most.
    fn ___mb_cur_max_func(cx) -> i32 { Ok(1) }

    /// Tells whether a locale is being changed.
    fn ___setlc_active_func(cx) -> i32 { Ok(0) }

    /// Makes `char` unsigned for the numbers in the locale.
    fn __initialize_lconv_for_unsigned_char(cx) { Ok(()) }

    /// Answers the code page of multibyte strings.
    fn _getmbcp(cx) -> i32 { Ok(0) }

    /// Chooses the code page of multibyte strings; only those of one byte are there.
    fn _setmbcp(cx, page: i32) -> i32 {
        // _MB_CP_OEM -2, _MB_CP_ANSI -3, _MB_CP_LOCALE -4, _MB_CP_SBCS 0.
        Ok(if matches!(page, -4..=-2 | 0 | 1250..=1258 | 437 | 850) { 0 } else { -1 })
    }

    /// Stores the wide name of a locale where it is none of ours: the empty text.
    fn __crtGetUserDefaultLocaleName(cx, at: Addr, room: i32) -> i32 {
        if room < 1 {
            return Ok(0);
        }
        put_string::<u16>(cx, at, &[])?;
        Ok(1)
    }

    /// Takes the lock of the locales, which never change here.
    fn _lock_locales(cx) { Ok(()) }

    /// Gives the lock of the locales back.
    fn _unlock_locales(cx) { Ok(()) }
}

aliases! {
    pub(in crate::dll) static ALIASES;
    SHIMS =>
        "_create_locale" as "__create_locale",
        "_free_locale" as "__free_locale",
        "_get_current_locale" as "__get_current_locale",
        "__initialize_lconv_for_unsigned_char" as "__lconv_init",
        "___mb_cur_max_func" as "___mb_cur_max_l_func";
}
