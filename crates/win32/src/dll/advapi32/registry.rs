//! `Reg*` on the station's registry.

use std::sync::Mutex;

use crate::cx::Cx;
use crate::dll;
use crate::dll::kernel32::environment::expanded;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::station::{RegistryError, RegistryValue};
use crate::trap::Trap;

const SUCCESS: u32 = 0;
const FILE_NOT_FOUND: u32 = 2;
const ACCESS_DENIED: u32 = 5;
const INVALID_HANDLE: u32 = 6;
const INVALID_PARAMETER: u32 = 87;
const MORE_DATA: u32 = 234;
const NO_MORE_ITEMS: u32 = 259;
const UNSUPPORTED_TYPE: u32 = 1630;

const REG_SZ: u32 = 1;
const REG_EXPAND_SZ: u32 = 2;
const REG_MULTI_SZ: u32 = 7;

/// `REG_CREATED_NEW_KEY` and `REG_OPENED_EXISTING_KEY`.
const CREATED: u32 = 1;
const OPENED: u32 = 2;

/// What a key handle stands for.
struct Key {
    path: String,
}

/// Events to set when something changes.
#[derive(Default)]
struct Watches {
    waiting: Mutex<Vec<Watch>>,
}

struct Watch {
    /// In upper case.
    key: String,
    subtree: bool,
    event: Handle,
}

shims! {
    pub(super) static OPEN = "advapi32.dll", stdcall;

    /// Opens a key that is there.
    fn RegOpenKeyA(cx, key: Handle, name: Addr, result: Addr) -> u32 {
        open(cx, Ansi, key, name, result)
    }

    /// Opens a key that is there.
    fn RegOpenKeyW(cx, key: Handle, name: Addr, result: Addr) -> u32 {
        open(cx, Wide, key, name, result)
    }

    /// Opens a key that is there.
    fn RegOpenKeyExA(cx, key: Handle, name: Addr, options: u32, access: u32, result: Addr) -> u32 {
        open(cx, Ansi, key, name, result)
    }

    /// Opens a key that is there.
    fn RegOpenKeyExW(cx, key: Handle, name: Addr, options: u32, access: u32, result: Addr) -> u32 {
        open(cx, Wide, key, name, result)
    }

    /// Opens the settings of the user.
    fn RegOpenCurrentUser(cx, access: u32, result: Addr) -> u32 {
        give_key(cx, "HKCU".to_owned(), result)
    }

    /// Opens a key, made where it was not.
    fn RegCreateKeyA(cx, key: Handle, name: Addr, result: Addr) -> u32 {
        create(cx, Ansi, key, name, result, Addr::NULL)
    }

    /// Opens a key, made where it was not.
    fn RegCreateKeyW(cx, key: Handle, name: Addr, result: Addr) -> u32 {
        create(cx, Wide, key, name, result, Addr::NULL)
    }

    /// Opens a key, made where it was not, and tells which.
    fn RegCreateKeyExA(
        cx, key: Handle, name: Addr, reserved: u32, class: Addr, options: u32, access: u32, security: Addr, result: Addr,
        disposition: Addr
    ) -> u32 {
        create(cx, Ansi, key, name, result, disposition)
    }

    /// Opens a key, made where it was not, and tells which.
    fn RegCreateKeyExW(
        cx, key: Handle, name: Addr, reserved: u32, class: Addr, options: u32, access: u32, security: Addr, result: Addr,
        disposition: Addr
    ) -> u32 {
        create(cx, Wide, key, name, result, disposition)
    }

    /// Closes a key.
    fn RegCloseKey(cx, key: Handle) -> u32 {
        if root(key).is_some() {
            return Ok(SUCCESS);
        }
        if cx.process().handles().get::<Key>(key).is_none() {
            return Ok(INVALID_HANDLE);
        }
        cx.process().handles().close(key);
        Ok(SUCCESS)
    }

    /// Deletes a key that has none below it.
    fn RegDeleteKeyA(cx, key: Handle, name: Addr) -> u32 {
        delete_key(cx, Ansi, key, name)
    }

    /// Deletes a key that has none below it.
    fn RegDeleteKeyW(cx, key: Handle, name: Addr) -> u32 {
        delete_key(cx, Wide, key, name)
    }

    /// Deletes a key that has none below it.
    fn RegDeleteKeyExA(cx, key: Handle, name: Addr, access: u32, reserved: u32) -> u32 {
        delete_key(cx, Ansi, key, name)
    }

    /// Deletes a key that has none below it.
    fn RegDeleteKeyExW(cx, key: Handle, name: Addr, access: u32, reserved: u32) -> u32 {
        delete_key(cx, Wide, key, name)
    }

    /// Deletes a key with all below it, or without a name all that is in the key.
    fn RegDeleteTreeA(cx, key: Handle, name: Addr) -> u32 {
        delete_tree(cx, Ansi, key, name)
    }

    /// Deletes a key with all below it, or without a name all that is in the key.
    fn RegDeleteTreeW(cx, key: Handle, name: Addr) -> u32 {
        delete_tree(cx, Wide, key, name)
    }

    /// Makes changes safe; each one is so already.
    fn RegFlushKey(cx, key: Handle) -> u32 {
        Ok(if path(cx, key).is_some() { SUCCESS } else { INVALID_HANDLE })
    }

    /// Forgets cached roots; none are cached.
    fn RegDisablePredefinedCache(cx) -> u32 {
        Ok(SUCCESS)
    }

    /// Connects to the registry of another machine; there is only this one.
    fn RegConnectRegistryA(cx, machine: Addr, key: Handle, result: Addr) -> u32 {
        connect(cx, Ansi, machine, key, result)
    }

    /// Connects to the registry of another machine; there is only this one.
    fn RegConnectRegistryW(cx, machine: Addr, key: Handle, result: Addr) -> u32 {
        connect(cx, Wide, machine, key, result)
    }

    /// Sets an event at the next change of a key that this process makes; does not wait itself.
    fn RegNotifyChangeKeyValue(cx, key: Handle, subtree: bool, filter: u32, event: Handle, asynchronous: bool) -> u32 {
        let Some(path) = path(cx, key) else { return Ok(INVALID_HANDLE) };
        if !asynchronous || event == Handle::NULL {
            return Ok(INVALID_PARAMETER);
        }
        let watch = Watch { key: path.to_uppercase(), subtree, event };
        cx.state::<Watches>().waiting.lock().expect("no holder panics").push(watch);
        Ok(SUCCESS)
    }
}

