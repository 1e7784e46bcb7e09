//! The structures of Windows that drivers and shims read and write: each is declared once, for both widths.
//!
//! Addresses, handles and numbers as wide as they take the driver's width, and every field lies at its natural alignment:
//! the layouts of both widths follow. A test compares them with those that C compilers for Windows make.

use std::mem::{offset_of, size_of};

use crate::cx::Cx;
use crate::fields::Field;
use crate::shim::{Addr, Handle, Signed, Size};
use crate::trap::Trap;

/// The layouts of a structure.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Its name in C.
    pub name: &'static str,
    /// How many bytes it takes in 32-bit drivers and in 64-bit ones.
    pub sizes: [usize; 2],
    /// Its fields in order.
    pub fields: &'static [FieldLayout],
}

/// Where a field of a structure is.
#[derive(Clone, Copy, Debug)]
pub struct FieldLayout {
    /// Its name in C.
    pub name: &'static str,
    /// How many bytes stand before it in 32-bit drivers and in 64-bit ones.
    pub offsets: [usize; 2],
    /// How many bytes it takes in 32-bit drivers and in 64-bit ones.
    pub sizes: [usize; 2],
}

/// Declares structures: our name and C's, then the fields by both names.
///
/// `Name::read` and `write` move all of it, and for each field there is a function of its name that says where it lies.
macro_rules! structures {
    ($(
        #[doc = $doc:literal]
        $name:ident as $c_name:literal {
            $($field:ident: $type:ty as $c_field:literal,)*
        }
    )*) => {
        $(
            #[doc = $doc]
            #[expect(clippy::allow_attributes, reason = "not every structure is used in every way")]
            #[allow(dead_code, reason = "not every structure is used in every way")]
            #[derive(Clone, Copy, Debug, Default)]
            pub(crate) struct $name {
                $(pub(crate) $field: $type,)*
            }

            const _: () = {
                #[repr(C)]
                struct Narrow {
                    $($field: <$type as Field>::Narrow,)*
                }
                #[repr(C)]
                struct Wide {
                    $($field: <$type as Field>::Wide,)*
                }

                #[expect(clippy::allow_attributes, reason = "not every structure is used in every way")]
                #[allow(dead_code, reason = "not every structure is used in every way")]
                impl $name {
                    const LAYOUT: Layout = Layout {
                        name: $c_name,
                        sizes: [size_of::<Narrow>(), size_of::<Wide>()],
                        fields: &[$(FieldLayout {
                            name: $c_field,
                            offsets: [offset_of!(Narrow, $field), offset_of!(Wide, $field)],
                            sizes: [
                                size_of::<<$type as Field>::Narrow>(),
                                size_of::<<$type as Field>::Wide>(),
                            ],
                        },)*],
                    };

                    /// How many bytes it takes in the calling driver.
                    pub(crate) fn size(cx: &Cx<'_>) -> u64 {
                        by_width(cx, [size_of::<Narrow>(), size_of::<Wide>()])
                    }

                    /// Reads all of it.
                    pub(crate) fn read(cx: &Cx<'_>, at: Addr) -> Result<Self, Trap> {
                        Ok(Self { $($field: Field::read(cx, Self::$field(cx, at))?,)* })
                    }

                    /// Writes all of it.
                    pub(crate) fn write(self, cx: &Cx<'_>, at: Addr) -> Result<(), Trap> {
                        $(Field::write(self.$field, cx, Self::$field(cx, at))?;)*
                        Ok(())
                    }

                    $(
                        /// Where this field lies.
                        pub(crate) fn $field(cx: &Cx<'_>, at: Addr) -> Addr {
                            at.offset(by_width(cx, [offset_of!(Narrow, $field), offset_of!(Wide, $field)]))
                        }
                    )*
                }
            };
        )*

        /// The layouts of all of them.
        pub(crate) static LAYOUTS: &[Layout] = &[$($name::LAYOUT,)*];
    };
}

fn by_width(cx: &Cx<'_>, [narrow, wide]: [usize; 2]) -> u64 {
    (if cx.pointer_size() == 8 { wide } else { narrow }) as u64
}

