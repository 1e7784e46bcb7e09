//! `Reg*` on the station's registry.

mod lists;

use std::sync::Mutex;

use crate::cx::Cx;
use crate::dll::kernel32::environment::expanded;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, shims};
use crate::station::{RegistryError, RegistryValue};
use crate::trap::Trap;

pub(super) use lists::LISTS;

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
    let Some(gate) = cx.process().symbol_of("kernel32.dll", "SetEvent") else {
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

#[cfg(test)]
mod tests;
