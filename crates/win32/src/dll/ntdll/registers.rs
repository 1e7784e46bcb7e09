//! Arithmetic of 64 bits and room on the stack, as 32-bit compilers ask for them: by register.

use crate::x86::code::code;

code! {
    pub(in crate::dll) static BLOCK = "opendriver_win32_code_native";

    /// Multiplies two numbers of 64 bits.
    fn _allmul {
        "mov eax, [esp + 8]",
        "imul eax, [esp + 12]",
        "mov ecx, [esp + 4]",
        "imul ecx, [esp + 16]",
        "add ecx, eax",
        "mov eax, [esp + 4]",
        "mul dword ptr [esp + 12]",
        "add edx, ecx",
        "ret 16",
    }

    /// Divides two unsigned numbers of 64 bits: the quotient in edx:eax, the rest in ebx:ecx.
    fn _aulldvrm {
        "push esi",
        "push edi",
        // edx:eax is divided by ecx:ebx.
        "mov eax, [esp + 12]",
        "mov edx, [esp + 16]",
        "mov ebx, [esp + 20]",
        "mov ecx, [esp + 24]",
        "test ecx, ecx",
        "jnz 2f",
        // The divisor has 32 bits: two divisions, from the top.
        "mov edi, eax",
        "mov eax, edx",
        "xor edx, edx",
        "div ebx",
        "mov esi, eax",
        "mov eax, edi",
        "div ebx",
        "mov ecx, edx",
        "mov edx, esi",
        "xor ebx, ebx",
        "jmp 4f",
        "2:",
        // Both are halved until the divisor has 32 bits; what comes out is right or one too large.
        "shr edx, 1",
        "rcr eax, 1",
        "shr ecx, 1",
        "rcr ebx, 1",
        "test ecx, ecx",
        "jnz 2b",
        "div ebx",
        "mov esi, eax",
        "3:",
        // The product of quotient and divisor is edx:eax, and ebx says whether it has more than 64 bits.
        "mov eax, esi",
        "mul dword ptr [esp + 24]",
        "mov edi, eax",
        "mov ebx, edx",
        "mov eax, esi",
        "mul dword ptr [esp + 20]",
        "add edx, edi",
        "adc ebx, 0",
        "mov edi, [esp + 12]",
        "mov ecx, [esp + 16]",
        "sub edi, eax",
        "sbb ecx, edx",
        "sbb eax, eax",
        "or ebx, eax",
        "jz 5f",
        "dec esi",
        "jmp 3b",
        "5:",
        "mov eax, esi",
        "xor edx, edx",
        "mov ebx, ecx",
        "mov ecx, edi",
        "4:",
        "pop edi",
        "pop esi",
        "ret 16",
    }

    /// Divides two unsigned numbers of 64 bits.
    fn _aulldiv {
        "push ebx",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "call opendriver_win32_code_native__aulldvrm",
        "pop ebx",
        "ret 16",
    }

    /// Answers the rest of a division of two unsigned numbers of 64 bits.
    fn _aullrem {
        "push ebx",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "call opendriver_win32_code_native__aulldvrm",
        "mov eax, ecx",
        "mov edx, ebx",
        "pop ebx",
        "ret 16",
    }

    /// Divides two numbers of 64 bits: the quotient in edx:eax, the rest in ebx:ecx.
    fn _alldvrm {
        "push esi",
        "push edi",
        // esi is the sign of the rest, edi that of the quotient.
        "mov eax, [esp + 12]",
        "mov edx, [esp + 16]",
        "mov esi, edx",
        "sar esi, 31",
        "xor eax, esi",
        "xor edx, esi",
        "sub eax, esi",
        "sbb edx, esi",
        "mov ebx, [esp + 20]",
        "mov ecx, [esp + 24]",
        "mov edi, ecx",
        "sar edi, 31",
        "xor ebx, edi",
        "xor ecx, edi",
        "sub ebx, edi",
        "sbb ecx, edi",
        "xor edi, esi",
        "push ecx",
        "push ebx",
        "push edx",
        "push eax",
        "call opendriver_win32_code_native__aulldvrm",
        "xor eax, edi",
        "xor edx, edi",
        "sub eax, edi",
        "sbb edx, edi",
        "xor ecx, esi",
        "xor ebx, esi",
        "sub ecx, esi",
        "sbb ebx, esi",
        "pop edi",
        "pop esi",
        "ret 16",
    }

    /// Divides two numbers of 64 bits.
    fn _alldiv {
        "push ebx",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "call opendriver_win32_code_native__alldvrm",
        "pop ebx",
        "ret 16",
    }

    /// Answers the rest of a division of two numbers of 64 bits.
    fn _allrem {
        "push ebx",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "push dword ptr [esp + 20]",
        "call opendriver_win32_code_native__alldvrm",
        "mov eax, ecx",
        "mov edx, ebx",
        "pop ebx",
        "ret 16",
    }

    /// Shifts edx:eax to the left by cl.
    fn _allshl {
        "cmp cl, 64",
        "jae 3f",
        "cmp cl, 32",
        "jae 2f",
        "shld edx, eax, cl",
        "shl eax, cl",
        "ret",
        "2:",
        "mov edx, eax",
        "xor eax, eax",
        "shl edx, cl",
        "ret",
        "3:",
        "xor eax, eax",
        "xor edx, edx",
        "ret",
    }

    /// Shifts edx:eax to the right by cl and keeps its sign.
    fn _allshr {
        "cmp cl, 64",
        "jae 3f",
        "cmp cl, 32",
        "jae 2f",
        "shrd eax, edx, cl",
        "sar edx, cl",
        "ret",
        "2:",
        "mov eax, edx",
        "sar edx, 31",
        "sar eax, cl",
        "ret",
        "3:",
        "sar edx, 31",
        "mov eax, edx",
        "ret",
    }

    /// Shifts edx:eax to the right by cl.
    fn _aullshr {
        "cmp cl, 64",
        "jae 3f",
        "cmp cl, 32",
        "jae 2f",
        "shrd eax, edx, cl",
        "shr edx, cl",
        "ret",
        "2:",
        "mov eax, edx",
        "xor edx, edx",
        "shr eax, cl",
        "ret",
        "3:",
        "xor eax, eax",
        "xor edx, edx",
        "ret",
    }

    /// Makes room of eax bytes on the stack and touches each of its pages.
    fn _chkstk {
        "push ecx",
        "lea ecx, [esp + 8]",
        "2:",
        "cmp eax, 0x1000",
        "jb 3f",
        "sub ecx, 0x1000",
        "test [ecx], eax",
        "sub eax, 0x1000",
        "jmp 2b",
        "3:",
        "sub ecx, eax",
        "test [ecx], eax",
        "mov eax, esp",
        "mov esp, ecx",
        "mov ecx, [eax]",
        "push dword ptr [eax + 4]",
        "ret",
    }

    /// Makes room of eax bytes on the stack and touches each of its pages.
    fn _alloca_probe { "jmp opendriver_win32_code_native__chkstk" }

    /// Cuts the number on the x87 stack to one of 64 bits in edx:eax.
    fn _ftol {
        "sub esp, 12",
        "fnstcw [esp + 8]",
        "movzx eax, word ptr [esp + 8]",
        "or eax, 0x0C00",
        "mov [esp + 10], ax",
        "fldcw [esp + 10]",
        "fistp qword ptr [esp]",
        "fldcw [esp + 8]",
        "pop eax",
        "pop edx",
        "add esp, 4",
        "ret",
    }

    /// Cuts the number on the x87 stack to one of 64 bits in edx:eax.
    fn _ftol2 { "jmp opendriver_win32_code_native__ftol" }

    /// Cuts the number on the x87 stack to one of 64 bits in edx:eax.
    fn _ftol2_sse { "jmp opendriver_win32_code_native__ftol" }

    /// Answers the address of the thread's block.
    fn NtCurrentTeb { "mov eax, fs:[0x18]", "ret" }

    /// Reverses the bytes of cx.
    fn RtlUshortByteSwap { "mov eax, ecx", "xchg al, ah", "ret" }

    /// Reverses the bytes of ecx.
    fn RtlUlongByteSwap { "mov eax, ecx", "bswap eax", "ret" }

    /// Reverses the bytes of a number of 64 bits.
    fn RtlUlonglongByteSwap {
        "mov edx, [esp + 4]",
        "mov eax, [esp + 8]",
        "bswap edx",
        "bswap eax",
        "ret 8",
    }
}