shims! {
    pub(super) static VALUES = "advapi32.dll", stdcall;

    /// Reads the default value of a key as text.
    fn RegQueryValueA(cx, key: Handle, name: Addr, data: Addr, size: Addr) -> u32 {
        query_default(cx, Ansi, key, name, data, size)
    }

    /// Reads the default value of a key as text.
    fn RegQueryValueW(cx, key: Handle, name: Addr, data: Addr, size: Addr) -> u32 {
        query_default(cx, Wide, key, name, data, size)
    }

    /// Reads a value.
    fn RegQueryValueExA(cx, key: Handle, name: Addr, reserved: Addr, kind: Addr, data: Addr, size: Addr) -> u32 {
        query(cx, Ansi, key, name, kind, data, size)
    }

    /// Reads a value.
    fn RegQueryValueExW(cx, key: Handle, name: Addr, reserved: Addr, kind: Addr, data: Addr, size: Addr) -> u32 {
        query(cx, Wide, key, name, kind, data, size)
    }

    /// Reads a value of a key below, if it is of an allowed type; expands variables.
    fn RegGetValueA(cx, key: Handle, below: Addr, name: Addr, flags: u32, kind: Addr, data: Addr, size: Addr) -> u32 {
        get_value(cx, Ansi, key, [below, name], flags, kind, [data, size])
    }

    /// Reads a value of a key below, if it is of an allowed type; expands variables.
    fn RegGetValueW(cx, key: Handle, below: Addr, name: Addr, flags: u32, kind: Addr, data: Addr, size: Addr) -> u32 {
        get_value(cx, Wide, key, [below, name], flags, kind, [data, size])
    }

    /// Sets the default value of a key below to a text.
    fn RegSetValueA(cx, key: Handle, below: Addr, kind: u32, data: Addr, size: u32) -> u32 {
        set_default(cx, Ansi, key, below, data)
    }

    /// Sets the default value of a key below to a text.
    fn RegSetValueW(cx, key: Handle, below: Addr, kind: u32, data: Addr, size: u32) -> u32 {
        set_default(cx, Wide, key, below, data)
    }

    /// Sets a value.
    fn RegSetValueExA(cx, key: Handle, name: Addr, reserved: u32, kind: u32, data: Addr, size: u32) -> u32 {
        set(cx, Ansi, key, Addr::NULL, name, kind, data, size)
    }

    /// Sets a value.
    fn RegSetValueExW(cx, key: Handle, name: Addr, reserved: u32, kind: u32, data: Addr, size: u32) -> u32 {
        set(cx, Wide, key, Addr::NULL, name, kind, data, size)
    }

    /// Sets a value of a key below.
    fn RegSetKeyValueA(cx, key: Handle, below: Addr, name: Addr, kind: u32, data: Addr, size: u32) -> u32 {
        set(cx, Ansi, key, below, name, kind, data, size)
    }

    /// Sets a value of a key below.
    fn RegSetKeyValueW(cx, key: Handle, below: Addr, name: Addr, kind: u32, data: Addr, size: u32) -> u32 {
        set(cx, Wide, key, below, name, kind, data, size)
    }

    /// Deletes a value.
    fn RegDeleteValueA(cx, key: Handle, name: Addr) -> u32 {
        delete_value(cx, Ansi, key, Addr::NULL, name)
    }

    /// Deletes a value.
    fn RegDeleteValueW(cx, key: Handle, name: Addr) -> u32 {
        delete_value(cx, Wide, key, Addr::NULL, name)
    }

    /// Deletes a value of a key below.
    fn RegDeleteKeyValueA(cx, key: Handle, below: Addr, name: Addr) -> u32 {
        delete_value(cx, Ansi, key, below, name)
    }

    /// Deletes a value of a key below.
    fn RegDeleteKeyValueW(cx, key: Handle, below: Addr, name: Addr) -> u32 {
        delete_value(cx, Wide, key, below, name)
    }
}

