//! What is in a key: its keys, its values, and how many of them.

use super::{
    INVALID_HANDLE, INVALID_PARAMETER, MORE_DATA, NO_MORE_ITEMS, SUCCESS, data_for, give, path,
};
use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::trap::Trap;

shims! {
    pub(in crate::dll::advapi32) static LISTS = "advapi32.dll", stdcall;

    /// Names one of the keys below.
    fn RegEnumKeyA(cx, key: Handle, index: u32, name: Addr, size: u32) -> u32 {
        enum_key(cx, Ansi, key, index, name, size)
    }

    /// Names one of the keys below.
    fn RegEnumKeyW(cx, key: Handle, index: u32, name: Addr, size: u32) -> u32 {
        enum_key(cx, Wide, key, index, name, size)
    }

    /// Names one of the keys below.
    fn RegEnumKeyExA(
        cx, key: Handle, index: u32, name: Addr, size: Addr, reserved: Addr, class: Addr, class_size: Addr, written: Addr
    ) -> u32 {
        enum_key_ex(cx, Ansi, key, index, [name, size], [class, class_size], written)
    }

    /// Names one of the keys below.
    fn RegEnumKeyExW(
        cx, key: Handle, index: u32, name: Addr, size: Addr, reserved: Addr, class: Addr, class_size: Addr, written: Addr
    ) -> u32 {
        enum_key_ex(cx, Wide, key, index, [name, size], [class, class_size], written)
    }

    /// Reads one of the values with its name.
    fn RegEnumValueA(
        cx, key: Handle, index: u32, name: Addr, name_size: Addr, reserved: Addr, kind: Addr, data: Addr, size: Addr
    ) -> u32 {
        enum_value(cx, Ansi, key, index, [name, name_size], kind, [data, size])
    }

    /// Reads one of the values with its name.
    fn RegEnumValueW(
        cx, key: Handle, index: u32, name: Addr, name_size: Addr, reserved: Addr, kind: Addr, data: Addr, size: Addr
    ) -> u32 {
        enum_value(cx, Wide, key, index, [name, name_size], kind, [data, size])
    }

    /// Counts what is in a key, and says how long it is.
    fn RegQueryInfoKeyA(
        cx, key: Handle, class: Addr, class_size: Addr, reserved: Addr, keys: Addr, longest_key: Addr, longest_class: Addr,
        values: Addr, longest_name: Addr, longest_data: Addr, security: Addr, written: Addr
    ) -> u32 {
        let counts = [keys, longest_key, longest_class, values, longest_name, longest_data, security];
        query_info(cx, Ansi, key, [class, class_size], counts, written)
    }

    /// Counts what is in a key, and says how long it is.
    fn RegQueryInfoKeyW(
        cx, key: Handle, class: Addr, class_size: Addr, reserved: Addr, keys: Addr, longest_key: Addr, longest_class: Addr,
        values: Addr, longest_name: Addr, longest_data: Addr, security: Addr, written: Addr
    ) -> u32 {
        let counts = [keys, longest_key, longest_class, values, longest_name, longest_data, security];
        query_info(cx, Wide, key, [class, class_size], counts, written)
    }
}

/// Writes a name into a buffer whose size in units, with the final zero, is `size`.
fn give_name(
    cx: &Cx<'_>,
    letters: Letters,
    name: &str,
    buffer: Addr,
    size: u32,
) -> Result<u32, Trap> {
    if letters.length(cx, name) >= u64::from(size) {
        return Ok(MORE_DATA);
    }
    letters.put(cx, buffer, name)?;
    Ok(SUCCESS)
}

/// As [`give_name`], with the size in memory, where the length takes its place.
fn give_sized_name(
    cx: &Cx<'_>,
    letters: Letters,
    name: &str,
    [buffer, size]: [Addr; 2],
) -> Result<u32, Trap> {
    if size.is_null() {
        return Ok(if buffer.is_null() {
            SUCCESS
        } else {
            INVALID_PARAMETER
        });
    }
    let room = cx.read::<u32>(size)?;
    let given = if buffer.is_null() {
        SUCCESS
    } else {
        give_name(cx, letters, name, buffer, room)?
    };
    if given == SUCCESS {
        cx.write(size, letters.length(cx, name) as u32)?;
    }
    Ok(given)
}

fn enum_key(
    cx: &Cx<'_>,
    letters: Letters,
    key: Handle,
    index: u32,
    name: Addr,
    size: u32,
) -> Result<u32, Trap> {
    let Some(path) = path(cx, key) else {
        return Ok(INVALID_HANDLE);
    };
    match cx.station().registry().subkeys(&path).get(index as usize) {
        Some(found) => give_name(cx, letters, found, name, size),
        None => Ok(NO_MORE_ITEMS),
    }
}

fn enum_key_ex(
    cx: &Cx<'_>,
    letters: Letters,
    key: Handle,
    index: u32,
    name: [Addr; 2],
    class: [Addr; 2],
    written: Addr,
) -> Result<u32, Trap> {
    let Some(path) = path(cx, key) else {
        return Ok(INVALID_HANDLE);
    };
    let keys = cx.station().registry().subkeys(&path);
    let Some(found) = keys.get(index as usize) else {
        return Ok(NO_MORE_ITEMS);
    };
    let given = give_sized_name(cx, letters, found, name)?;
    if given == SUCCESS {
        give_sized_name(cx, letters, "", class)?;
        cx.write_unless_null(written, 0_u64)?;
    }
    Ok(given)
}

fn enum_value(
    cx: &Cx<'_>,
    letters: Letters,
    key: Handle,
    index: u32,
    name: [Addr; 2],
    kind: Addr,
    [data, size]: [Addr; 2],
) -> Result<u32, Trap> {
    let Some(path) = path(cx, key) else {
        return Ok(INVALID_HANDLE);
    };
    let values = cx.station().registry().values(&path);
    let Some((found, value)) = values.get(index as usize) else {
        return Ok(NO_MORE_ITEMS);
    };
    let given = give_sized_name(cx, letters, found, name)?;
    cx.write_unless_null(kind, value.kind)?;
    if given != SUCCESS {
        return Ok(given);
    }
    give(cx, &data_for(cx, letters, value), data, size)
}

fn query_info(
    cx: &Cx<'_>,
    letters: Letters,
    key: Handle,
    class: [Addr; 2],
    counts: [Addr; 7],
    written: Addr,
) -> Result<u32, Trap> {
    let Some(path) = path(cx, key) else {
        return Ok(INVALID_HANDLE);
    };
    let registry = cx.station().registry();
    let (keys, values) = (registry.subkeys(&path), registry.values(&path));
    let longest = |lengths: &mut dyn Iterator<Item = u64>| lengths.max().unwrap_or(0);
    let of_keys = longest(&mut keys.iter().map(|name| letters.length(cx, name)));
    let of_names = longest(&mut values.iter().map(|(name, _)| letters.length(cx, name)));
    let of_data = longest(
        &mut values
            .iter()
            .map(|(_, value)| data_for(cx, letters, value).len() as u64),
    );
    let found = [
        keys.len() as u64,
        of_keys,
        0,
        values.len() as u64,
        of_names,
        of_data,
        0,
    ];
    for (at, number) in counts.into_iter().zip(found) {
        cx.write_unless_null(at, number as u32)?;
    }
    // When a key was written is not kept.
    cx.write_unless_null(written, 0_u64)?;
    give_sized_name(cx, letters, "", class)
}
