//! What kind of machine and system this is.

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::peb::VERSION;
use crate::process::Width;
use crate::shim::{Addr, Handle, Size, shims};
use crate::structures::{MemoryStatus, MemoryStatusEx, SystemInfo};
use crate::trap::Trap;

const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_CALL_NOT_IMPLEMENTED: u32 = 120;
const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_OLD_WIN_VERSION: u32 = 1150;
/// `VER_NT_WORKSTATION`.
const WORKSTATION: u8 = 1;

shims! {
    pub(super) static SHIMS = "kernel32.dll", stdcall;

    /// Answers the version of Windows in one number.
    fn GetVersion(cx) -> u32 {
        let (major, minor, build) = VERSION;
        Ok(major | minor << 8 | u32::from(build) << 16)
    }

    /// Describes the version of Windows.
    fn GetVersionExA(cx, info: Addr) -> bool { put_version(cx, Ansi, info) }

    /// Describes the version of Windows.
    fn GetVersionExW(cx, info: Addr) -> bool { put_version(cx, Wide, info) }

    /// Compares the version of Windows with a wanted one.
    fn VerifyVersionInfoA(cx, info: Addr, kinds: u32, conditions: u64) -> bool { verify(cx, Ansi, info, kinds, conditions) }

    /// Compares the version of Windows with a wanted one.
    fn VerifyVersionInfoW(cx, info: Addr, kinds: u32, conditions: u64) -> bool { verify(cx, Wide, info, kinds, conditions) }

    /// Adds a condition for `VerifyVersionInfo`.
    fn VerSetConditionMask(cx, conditions: u64, kind: u32, condition: u8) -> u64 {
        Ok(match kind.trailing_zeros() {
            bit @ 0..=7 => conditions | u64::from(condition & 7) << (3 * bit),
            _ => conditions,
        })
    }

    /// Answers the version of Windows that the program was made for.
    fn GetProcessVersion(cx, process: u32) -> u32 { Ok(0x000A_0000) }

    /// Answers which edition of Windows this is: an ordinary one.
    fn GetProductInfo(cx, major: u32, minor: u32, pack: u32, pack_minor: u32, product: Addr) -> bool {
        cx.write(product, 0x30_u32)?;
        Ok(true)
    }

    /// Describes processors and address space.
    fn GetSystemInfo(cx, info: Addr) { put_system(cx, info) }

    /// Describes processors and address space as they are without emulation.
    fn GetNativeSystemInfo(cx, info: Addr) { put_system(cx, info) }

    /// Tells whether the processor has a feature.
    fn IsProcessorFeaturePresent(cx, feature: u32) -> bool { Ok(has_feature(feature)) }

    /// Answers the extended state that threads may have: that of the old instructions.
    fn GetEnabledXStateFeatures(cx) -> u64 { Ok(if has_feature(39) { 7 } else { 3 }) }

    /// Answers how many processors are at work.
    fn GetActiveProcessorCount(cx, group: u16) -> u32 { Ok(processors()) }

    /// Answers how many processors there can be.
    fn GetMaximumProcessorCount(cx, group: u16) -> u32 { Ok(processors()) }

    /// Answers how many groups of processors are at work: one.
    fn GetActiveProcessorGroupCount(cx) -> u16 { Ok(1) }

    /// Answers the highest number of a memory node: there is one.
    fn GetNumaHighestNodeNumber(cx, node: Addr) -> bool {
        cx.write(node, 0_u32)?;
        Ok(true)
    }

    /// Lists the processors one by one: each a core of its own.
    fn GetLogicalProcessorInformation(cx, list: Addr, size: Addr) -> bool {
        let width = cx.pointer_size() + 8 + 16;
        let needed = u64::from(processors()) * width;
        let room: u32 = cx.read(size)?;
        cx.write(size, needed as u32)?;
        if u64::from(room) < needed {
            return cx.fail(ERROR_INSUFFICIENT_BUFFER, false);
        }
        cx.fill(list, 0, needed)?;
        for index in 0..u64::from(processors()) {
            cx.write_addr(list.offset(index * width), Addr(1 << (index % 64)))?;
        }
        Ok(true)
    }

    /// Describes memory, in numbers as wide as addresses.
    fn GlobalMemoryStatus(cx, status: Addr) {
        let memory = memory(cx.process().width());
        let most = if cx.pointer_size() == 8 { u64::MAX } else { 0x7fff_ffff };
        let [physical, physical_free, paged, paged_free, addresses, addresses_free] =
            memory.numbers.map(|value| Size(value.min(most)));
        let described = MemoryStatus {
            bytes: MemoryStatus::size(cx) as u32,
            load: memory.load,
            physical,
            physical_free,
            paged,
            paged_free,
            addresses,
            addresses_free,
        };
        described.write(cx, status)
    }

    /// Describes memory.
    fn GlobalMemoryStatusEx(cx, status: Addr) -> bool {
        let bytes = MemoryStatusEx::size(cx) as u32;
        if cx.read::<u32>(status)? != bytes {
            return cx.fail(ERROR_INVALID_PARAMETER, false);
        }
        let memory = memory(cx.process().width());
        let [physical, physical_free, paged, paged_free, addresses, addresses_free] = memory.numbers;
        let described = MemoryStatusEx {
            bytes,
            load: memory.load,
            physical,
            physical_free,
            paged,
            paged_free,
            addresses,
            addresses_free,
            extended_free: 0,
        };
        described.write(cx, status).map(|()| true)
    }

    /// Writes how much memory the machine has, in kilobytes.
    fn GetPhysicallyInstalledSystemMemory(cx, kilobytes: Addr) -> bool {
        cx.write(kilobytes, memory(cx.process().width()).numbers[0] / 1024)?;
        Ok(true)
    }

    /// Answers the size of large pages: there are none.
    fn GetLargePageMinimum(cx) -> Size { Ok(Size(0)) }

    /// Writes the name of the machine.
    fn GetComputerNameA(cx, buffer: Addr, size: Addr) -> bool { put_name(cx, Ansi, buffer, size) }

    /// Writes the name of the machine.
    fn GetComputerNameW(cx, buffer: Addr, size: Addr) -> bool { put_name(cx, Wide, buffer, size) }

    /// Writes a name of the machine, the same for each kind of name.
    fn GetComputerNameExA(cx, kind: u32, buffer: Addr, size: Addr) -> bool { put_name(cx, Ansi, buffer, size) }

    /// Writes a name of the machine, the same for each kind of name.
    fn GetComputerNameExW(cx, kind: u32, buffer: Addr, size: Addr) -> bool { put_name(cx, Wide, buffer, size) }

    /// Writes the directory of Windows' own DLLs.
    fn GetSystemDirectoryA(cx, buffer: Addr, room: u32) -> u32 { Ansi.fill(cx, buffer, room, SYSTEM) }

    /// Writes the directory of Windows' own DLLs.
    fn GetSystemDirectoryW(cx, buffer: Addr, room: u32) -> u32 { Wide.fill(cx, buffer, room, SYSTEM) }

    /// Writes the directory of Windows.
    fn GetWindowsDirectoryA(cx, buffer: Addr, room: u32) -> u32 { Ansi.fill(cx, buffer, room, WINDOWS) }

    /// Writes the directory of Windows.
    fn GetWindowsDirectoryW(cx, buffer: Addr, room: u32) -> u32 { Wide.fill(cx, buffer, room, WINDOWS) }

    /// Writes the directory of Windows.
    fn GetSystemWindowsDirectoryA(cx, buffer: Addr, room: u32) -> u32 { Ansi.fill(cx, buffer, room, WINDOWS) }

    /// Writes the directory of Windows.
    fn GetSystemWindowsDirectoryW(cx, buffer: Addr, room: u32) -> u32 { Wide.fill(cx, buffer, room, WINDOWS) }

    /// Writes the directory of 32-bit DLLs: there is none apart.
    fn GetSystemWow64DirectoryA(cx, buffer: Addr, room: u32) -> u32 { cx.fail(ERROR_CALL_NOT_IMPLEMENTED, 0) }

    /// Writes the directory of 32-bit DLLs: there is none apart.
    fn GetSystemWow64DirectoryW(cx, buffer: Addr, room: u32) -> u32 { cx.fail(ERROR_CALL_NOT_IMPLEMENTED, 0) }

    /// Describes the power supply: a plug.
    fn GetSystemPowerStatus(cx, status: Addr) -> bool {
        cx.put(status, &[1, 0x80, 0xff, 0])?;
        cx.fill(status.offset(4), 0xff, 8)?;
        Ok(true)
    }

    /// Notes what the machine must not do while something goes on.
    fn SetThreadExecutionState(cx, state: u32) -> u32 { Ok(0x8000_0000) }

    /// Sounds a tone, which nobody hears.
    fn Beep(cx, frequency: u32, duration: u32) -> bool { Ok(true) }

    /// Answers a session number: the first of a person at the screen.
    fn ProcessIdToSessionId(cx, process: u32, session: Addr) -> bool {
        cx.write(session, 1_u32)?;
        Ok(true)
    }

    /// Answers the session of the person at the screen.
    fn WTSGetActiveConsoleSessionId(cx) -> u32 { Ok(1) }

    /// Tells for which machine a process is made and on which it runs.
    fn IsWow64Process2(cx, process: Handle, own: Addr, native: Addr) -> bool {
        cx.write(own, if cx.pointer_size() == 8 { 0_u16 } else { 0x14c })?;
        cx.write_unless_null(native, 0x8664_u16)?;
        Ok(true)
    }
}

