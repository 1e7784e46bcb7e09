//! Functions that `kernel32.dll` passes on to, under their own names.

use crate::dll::crt::aliases;
use crate::dll::kernel32::{heaps, locks, pages, process, threads};

aliases! {
    pub(in crate::dll) static ALIASES;
    heaps::SHIMS =>
        "HeapAlloc" as "RtlAllocateHeap",
        "HeapReAlloc" as "RtlReAllocateHeap",
        "HeapFree" as "RtlFreeHeap",
        "HeapSize" as "RtlSizeHeap",
        "HeapValidate" as "RtlValidateHeap",
        "HeapLock" as "RtlLockHeap",
        "HeapUnlock" as "RtlUnlockHeap";
    locks::SHIMS =>
        "InitializeCriticalSection" as "RtlInitializeCriticalSection",
        "DeleteCriticalSection" as "RtlDeleteCriticalSection",
        "EnterCriticalSection" as "RtlEnterCriticalSection",
        "TryEnterCriticalSection" as "RtlTryEnterCriticalSection",
        "LeaveCriticalSection" as "RtlLeaveCriticalSection",
        "InitializeSRWLock" as "RtlInitializeSRWLock",
        "AcquireSRWLockExclusive" as "RtlAcquireSRWLockExclusive",
        "TryAcquireSRWLockExclusive" as "RtlTryAcquireSRWLockExclusive",
        "ReleaseSRWLockExclusive" as "RtlReleaseSRWLockExclusive",
        "AcquireSRWLockShared" as "RtlAcquireSRWLockShared",
        "TryAcquireSRWLockShared" as "RtlTryAcquireSRWLockShared",
        "ReleaseSRWLockShared" as "RtlReleaseSRWLockShared",
        "InitializeConditionVariable" as "RtlInitializeConditionVariable",
        "WakeConditionVariable" as "RtlWakeConditionVariable",
        "WakeAllConditionVariable" as "RtlWakeAllConditionVariable",
        "WakeByAddressSingle" as "RtlWakeAddressSingle",
        "WakeByAddressAll" as "RtlWakeAddressAll";
    pages::SHIMS =>
        "RtlMoveMemory" as "RtlMoveMemory",
        "RtlMoveMemory" as "RtlCopyMemory",
        "RtlFillMemory" as "RtlFillMemory",
        "RtlZeroMemory" as "RtlZeroMemory";
    process::SHIMS =>
        "GetLastError" as "RtlGetLastWin32Error",
        "SetLastError" as "RtlSetLastWin32Error",
        "SetLastError" as "RtlRestoreLastWin32Error",
        "EncodePointer" as "RtlEncodePointer",
        "DecodePointer" as "RtlDecodePointer",
        "EncodeSystemPointer" as "RtlEncodeSystemPointer",
        "DecodeSystemPointer" as "RtlDecodeSystemPointer",
        "ExitProcess" as "RtlExitUserProcess";
    threads::SHIMS =>
        "ExitThread" as "RtlExitUserThread",
        "GetCurrentProcessorNumber" as "NtGetCurrentProcessorNumber",
        "GetCurrentProcessorNumber" as "RtlGetCurrentProcessorNumber";
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn a_block_of_one_name_is_freed_by_the_other() {
        let bench = Bench::new();
        let heap = bench.ask("kernel32.dll", "GetProcessHeap", &[]);
        let block = bench.ask("ntdll.dll", "RtlAllocateHeap", &[heap, 8, 40]);
        assert_eq!(bench.ask("ntdll.dll", "RtlSizeHeap", &[heap, 0, block]), 40);
        assert_eq!(bench.ask("kernel32.dll", "HeapFree", &[heap, 0, block]), 1);
        bench.ask("ntdll.dll", "RtlSetLastWin32Error", &[42]);
        assert_eq!(bench.ask("kernel32.dll", "GetLastError", &[]), 42);
    }
}