shims! {
    pub(super) static LISTS = "advapi32.dll", stdcall;

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

/// The roots that are always open; drivers extend their numbers by sign or by zeros.
fn root(key: Handle) -> Option<&'static str> {
    let upper = key.0 >> 32;
    if upper != 0 && upper != 0xFFFF_FFFF {
        return None;
    }
    match key.0 as u32 {
        0x8000_0000 => Some("HKCR"),
        0x8000_0001 => Some("HKCU"),
        0x8000_0002 => Some("HKLM"),
        0x8000_0003 => Some("HKU"),
        0x8000_0005 => Some("HKCC"),
        0x8000_0006 => Some("HKDD"),
        0x8000_0007 => Some("HKCU"),
        _ => None,
    }
}

fn path(cx: &Cx<'_>, key: Handle) -> Option<String> {
    let opened = || {
        cx.process()
            .handles()
            .get::<Key>(key)
            .map(|key| key.path.clone())
    };
    root(key).map(str::to_owned).or_else(opened)
}

/// The path of a key below an open one; the one itself without a name.
fn path_below(
    cx: &Cx<'_>,
    letters: Letters,
    key: Handle,
    name: Addr,
) -> Result<Option<String>, Trap> {
    let Some(path) = path(cx, key) else {
        return Ok(None);
    };
    let name = letters.optional(cx, name)?.unwrap_or_default();
    let name = name.trim_matches('\\');
    Ok(Some(if name.is_empty() {
        path
    } else {
        format!("{path}\\{name}")
    }))
}

fn give_key(cx: &Cx<'_>, path: String, result: Addr) -> Result<u32, Trap> {
    let handle = cx
        .process()
        .handles()
        .insert(std::sync::Arc::new(Key { path }));
    cx.write_addr(result, Addr(handle.0))?;
    Ok(SUCCESS)
}

fn open(cx: &Cx<'_>, letters: Letters, key: Handle, name: Addr, result: Addr) -> Result<u32, Trap> {
    if result.is_null() {
        return Ok(INVALID_PARAMETER);
    }
    let Some(path) = path_below(cx, letters, key, name)? else {
        return Ok(INVALID_HANDLE);
    };
    if !cx.station().registry().exists(&path) {
        cx.write_addr(result, Addr::NULL)?;
        return Ok(FILE_NOT_FOUND);
    }
    give_key(cx, path, result)
}

