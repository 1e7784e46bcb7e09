//! Memory, modules and the process, by status instead of last error.

use std::time::Duration;

use opendriver_pe::Symbol;

use crate::calendar::SECOND;
use crate::dll::kernel32::modules::{self, module_of};
use crate::dll::kernel32::pages;
use crate::letters::Letters::{Ansi, Wide};
use crate::shim::{Addr, Handle, Size, shims};
use crate::structures::ProcessBasicInformation;
use crate::trap::Trap;

use super::status::{INFO_LENGTH_MISMATCH, INVALID_INFO_CLASS, INVALID_PARAMETER, SUCCESS};
use super::strings::text;

const DLL_NOT_FOUND: u32 = 0xC000_0135;
const ENTRYPOINT_NOT_FOUND: u32 = 0xC000_0139;
const NOT_MAPPED: u32 = 0xC000_0019;
const STATUS_NO_MEMORY: u32 = 0xC000_0017;
const BREAKPOINT: u32 = 0x8000_0003;
const PAGE: u64 = 0x1000;

shims! {
    pub(super) static SHIMS = "ntdll.dll", stdcall;

    /// Reserves or commits pages.
    fn NtAllocateVirtualMemory(cx, process: Handle, base: Addr, zeros: Size, size: Addr, kind: u32, protect: u32) -> u32 {
        let (at, wanted) = (cx.read_addr(base)?, cx.read_addr(size)?);
        let found = pages::allocate(cx, at, Size(wanted.0), kind, protect)?;
        if found.is_null() {
            return Ok(STATUS_NO_MEMORY);
        }
        cx.write_addr(base, Addr(found.0 & !(PAGE - 1)))?;
        cx.write_addr(size, Addr(((at.0 & (PAGE - 1)) + wanted.0).next_multiple_of(PAGE)))?;
        Ok(SUCCESS)
    }

    /// Decommits or releases pages.
    fn NtFreeVirtualMemory(cx, process: Handle, base: Addr, size: Addr, kind: u32) -> u32 {
        let (at, wanted) = (cx.read_addr(base)?, cx.read_addr(size)?);
        Ok(if pages::free(cx, at, Size(wanted.0), kind)? { SUCCESS } else { INVALID_PARAMETER })
    }

    /// Changes what may be done with pages.
    fn NtProtectVirtualMemory(cx, process: Handle, base: Addr, size: Addr, protect: u32, before: Addr) -> u32 {
        let (at, wanted) = (cx.read_addr(base)?, cx.read_addr(size)?);
        if !pages::change(cx, at, Size(wanted.0), protect, before)? {
            return Ok(NOT_MAPPED);
        }
        cx.write_addr(base, Addr(at.0 & !(PAGE - 1)))?;
        cx.write_addr(size, Addr(((at.0 & (PAGE - 1)) + wanted.0).next_multiple_of(PAGE)))?;
        Ok(SUCCESS)
    }

    /// Waits; a negative time counts from now.
    fn NtDelayExecution(cx, alertable: u8, interval: Addr) -> u32 {
        let steps = match cx.read::<i64>(interval)? {
            from_now @ ..=0 => from_now.unsigned_abs(),
            until => (until as u64).saturating_sub(crate::calendar::now()),
        };
        std::thread::sleep(Duration::new(steps / SECOND, (steps % SECOND) as u32 * 100));
        Ok(SUCCESS)
    }

    /// Lets other threads run.
    fn NtYieldExecution(cx) -> u32 {
        std::thread::yield_now();
        Ok(SUCCESS)
    }

    /// Describes the process: where its environment block lies and what its identifier is (0).
    fn NtQueryInformationProcess(cx, process: Handle, class: u32, info: Addr, length: u32, written: Addr) -> u32 {
        let size = ProcessBasicInformation::size(cx) as u32;
        match class {
            0 if length == size => {
                let described = ProcessBasicInformation {
                    exit: 0x103,
                    block: Addr(cx.process().peb().address()),
                    mask: Size(1),
                    priority: 8,
                    id: Size(std::process::id().into()),
                    parent: Size(0),
                };
                described.write(cx, info)?;
                cx.write_unless_null(written, size)?;
                Ok(SUCCESS)
            }
            // No debugger listens at a port, and none has an object.
            7 | 30 if u64::from(length) == cx.pointer_size() => {
                cx.write_addr(info, Addr::NULL)?;
                Ok(SUCCESS)
            }
            0 | 7 | 30 => Ok(INFO_LENGTH_MISMATCH),
            _ => Ok(INVALID_INFO_CLASS),
        }
    }

    /// Answers the process' environment block.
    fn RtlGetCurrentPeb(cx) -> Addr { Ok(Addr(cx.process().peb().address())) }

    /// Answers the thread's environment block.
    fn NtCurrentTeb(cx) -> Addr { Ok(Addr(cx.thread().teb())) }

    /// Stops for a debugger.
    fn DbgBreakPoint(cx) { Err(Trap::exception(BREAKPOINT)) }

    /// Finds what a module exports under a name, or under a number where no name is given.
    fn LdrGetProcedureAddress(cx, module: Handle, name: Addr, ordinal: u32, address: Addr) -> u32 {
        let Some(module) = module_of(cx, module) else { return Ok(DLL_NOT_FOUND) };
        let name = if name.is_null() { None } else { Some(text(cx, Ansi, name)?) };
        let symbol = name.as_deref().map_or(Symbol::Ordinal(ordinal as u16), Symbol::Name);
        match modules::find(cx, &module, symbol) {
            Some(found) => cx.write_addr(address, Addr(found)).map(|()| SUCCESS),
            None => Ok(ENTRYPOINT_NOT_FOUND),
        }
    }

    /// Finds a loaded module.
    fn LdrGetDllHandle(cx, path: Addr, flags: Addr, name: Addr, module: Addr) -> u32 {
        let name = text(cx, Wide, name)?;
        match cx.process().module_handle(&name) {
            Some(found) => cx.write_addr(module, Addr(found)).map(|()| SUCCESS),
            None => Ok(DLL_NOT_FOUND),
        }
    }

    /// Loads a DLL, or finds it loaded.
    fn LdrLoadDll(cx, path: Addr, flags: Addr, name: Addr, module: Addr) -> u32 {
        let name = text(cx, Wide, name)?;
        match modules::load(cx, &name, 0)? {
            Handle::NULL => Ok(DLL_NOT_FOUND),
            found => cx.write_addr(module, Addr(found.0)).map(|()| SUCCESS),
        }
    }

    /// Answers where an address relative to a module lies.
    fn RtlImageRvaToVa(cx, headers: Addr, module: Handle, rva: u32, section: Addr) -> Addr {
        Ok(Addr(module.0 + u64::from(rva)))
    }

    /// Turns text such as `{00000000-0000-0000-0000-000000000000}` into a GUID.
    fn RtlGUIDFromString(cx, string: Addr, guid: Addr) -> u32 {
        match parsed(&text(cx, Wide, string)?) {
            Some(bytes) => cx.put(guid, &bytes).map(|()| SUCCESS),
            None => Ok(INVALID_PARAMETER),
        }
    }
}