structures! {
    /// What threads take turns by.
    CriticalSection as "RTL_CRITICAL_SECTION" {
        debug: Addr as "DebugInfo",
        count: i32 as "LockCount",
        depth: i32 as "RecursionCount",
        owner: Size as "OwningThread",
        word: Size as "LockSemaphore",
        spin: Size as "SpinCount",
    }

    /// What a critical section is accompanied by.
    CriticalSectionDebug as "RTL_CRITICAL_SECTION_DEBUG" {
        kind: u16 as "Type",
        trace: u16 as "CreatorBackTraceIndex",
        section: Addr as "CriticalSection",
        next: Addr as "ProcessLocksList.Flink",
        previous: Addr as "ProcessLocksList.Blink",
        entries: u32 as "EntryCount",
        contentions: u32 as "ContentionCount",
        flags: u32 as "Flags",
        trace_high: u16 as "CreatorBackTraceIndexHigh",
        spare: u16 as "SpareWORD",
    }

    /// Pages of one kind, as `VirtualQuery` describes them.
    MemoryBasicInformation as "MEMORY_BASIC_INFORMATION" {
        base: Addr as "BaseAddress",
        allocation: Addr as "AllocationBase",
        allocation_protection: u32 as "AllocationProtect",
        region: Size as "RegionSize",
        state: u32 as "State",
        protection: u32 as "Protect",
        kind: u32 as "Type",
    }

    /// The machine.
    SystemInfo as "SYSTEM_INFO" {
        architecture: u16 as "wProcessorArchitecture",
        reserved: u16 as "wReserved",
        page: u32 as "dwPageSize",
        lowest: Addr as "lpMinimumApplicationAddress",
        highest: Addr as "lpMaximumApplicationAddress",
        mask: Size as "dwActiveProcessorMask",
        processors: u32 as "dwNumberOfProcessors",
        kind: u32 as "dwProcessorType",
        granularity: u32 as "dwAllocationGranularity",
        level: u16 as "wProcessorLevel",
        revision: u16 as "wProcessorRevision",
    }

    /// The memory that there is, in numbers as wide as addresses.
    MemoryStatus as "MEMORYSTATUS" {
        bytes: u32 as "dwLength",
        load: u32 as "dwMemoryLoad",
        physical: Size as "dwTotalPhys",
        physical_free: Size as "dwAvailPhys",
        paged: Size as "dwTotalPageFile",
        paged_free: Size as "dwAvailPageFile",
        addresses: Size as "dwTotalVirtual",
        addresses_free: Size as "dwAvailVirtual",
    }

    /// The memory that there is.
    MemoryStatusEx as "MEMORYSTATUSEX" {
        bytes: u32 as "dwLength",
        load: u32 as "dwMemoryLoad",
        physical: u64 as "ullTotalPhys",
        physical_free: u64 as "ullAvailPhys",
        paged: u64 as "ullTotalPageFile",
        paged_free: u64 as "ullAvailPageFile",
        addresses: u64 as "ullTotalVirtual",
        addresses_free: u64 as "ullAvailVirtual",
        extended_free: u64 as "ullAvailExtendedVirtual",
    }

    /// An operation on a file with a position of its own.
    Overlapped as "OVERLAPPED" {
        status: Size as "Internal",
        count: Size as "InternalHigh",
        position: u32 as "Offset",
        position_high: u32 as "OffsetHigh",
        event: Handle as "hEvent",
    }

    /// Who may do what with an object.
    SecurityDescriptor as "SECURITY_DESCRIPTOR" {
        revision: u8 as "Revision",
        zero: u8 as "Sbz1",
        control: u16 as "Control",
        owner: Addr as "Owner",
        group: Addr as "Group",
        audit: Addr as "Sacl",
        rights: Addr as "Dacl",
    }

    /// How the program was started.
    StartupInfo as "STARTUPINFOW" {
        bytes: u32 as "cb",
        reserved: Addr as "lpReserved",
        desktop: Addr as "lpDesktop",
        title: Addr as "lpTitle",
        left: u32 as "dwX",
        top: u32 as "dwY",
        width: u32 as "dwXSize",
        height: u32 as "dwYSize",
        columns: u32 as "dwXCountChars",
        lines: u32 as "dwYCountChars",
        fill: u32 as "dwFillAttribute",
        flags: u32 as "dwFlags",
        show: u16 as "wShowWindow",
        more: u16 as "cbReserved2",
        more_at: Addr as "lpReserved2",
        input: Handle as "hStdInput",
        output: Handle as "hStdOutput",
        errors: Handle as "hStdError",
    }

    /// The process.
    ProcessBasicInformation as "PROCESS_BASIC_INFORMATION" {
        exit: u32 as "ExitStatus",
        block: Addr as "PebBaseAddress",
        mask: Size as "AffinityMask",
        priority: i32 as "BasePriority",
        id: Size as "UniqueProcessId",
        parent: Size as "InheritedFromUniqueProcessId",
    }

    /// A string with its length, in bytes as in UTF-16.
    CountedString as "UNICODE_STRING" {
        length: u16 as "Length",
        room: u16 as "MaximumLength",
        buffer: Addr as "Buffer",
    }

    /// Memory as so many bits.
    Bits as "RTL_BITMAP" {
        count: u32 as "SizeOfBitMap",
        buffer: Addr as "Buffer",
    }

    /// Where a module lies.
    ModuleInfo as "MODULEINFO" {
        base: Addr as "lpBaseOfDll",
        bytes: u32 as "SizeOfImage",
        entry: Addr as "EntryPoint",
    }

    /// The memory that the process takes.
    MemoryCounters as "PROCESS_MEMORY_COUNTERS" {
        bytes: u32 as "cb",
        faults: u32 as "PageFaultCount",
        peak: Size as "PeakWorkingSetSize",
        now: Size as "WorkingSetSize",
        paged_pool_peak: Size as "QuotaPeakPagedPoolUsage",
        paged_pool: Size as "QuotaPagedPoolUsage",
        other_pool_peak: Size as "QuotaPeakNonPagedPoolUsage",
        other_pool: Size as "QuotaNonPagedPoolUsage",
        paged: Size as "PagefileUsage",
        paged_peak: Size as "PeakPagefileUsage",
    }

    /// A class of windows.
    WindowClass as "WNDCLASSW" {
        style: u32 as "style",
        procedure: Addr as "lpfnWndProc",
        class_extra: i32 as "cbClsExtra",
        window_extra: i32 as "cbWndExtra",
        module: Handle as "hInstance",
        icon: Handle as "hIcon",
        cursor: Handle as "hCursor",
        brush: Handle as "hbrBackground",
        menu: Addr as "lpszMenuName",
        name: Addr as "lpszClassName",
    }

    /// A class of windows with a small icon.
    WindowClassEx as "WNDCLASSEXW" {
        bytes: u32 as "cbSize",
        style: u32 as "style",
        procedure: Addr as "lpfnWndProc",
        class_extra: i32 as "cbClsExtra",
        window_extra: i32 as "cbWndExtra",
        module: Handle as "hInstance",
        icon: Handle as "hIcon",
        cursor: Handle as "hCursor",
        brush: Handle as "hbrBackground",
        menu: Addr as "lpszMenuName",
        name: Addr as "lpszClassName",
        small_icon: Handle as "hIconSm",
    }

    /// What a window is told of its own creation.
    CreateStruct as "CREATESTRUCTW" {
        parameter: Addr as "lpCreateParams",
        module: Handle as "hInstance",
        menu: Size as "hMenu",
        parent: Handle as "hwndParent",
        height: i32 as "cy",
        width: i32 as "cx",
        top: i32 as "y",
        left: i32 as "x",
        style: u32 as "style",
        title: Addr as "lpszName",
        class: Addr as "lpszClass",
        extended: u32 as "dwExStyle",
    }

    /// A message in a queue.
    QueuedMessage as "MSG" {
        window: Handle as "hwnd",
        number: u32 as "message",
        first: Size as "wParam",
        second: Signed as "lParam",
        time: u32 as "time",
        left: i32 as "pt.x",
        top: i32 as "pt.y",
    }

    /// A box with a message.
    MessageBoxParameters as "MSGBOXPARAMSW" {
        bytes: u32 as "cbSize",
        owner: Handle as "hwndOwner",
        module: Handle as "hInstance",
        text: Addr as "lpszText",
        title: Addr as "lpszCaption",
        style: u32 as "dwStyle",
        icon: Addr as "lpszIcon",
        help: Size as "dwContextHelpId",
        callback: Addr as "lpfnMsgBoxCallback",
        language: u32 as "dwLanguageId",
    }

    /// What must be painted.
    PaintStruct as "PAINTSTRUCT" {
        device: Handle as "hdc",
        erase: i32 as "fErase",
        left: i32 as "rcPaint.left",
        top: i32 as "rcPaint.top",
        right: i32 as "rcPaint.right",
        bottom: i32 as "rcPaint.bottom",
        restore: i32 as "fRestore",
        update: i32 as "fIncUpdate",
        reserved: [u8; 32] as "rgbReserved",
    }

    /// A bitmap of a device.
    DeviceBitmap as "BITMAP" {
        kind: i32 as "bmType",
        width: i32 as "bmWidth",
        height: i32 as "bmHeight",
        line: i32 as "bmWidthBytes",
        planes: u16 as "bmPlanes",
        depth: u16 as "bmBitsPixel",
        bits: Addr as "bmBits",
    }

    /// What kind of data a media object takes or gives.
    MediaType as "DMO_MEDIA_TYPE" {
        major: [u8; 16] as "majortype",
        minor: [u8; 16] as "subtype",
        fixed_size: i32 as "bFixedSizeSamples",
        temporal: i32 as "bTemporalCompression",
        sample_bytes: u32 as "lSampleSize",
        format_kind: [u8; 16] as "formattype",
        unknown: Addr as "pUnk",
        format_bytes: u32 as "cbFormat",
        format: Addr as "pbFormat",
    }
}