fn create(
    cx: &mut Cx<'_>,
    letters: Letters,
    key: Handle,
    name: Addr,
    result: Addr,
    disposition: Addr,
) -> Result<u32, Trap> {
    let Some(path) = path_below(cx, letters, key, name)? else {
        return Ok(INVALID_HANDLE);
    };
    match cx.station().registry().create(&path) {
        Ok(is_new) => {
            if is_new {
                changed(cx, &path)?;
            }
            cx.write_unless_null(disposition, if is_new { CREATED } else { OPENED })?;
            give_key(cx, path, result)
        }
        Err(RegistryError(code)) => Ok(code),
    }
}

fn connect(
    cx: &Cx<'_>,
    letters: Letters,
    machine: Addr,
    key: Handle,
    result: Addr,
) -> Result<u32, Trap> {
    /// `ERROR_BAD_NETPATH`
    const BAD_NETPATH: u32 = 53;
    if letters
        .optional(cx, machine)?
        .is_some_and(|name| !name.is_empty())
    {
        return Ok(BAD_NETPATH);
    }
    open(cx, letters, key, Addr::NULL, result)
}

fn delete_key(cx: &mut Cx<'_>, letters: Letters, key: Handle, name: Addr) -> Result<u32, Trap> {
    let Some(path) = path_below(cx, letters, key, name)? else {
        return Ok(INVALID_HANDLE);
    };
    let registry = cx.station().registry();
    if !registry.exists(&path) {
        return Ok(FILE_NOT_FOUND);
    }
    if !registry.subkeys(&path).is_empty() {
        return Ok(ACCESS_DENIED);
    }
    let done = registry.delete(&path);
    finish(cx, &path, done)
}

fn delete_tree(cx: &mut Cx<'_>, letters: Letters, key: Handle, name: Addr) -> Result<u32, Trap> {
    let Some(path) = path_below(cx, letters, key, name)? else {
        return Ok(INVALID_HANDLE);
    };
    let registry = cx.station().registry();
    if !registry.exists(&path) {
        return Ok(FILE_NOT_FOUND);
    }
    let done = if letters.optional(cx, name)?.is_some() {
        delete_all(cx, &path)
    } else {
        let below = registry.subkeys(&path);
        let keys = below
            .iter()
            .try_for_each(|name| delete_all(cx, &format!("{path}\\{name}")));
        keys.and_then(|()| {
            registry
                .values(&path)
                .iter()
                .try_for_each(|(name, _)| registry.delete_value(&path, name))
        })
    };
    finish(cx, &path, done)
}

fn delete_all(cx: &Cx<'_>, path: &str) -> Result<(), RegistryError> {
    let registry = cx.station().registry();
    for name in registry.subkeys(path) {
        delete_all(cx, &format!("{path}\\{name}"))?;
    }
    match registry.delete(path) {
        // A key that was there because of those below it is gone with them.
        Err(RegistryError(FILE_NOT_FOUND)) => Ok(()),
        done => done,
    }
}

fn finish(cx: &mut Cx<'_>, path: &str, done: Result<(), RegistryError>) -> Result<u32, Trap> {
    match done {
        Ok(()) => {
            changed(cx, path)?;
            Ok(SUCCESS)
        }
        Err(RegistryError(code)) => Ok(code),
    }
}

/// Sets the events of those who wait for a change of this key.
fn changed(cx: &mut Cx<'_>, path: &str) -> Result<(), Trap> {
    let watches = cx.state::<Watches>();
    let path = path.to_uppercase();
    let meant = |watch: &Watch| {
        path == watch.key
            || watch.subtree
                && path
                    .strip_prefix(&watch.key)
                    .is_some_and(|rest| rest.starts_with('\\'))
    };
    let ready: Vec<Handle> = {
        let mut waiting = watches.waiting.lock().expect("no holder panics");
        let ready = waiting
            .iter()
            .filter(|watch| meant(watch))
            .map(|watch| watch.event)
            .collect();
        waiting.retain(|watch| !meant(watch));
        ready
    };
    let Some(set_event) = dll::find("kernel32.dll").and_then(|dll| dll.find("SetEvent")) else {
        return Ok(());
    };
    let Some(gate) = cx.process().gates().shim(set_event) else {
        return Ok(());
    };
    for event in ready {
        cx.call(Addr(gate), &[event.0])?;
    }
    Ok(())
}

