//! Changes of numbers that no other thread comes between; 64-bit compilers have instructions for them.

use crate::x86::code::code;

code! {
    pub(in crate::dll) static BLOCK = "opendriver_win32_code_interlocked";

    /// Adds one and answers the sum.
    fn InterlockedIncrement {
        "mov ecx, [esp + 4]",
        "mov eax, 1",
        "lock xadd [ecx], eax",
        "inc eax",
        "ret 4",
    }

    /// Takes one away and answers what is left.
    fn InterlockedDecrement {
        "mov ecx, [esp + 4]",
        "mov eax, -1",
        "lock xadd [ecx], eax",
        "dec eax",
        "ret 4",
    }

    /// Puts a number and answers the one that was there.
    fn InterlockedExchange {
        "mov ecx, [esp + 4]",
        "mov eax, [esp + 8]",
        "xchg [ecx], eax",
        "ret 8",
    }

    /// Adds a number and answers the one that was there.
    fn InterlockedExchangeAdd {
        "mov ecx, [esp + 4]",
        "mov eax, [esp + 8]",
        "lock xadd [ecx], eax",
        "ret 8",
    }

    /// Puts a number where the expected one is, and answers the one that was there.
    fn InterlockedCompareExchange {
        "mov edx, [esp + 4]",
        "mov ecx, [esp + 8]",
        "mov eax, [esp + 12]",
        "lock cmpxchg [edx], ecx",
        "ret 12",
    }

    /// Puts a number of 64 bits where the expected one is, and answers the one that was there.
    fn InterlockedCompareExchange64 {
        "push ebx",
        "push esi",
        "mov esi, [esp + 12]",
        "mov ebx, [esp + 16]",
        "mov ecx, [esp + 20]",
        "mov eax, [esp + 24]",
        "mov edx, [esp + 28]",
        "lock cmpxchg8b [esi]",
        "pop esi",
        "pop ebx",
        "ret 20",
    }

    /// Puts a number of 64 bits where the expected one is, and answers the one that was there.
    fn RtlInterlockedCompareExchange64 { "jmp opendriver_win32_code_interlocked_InterlockedCompareExchange64" }
}