/// Where Windows is, in every process.
pub(crate) const WINDOWS: &str = r"C:\windows";
pub(crate) const SYSTEM: &str = r"C:\windows\system32";
const NAME: &str = "OPENDRIVER";

fn put_version(cx: &Cx<'_>, letters: Letters, info: Addr) -> Result<bool, Trap> {
    let plain = 20 + 128 * letters.bytes();
    let size: u32 = cx.read(info)?;
    if u64::from(size) != plain && u64::from(size) != plain + 8 {
        return cx.fail(ERROR_INSUFFICIENT_BUFFER, false);
    }
    let (major, minor, build) = VERSION;
    cx.fill(info.offset(4), 0, u64::from(size) - 4)?;
    let mut fields = cx.fields(info.offset(4));
    fields
        .put(major)?
        .put(minor)?
        .put(u32::from(build))?
        .put(2_u32)?;
    if u64::from(size) > plain {
        // Service pack 0.0 and no suites; then the kind of product.
        cx.write(info.offset(plain + 6), WORKSTATION)?;
    }
    Ok(true)
}

fn verify(
    cx: &Cx<'_>,
    letters: Letters,
    info: Addr,
    kinds: u32,
    conditions: u64,
) -> Result<bool, Trap> {
    let text = 128 * letters.bytes();
    let (major, minor, build) = VERSION;
    let word = |at: u64| cx.read::<u32>(info.offset(at));
    let half = |at: u64| cx.read::<u16>(info.offset(20 + text + at)).map(u32::from);
    let byte = |at: u64| cx.read::<u8>(info.offset(20 + text + at)).map(u32::from);
    // Bit of the kind, what is wanted, what is; the parts of the version from the most important on.
    let others = [
        (7, byte(6)?, u32::from(WORKSTATION)),
        (2, word(12)?, u32::from(build)),
        (3, word(16)?, 2),
    ];
    let parts = [
        (1, word(4)?, major),
        (0, word(8)?, minor),
        (5, half(0)?, 0),
        (4, half(2)?, 0),
    ];
    let condition = |bit: u32| conditions >> (3 * bit) & 7;
    let is_asked = |bit: u32| kinds >> bit & 1 != 0;
    let holds = |condition: u64, found: u32, wanted: u32| match condition {
        1 => found == wanted,
        2 => found > wanted,
        3 => found >= wanted,
        4 => found < wanted,
        5 => found <= wanted,
        _ => false,
    };
    let mut others = others.iter().filter(|(bit, ..)| is_asked(*bit));
    let mut sound = others.all(|&(bit, wanted, found)| holds(condition(bit), found, wanted));
    // The parts of a version count as one number: what comes first decides.
    let mut asked = parts.iter().filter(|(bit, ..)| is_asked(*bit)).peekable();
    while let Some(&(bit, wanted, found)) = asked.next() {
        let decides = found != wanted || asked.peek().is_none();
        if decides {
            sound &= holds(condition(bit), found, wanted);
            break;
        }
    }
    if sound {
        Ok(true)
    } else {
        cx.fail(ERROR_OLD_WIN_VERSION, false)
    }
}

fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u32)
}

fn put_system(cx: &Cx<'_>, info: Addr) -> Result<(), Trap> {
    let is_wide = cx.pointer_size() == 8;
    let highest = if is_wide {
        0x7fff_fffe_ffff
    } else {
        0x7ffe_ffff
    };
    let mask = 1_u64
        .checked_shl(processors())
        .map_or(u64::MAX, |bit| bit - 1);
    let (architecture, kind) = if is_wide { (9_u16, 8664_u32) } else { (0, 586) };
    let described = SystemInfo {
        architecture,
        reserved: 0,
        page: 0x1000,
        lowest: Addr(0x1_0000),
        highest: Addr(highest),
        mask: Size(mask),
        processors: processors(),
        kind,
        granularity: 0x1_0000,
        level: 6,
        revision: 0x9e0a,
    };
    described.write(cx, info)
}

/// The features of `PF_...` that x86-64 processors may have.
fn has_feature(feature: u32) -> bool {
    match feature {
        // Compare-and-exchange of 8 bytes, MMX, SSE, time stamps, PAE, SSE2, no-execute, fast failing.
        2 | 3 | 6 | 8 | 9 | 10 | 12 | 23 => true,
        13 => is_x86_feature_detected!("sse3"),
        14 => is_x86_feature_detected!("cmpxchg16b"),
        17 => is_x86_feature_detected!("xsave"),
        36 => is_x86_feature_detected!("ssse3"),
        37 => is_x86_feature_detected!("sse4.1"),
        38 => is_x86_feature_detected!("sse4.2"),
        39 => is_x86_feature_detected!("avx"),
        40 => is_x86_feature_detected!("avx2"),
        41 => is_x86_feature_detected!("avx512f"),
        _ => false,
    }
}