fn is_text(kind: u32) -> bool {
    matches!(kind, REG_SZ | REG_EXPAND_SZ | REG_MULTI_SZ)
}

/// The bytes of a value as a function of this form gives them.
fn data_for(cx: &Cx<'_>, letters: Letters, value: &RegistryValue) -> Vec<u8> {
    if letters == Ansi && is_text(value.kind) {
        Ansi.encode(cx, &Wide.decode(cx, &value.data))
    } else {
        value.data.clone()
    }
}

/// The bytes of a value from a function of this form; text ends with a zero, as all readers expect.
fn data_from(cx: &Cx<'_>, letters: Letters, kind: u32, data: Vec<u8>) -> Vec<u8> {
    if !is_text(kind) {
        return data;
    }
    let mut data = if letters == Ansi {
        Wide.encode(cx, &Ansi.decode(cx, &data))
    } else {
        data
    };
    let zeros = if kind == REG_MULTI_SZ { 4 } else { 2 };
    let ended = data.len() >= zeros && data[data.len() - zeros..].iter().all(|&byte| byte == 0);
    let only_end = data == [0, 0];
    if data.len().is_multiple_of(2) && !ended && !only_end {
        let missing = if kind == REG_MULTI_SZ && data.ends_with(&[0, 0]) {
            2
        } else {
            zeros
        };
        data.resize(data.len() + missing, 0);
    }
    data
}

/// Hands out bytes in the way of the registry: the size alone, all bytes, or a word that the room is too small.
fn give(cx: &Cx<'_>, bytes: &[u8], data: Addr, size: Addr) -> Result<u32, Trap> {
    if size.is_null() {
        return Ok(if data.is_null() {
            SUCCESS
        } else {
            INVALID_PARAMETER
        });
    }
    let room = if data.is_null() {
        0
    } else {
        cx.read::<u32>(size)?
    };
    cx.write(size, bytes.len() as u32)?;
    if data.is_null() {
        return Ok(SUCCESS);
    }
    if (room as usize) < bytes.len() {
        return Ok(MORE_DATA);
    }
    cx.put(data, bytes)?;
    Ok(SUCCESS)
}

fn query(
    cx: &Cx<'_>,
    letters: Letters,
    key: Handle,
    name: Addr,
    kind: Addr,
    data: Addr,
    size: Addr,
) -> Result<u32, Trap> {
    let Some(path) = path(cx, key) else {
        return Ok(INVALID_HANDLE);
    };
    let name = letters.optional(cx, name)?.unwrap_or_default();
    let Some(value) = cx.station().registry().value(&path, &name) else {
        return Ok(FILE_NOT_FOUND);
    };
    cx.write_unless_null(kind, value.kind)?;
    give(cx, &data_for(cx, letters, &value), data, size)
}

fn query_default(
    cx: &Cx<'_>,
    letters: Letters,
    key: Handle,
    below: Addr,
    data: Addr,
    size: Addr,
) -> Result<u32, Trap> {
    let Some(path) = path_below(cx, letters, key, below)? else {
        return Ok(INVALID_HANDLE);
    };
    let registry = cx.station().registry();
    match registry.value(&path, "") {
        Some(value) if is_text(value.kind) => give(cx, &data_for(cx, letters, &value), data, size),
        Some(_) => Ok(FILE_NOT_FOUND),
        // A key without a default value has an empty one for this old function.
        None if registry.exists(&path) => give(cx, &vec![0; letters.bytes() as usize], data, size),
        None => Ok(FILE_NOT_FOUND),
    }
}