/// The bytes of a GUID in memory: its first three numbers are little-endian.
fn parsed(text: &str) -> Option<[u8; 16]> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let parts: Vec<&str> = inner.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths != [8, 4, 4, 4, 12] || !inner.is_ascii() {
        return None;
    }
    let mut bytes = [0; 16];
    let number = u128::from_str_radix(&parts.concat(), 16).ok()?;
    bytes.copy_from_slice(&number.to_be_bytes());
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "ntdll.dll";

    #[test]
    fn pages_are_had_changed_and_given_back() {
        let bench = Bench::new();
        let (base, size) = (bench.bytes(&[0; 8]), bench.bytes(&0x1800_u64.to_le_bytes()));
        let before = bench.bytes(&[0; 4]);
        assert_eq!(
            bench.ask(
                DLL,
                "NtAllocateVirtualMemory",
                &[u64::MAX, base, 0, size, 0x3000, 4]
            ),
            0
        );
        assert_eq!(bench.read(size, 8), 0x2000_u64.to_le_bytes());
        assert_eq!(
            bench.ask(
                DLL,
                "NtProtectVirtualMemory",
                &[u64::MAX, base, size, 2, before]
            ),
            0
        );
        assert_eq!(bench.read(before, 4), [4, 0, 0, 0]);
        let none = bench.bytes(&[0; 8]);
        assert_eq!(
            bench.ask(DLL, "NtFreeVirtualMemory", &[u64::MAX, base, none, 0x8000]),
            0
        );
        assert_ne!(
            bench.ask(DLL, "NtFreeVirtualMemory", &[u64::MAX, base, none, 0x8000]),
            0
        );
    }

    #[test]
    fn a_function_is_found_by_counted_names() {
        let bench = Bench::new();
        let (name, module, address) = (
            bench.bytes(&[0; 16]),
            bench.bytes(&[0; 8]),
            bench.bytes(&[0; 8]),
        );
        bench.ask(
            DLL,
            "RtlInitUnicodeString",
            &[name, bench.wide("KERNEL32.DLL")],
        );
        assert_eq!(bench.ask(DLL, "LdrGetDllHandle", &[0, 0, name, module]), 0);
        let module = u64::from_le_bytes(bench.read(module, 8).try_into().unwrap());
        bench.ask(
            DLL,
            "RtlInitAnsiString",
            &[name, bench.text("GetTickCount")],
        );
        assert_eq!(
            bench.ask(DLL, "LdrGetProcedureAddress", &[module, name, 0, address]),
            0
        );
        assert_ne!(bench.read(address, 8), [0; 8]);
        bench.ask(
            DLL,
            "RtlInitAnsiString",
            &[name, bench.text("NoSuchFunction")],
        );
        assert_eq!(
            bench.ask(DLL, "LdrGetProcedureAddress", &[module, name, 0, address]),
            0xC000_0139
        );
    }

    #[test]
    fn a_guid_is_read_from_text() {
        let bench = Bench::new();
        let (string, guid) = (bench.bytes(&[0; 16]), bench.bytes(&[0; 16]));
        bench.ask(
            DLL,
            "RtlInitUnicodeString",
            &[string, bench.wide("{00112233-4455-6677-8899-aabbccddeeff}")],
        );
        assert_eq!(bench.ask(DLL, "RtlGUIDFromString", &[string, guid]), 0);
        let expected = [
            0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
            0xff,
        ];
        assert_eq!(bench.read(guid, 16), expected);
        bench.ask(
            DLL,
            "RtlInitUnicodeString",
            &[string, bench.wide("{short}")],
        );
        assert_eq!(
            bench.ask(DLL, "RtlGUIDFromString", &[string, guid]),
            0xC000_000D
        );
    }

    #[test]
    fn the_process_tells_where_its_block_lies() {
        let bench = Bench::new();
        let info = bench.bytes(&[0; 48]);
        assert_eq!(
            bench.ask(
                DLL,
                "NtQueryInformationProcess",
                &[u64::MAX, 0, info, 48, 0]
            ),
            0
        );
        let peb = bench.ask(DLL, "RtlGetCurrentPeb", &[]);
        assert_eq!(bench.read(info + 8, 8), peb.to_le_bytes());
        assert_eq!(
            bench.ask(DLL, "NtQueryInformationProcess", &[u64::MAX, 0, info, 4, 0]),
            0xC000_0004
        );
        assert!(bench.call(DLL, "DbgBreakPoint", &[]).is_err());
    }
}