struct Memory {
    /// Percent in use.
    load: u32,
    /// Physical, pages, addresses: of each, how much there is and how much is free.
    numbers: [u64; 6],
}

fn memory(width: Width) -> Memory {
    // SAFETY: all zeros is a valid value of this structure of numbers.
    let mut info: libc::sysinfo = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is ours and lives through the call.
    unsafe { libc::sysinfo(&raw mut info) };
    let unit = u64::from(info.mem_unit).max(1);
    let (total, free) = (info.totalram * unit, (info.freeram + info.bufferram) * unit);
    let (swap, free_swap) = (info.totalswap * unit, info.freeswap * unit);
    let (addresses, taken) = match width {
        Width::Bits32 => (0x7ffe_0000, 0x1000_0000),
        Width::Bits64 => (0x7fff_fffe_0000, 4 << 30),
    };
    Memory {
        load: (100 - (100 * u128::from(free) / u128::from(total.max(1))).min(100)) as u32,
        numbers: [
            total,
            free,
            total + swap,
            free + free_swap,
            addresses,
            addresses - taken,
        ],
    }
}

fn put_name(cx: &Cx<'_>, letters: Letters, buffer: Addr, size: Addr) -> Result<bool, Trap> {
    let room: u32 = cx.read(size)?;
    let length = letters.fill(cx, buffer, room, NAME)?;
    cx.write(size, length)?;
    if length < room {
        Ok(true)
    } else {
        cx.fail(ERROR_INSUFFICIENT_BUFFER, false)
    }
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "kernel32.dll";

    #[test]
    fn the_version_is_told_in_each_form_that_is_asked_for() {
        let bench = Bench::new();
        let version = bench.ask(DLL, "GetVersion", &[]);
        assert_eq!(version as u32, 10 | 19041 << 16);
        for (name, plain) in [("GetVersionExA", 148_u32), ("GetVersionExW", 276)] {
            for size in [plain, plain + 8] {
                let info = bench.bytes(&[size.to_le_bytes().as_slice(), &[0xaa; 300]].concat());
                assert_eq!(bench.ask(DLL, name, &[info]), 1);
                assert_eq!(bench.read(info + 4, 4), [10, 0, 0, 0]);
                assert_eq!(bench.read(info + u64::from(size), 1), [0xaa]);
            }
            let wrong = bench.bytes(&[9; 4]);
            assert_eq!(bench.ask(DLL, name, &[wrong]), 0);
        }
    }

    #[test]
    fn a_wanted_version_is_compared_part_by_part() {
        let bench = Bench::new();
        let ask = |major: u32, minor: u32, condition: u64| {
            let mut info = vec![0; 284];
            info[4..8].copy_from_slice(&major.to_le_bytes());
            info[8..12].copy_from_slice(&minor.to_le_bytes());
            let info = bench.bytes(&info);
            let mask = bench.ask(DLL, "VerSetConditionMask", &[0, 2, condition]);
            let mask = bench.ask(DLL, "VerSetConditionMask", &[mask, 1, condition]);
            bench.ask(DLL, "VerifyVersionInfoW", &[info, 3, mask])
        };
        assert_eq!(ask(6, 3, 3), 1, "10.0 is at least 6.3");
        assert_eq!(ask(10, 0, 3), 1);
        assert_eq!(ask(10, 1, 3), 0);
        assert_eq!(ask(11, 0, 3), 0);
        assert_eq!(ask(10, 0, 1), 1);
        assert_eq!(ask(6, 1, 1), 0);
    }

    #[test]
    fn the_machine_is_described_truthfully() {
        let bench = Bench::new();
        let info = bench.bytes(&[0; 48]);
        bench.ask(DLL, "GetSystemInfo", &[info]);
        assert_eq!(bench.read(info, 8), [9, 0, 0, 0, 0, 0x10, 0, 0]);
        let count = std::thread::available_parallelism().unwrap().get() as u32;
        assert_eq!(bench.read(info + 32, 4), count.to_le_bytes());
        let status = bench.bytes(&[64_u32.to_le_bytes().as_slice(), &[0; 60]].concat());
        assert_eq!(bench.ask(DLL, "GlobalMemoryStatusEx", &[status]), 1);
        let number = |at| u64::from_le_bytes(bench.read(status + at, 8).try_into().unwrap());
        assert!(number(8) > 1 << 20 && number(16) <= number(8));
        assert_eq!(bench.ask(DLL, "IsProcessorFeaturePresent", &[10]), 1);
        assert_eq!(bench.ask(DLL, "IsProcessorFeaturePresent", &[7]), 0);
    }

    #[test]
    fn a_name_that_does_not_fit_tells_its_length() {
        let bench = Bench::new();
        let (buffer, size) = (bench.bytes(&[0; 32]), bench.bytes(&4_u32.to_le_bytes()));
        assert_eq!(bench.ask(DLL, "GetComputerNameW", &[buffer, size]), 0);
        assert_eq!(bench.read(size, 1), [11]);
        assert_eq!(bench.ask(DLL, "GetComputerNameA", &[buffer, size]), 1);
        assert_eq!(bench.read(buffer, 11), b"OPENDRIVER\0");
        assert_eq!(bench.ask(DLL, "GetSystemDirectoryA", &[buffer, 4]), 20);
        assert_eq!(bench.ask(DLL, "GetSystemDirectoryA", &[buffer, 32]), 19);
    }
}