fn get_value(
    cx: &Cx<'_>,
    letters: Letters,
    key: Handle,
    [below, name]: [Addr; 2],
    flags: u32,
    kind: Addr,
    [data, size]: [Addr; 2],
) -> Result<u32, Trap> {
    /// `RRF_NOEXPAND`
    const NO_EXPAND: u32 = 0x1000_0000;
    let Some(path) = path_below(cx, letters, key, below)? else {
        return Ok(INVALID_HANDLE);
    };
    let name = letters.optional(cx, name)?.unwrap_or_default();
    let Some(mut value) = cx.station().registry().value(&path, &name) else {
        return Ok(FILE_NOT_FOUND);
    };
    if value.kind == REG_EXPAND_SZ && flags & NO_EXPAND == 0 {
        let expanded = expanded(cx, &Wide.decode(cx, &value.data));
        value = RegistryValue {
            kind: REG_SZ,
            data: Wide.encode(cx, &expanded),
        };
    }
    // The bits of allowed types stand in the order of the types' numbers; a quad-word's is the seventh.
    let bit = match value.kind {
        11 => 0x40,
        REG_MULTI_SZ => 0x20,
        kind @ 0..=4 => 1 << kind,
        _ => 0,
    };
    cx.write_unless_null(kind, value.kind)?;
    if flags & 0xFFFF & bit == 0 && flags & 0xFFFF != 0xFFFF {
        return Ok(UNSUPPORTED_TYPE);
    }
    give(cx, &data_for(cx, letters, &value), data, size)
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parameters of the Windows function"
)]
fn set(
    cx: &mut Cx<'_>,
    letters: Letters,
    key: Handle,
    below: Addr,
    name: Addr,
    kind: u32,
    data: Addr,
    size: u32,
) -> Result<u32, Trap> {
    let Some(path) = path_below(cx, letters, key, below)? else {
        return Ok(INVALID_HANDLE);
    };
    let name = letters.optional(cx, name)?.unwrap_or_default();
    let bytes = if data.is_null() {
        Vec::new()
    } else {
        cx.bytes(data, u64::from(size))?
    };
    let value = RegistryValue {
        kind,
        data: data_from(cx, letters, kind, bytes),
    };
    let done = cx.station().registry().set_value(&path, &name, &value);
    finish(cx, &path, done)
}

fn set_default(
    cx: &mut Cx<'_>,
    letters: Letters,
    key: Handle,
    below: Addr,
    data: Addr,
) -> Result<u32, Trap> {
    let Some(path) = path_below(cx, letters, key, below)? else {
        return Ok(INVALID_HANDLE);
    };
    let text = letters.optional(cx, data)?.unwrap_or_default();
    let value = RegistryValue {
        kind: REG_SZ,
        data: Wide.encode(cx, &(text + "\0")),
    };
    let done = cx.station().registry().set_value(&path, "", &value);
    finish(cx, &path, done)
}

fn delete_value(
    cx: &mut Cx<'_>,
    letters: Letters,
    key: Handle,
    below: Addr,
    name: Addr,
) -> Result<u32, Trap> {
    let Some(path) = path_below(cx, letters, key, below)? else {
        return Ok(INVALID_HANDLE);
    };
    let name = letters.optional(cx, name)?.unwrap_or_default();
    let done = cx.station().registry().delete_value(&path, &name);
    finish(cx, &path, done)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;

    const DLL: &str = "advapi32.dll";
    const USER: u64 = 0xFFFF_FFFF_8000_0001;

    fn word(bench: &Bench, at: u64) -> u64 {
        u64::from_le_bytes(bench.read(at, 8).try_into().unwrap())
    }

    fn key(bench: &Bench, path: &str) -> u64 {
        let result = bench.bytes(&[0; 8]);
        assert_eq!(
            bench.ask(DLL, "RegCreateKeyA", &[USER, bench.text(path), result]),
            0
        );
        word(bench, result)
    }

    #[test]
    fn keys_open_below_each_other_and_close_once() {
        let bench = Bench::new();
        let (path, result) = (bench.text(r"Software\Vendor"), bench.bytes(&[0; 16]));
        assert_eq!(
            bench.ask(DLL, "RegOpenKeyExA", &[USER, path, 0, 1, result]),
            u64::from(FILE_NOT_FOUND)
        );
        let create = [USER, path, 0, 0, 0, 1, 0, result, result + 8];
        assert_eq!(bench.ask(DLL, "RegCreateKeyExA", &create), 0);
        assert_eq!(word(&bench, result + 8), u64::from(CREATED));
        let vendor = word(&bench, result);
        assert_eq!(
            bench.ask(
                DLL,
                "RegOpenKeyExW",
                &[0x8000_0001, bench.wide("SOFTWARE"), 0, 1, result]
            ),
            0
        );
        let software = word(&bench, result);
        assert_eq!(
            bench.ask(
                DLL,
                "RegOpenKeyW",
                &[software, bench.wide("vendor"), result]
            ),
            0
        );
        assert_eq!(
            bench.ask(DLL, "RegDeleteKeyA", &[USER, bench.text("Software")]),
            u64::from(ACCESS_DENIED)
        );
        assert_eq!(
            bench.ask(DLL, "RegDeleteKeyA", &[software, bench.text("vendor")]),
            0
        );
        assert_eq!(bench.ask(DLL, "RegCloseKey", &[vendor]), 0);
        assert_eq!(
            bench.ask(DLL, "RegCloseKey", &[vendor]),
            u64::from(INVALID_HANDLE)
        );
        assert_eq!(bench.ask(DLL, "RegCloseKey", &[USER]), 0);
    }

    #[test]
    fn text_written_in_one_form_is_read_in_the_other() {
        let bench = Bench::new();
        let key = key(&bench, "a");
        let (name, data) = (bench.bytes(b"n\xe9\0"), bench.bytes(b"\x80x"));
        // Without its final zero, as careless callers count.
        assert_eq!(
            bench.ask(DLL, "RegSetValueExA", &[key, name, 0, 1, data, 2]),
            0
        );
        let (kind, buffer, size) = (
            bench.bytes(&[0; 4]),
            bench.bytes(&[0; 16]),
            bench.bytes(&[16, 0, 0, 0]),
        );
        assert_eq!(
            bench.ask(
                DLL,
                "RegQueryValueExW",
                &[key, bench.wide("né"), 0, kind, buffer, size]
            ),
            0
        );
        assert_eq!(
            (bench.read(kind, 1), bench.read(size, 1)),
            (vec![1], vec![6])
        );
        assert_eq!(bench.read(buffer, 6), [0xac, 0x20, b'x', 0, 0, 0]);
        assert_eq!(
            bench.ask(DLL, "RegQueryValueExA", &[key, name, 0, kind, buffer, size]),
            0
        );
        assert_eq!(bench.read(buffer, 3), b"\x80x\0");
    }

    #[test]
    fn a_buffer_that_is_too_small_gets_the_size_that_it_should_have() {
        let bench = Bench::new();
        let key = key(&bench, "a");
        bench.ask(
            DLL,
            "RegSetValueExA",
            &[key, bench.text("n"), 0, 3, bench.bytes(b"12345"), 5],
        );
        let (buffer, size) = (bench.bytes(&[0; 8]), bench.bytes(&[2, 0, 0, 0]));
        let query = |buffer| {
            bench.ask(
                DLL,
                "RegQueryValueExA",
                &[key, bench.text("N"), 0, 0, buffer, size],
            )
        };
        assert_eq!(query(buffer), u64::from(MORE_DATA));
        assert_eq!(bench.read(size, 1), [5]);
        assert_eq!(query(0), 0);
        assert_eq!(query(buffer), 0);
        assert_eq!(bench.read(buffer, 5), b"12345");
        let missing = [key, bench.text("none"), 0, 0, 0, 0];
        assert_eq!(
            bench.ask(DLL, "RegQueryValueExA", &missing),
            u64::from(FILE_NOT_FOUND)
        );
    }

    #[test]
    fn what_is_in_a_key_is_counted_and_listed() {
        let bench = Bench::new();
        let top = key(&bench, "a");
        for name in ["one", "three"] {
            key(&bench, &format!(r"a\{name}"));
        }
        bench.ask(
            DLL,
            "RegSetValueExA",
            &[
                top,
                bench.text("value"),
                0,
                4,
                bench.bytes(&[7, 0, 0, 0]),
                4,
            ],
        );
        let counts = bench.bytes(&[0xff; 48]);
        let info = [
            top,
            0,
            0,
            0,
            counts,
            counts + 8,
            0,
            counts + 16,
            counts + 24,
            counts + 32,
            0,
            counts + 40,
        ];
        assert_eq!(bench.ask(DLL, "RegQueryInfoKeyA", &info), 0);
        let found = [0, 8, 16, 24, 32].map(|at| bench.read(counts + at, 1)[0]);
        assert_eq!(found, [2, 5, 1, 5, 4]);
        let (name, size) = (bench.bytes(&[0; 16]), bench.bytes(&[16, 0, 0, 0]));
        assert_eq!(
            bench.ask(DLL, "RegEnumKeyExA", &[top, 1, name, size, 0, 0, 0, 0]),
            0
        );
        assert_eq!(
            (bench.read(name, 6), bench.read(size, 1)),
            (b"three\0".to_vec(), vec![5])
        );
        assert_eq!(
            bench.ask(DLL, "RegEnumKeyExA", &[top, 1, name, size, 0, 0, 0, 0]),
            u64::from(MORE_DATA)
        );
        assert_eq!(
            bench.ask(DLL, "RegEnumKeyA", &[top, 2, name, 16]),
            u64::from(NO_MORE_ITEMS)
        );
        let (kind, data, room) = (
            bench.bytes(&[0; 4]),
            bench.bytes(&[0; 4]),
            bench.bytes(&[4, 0, 0, 0]),
        );
        let size = bench.bytes(&[16, 0, 0, 0]);
        assert_eq!(
            bench.ask(
                DLL,
                "RegEnumValueW",
                &[top, 0, name, size, 0, kind, data, room]
            ),
            0
        );
        assert_eq!(
            (
                bench.read(kind, 1),
                bench.read(data, 1),
                bench.read(size, 1)
            ),
            (vec![4], vec![7], vec![5])
        );
    }

    #[test]
    fn a_value_of_an_unwanted_type_is_refused_and_variables_are_expanded() {
        let config = crate::Config {
            environment: vec![("TEMP".into(), r"C:\t".into())],
            ..Default::default()
        };
        let bench = Bench::with(config);
        let key = key(&bench, "a");
        bench.ask(
            DLL,
            "RegSetValueExA",
            &[key, bench.text("e"), 0, 2, bench.text("%temp%|%no%|%"), 14],
        );
        let (kind, buffer, size) = (
            bench.bytes(&[0; 4]),
            bench.bytes(&[0; 32]),
            bench.bytes(&[32, 0, 0, 0]),
        );
        let get = |flags| {
            bench.ask(
                DLL,
                "RegGetValueA",
                &[key, 0, bench.text("e"), flags, kind, buffer, size],
            )
        };
        assert_eq!(get(0x10), u64::from(UNSUPPORTED_TYPE));
        assert_eq!(get(2), 0);
        assert_eq!(bench.read(buffer, 12), b"C:\\t|%no%|%\0");
        assert_eq!(bench.read(kind, 1), [1]);
    }

    #[test]
    fn a_tree_is_deleted_with_all_that_is_below() {
        let bench = Bench::new();
        let top = key(&bench, "a");
        key(&bench, r"a\b\c");
        bench.ask(DLL, "RegSetValueExA", &[top, bench.text("v"), 0, 3, 0, 0]);
        assert_eq!(bench.ask(DLL, "RegDeleteTreeA", &[top, 0]), 0);
        let (name, result) = (bench.bytes(&[0; 16]), bench.bytes(&[0; 8]));
        assert_eq!(
            bench.ask(DLL, "RegEnumKeyA", &[top, 0, name, 16]),
            u64::from(NO_MORE_ITEMS)
        );
        assert_eq!(
            bench.ask(DLL, "RegDeleteValueA", &[top, bench.text("v")]),
            u64::from(FILE_NOT_FOUND)
        );
        assert_eq!(
            bench.ask(DLL, "RegDeleteTreeA", &[USER, bench.text("a")]),
            0
        );
        assert_eq!(
            bench.ask(DLL, "RegOpenKeyA", &[USER, bench.text("a"), result]),
            u64::from(FILE_NOT_FOUND)
        );
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        let bench = Bench::new();
        let result = bench.bytes(&[0; 8]);
        for handle in [0, 0x7777, 0x8000_0099] {
            let open = [handle, bench.text("a"), result];
            assert_eq!(
                bench.ask(DLL, "RegOpenKeyA", &open),
                u64::from(INVALID_HANDLE)
            );
        }
    }
}
