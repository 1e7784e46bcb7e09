//! Functions of C that 32-bit compilers call with their numbers in registers.

use crate::x86::code::code;

code! {
    pub(in crate::dll) static BLOCK = "opendriver_win32_code_runtime";

    /// Answers the sine of the number on the x87 stack.
    fn _CIsin = one "sin";
    /// Answers the cosine of the number on the x87 stack.
    fn _CIcos = one "cos";
    /// Answers the tangent of the number on the x87 stack.
    fn _CItan = one "tan";
    /// Answers the arc sine of the number on the x87 stack.
    fn _CIasin = one "asin";
    /// Answers the arc cosine of the number on the x87 stack.
    fn _CIacos = one "acos";
    /// Answers the arc tangent of the number on the x87 stack.
    fn _CIatan = one "atan";
    /// Answers the hyperbolic sine of the number on the x87 stack.
    fn _CIsinh = one "sinh";
    /// Answers the hyperbolic cosine of the number on the x87 stack.
    fn _CIcosh = one "cosh";
    /// Answers the hyperbolic tangent of the number on the x87 stack.
    fn _CItanh = one "tanh";
    /// Raises e to the number on the x87 stack.
    fn _CIexp = one "exp";
    /// Answers the natural logarithm of the number on the x87 stack.
    fn _CIlog = one "log";
    /// Answers the logarithm of the number on the x87 stack to the base 10.
    fn _CIlog10 = one "log10";
    /// Answers the square root of the number on the x87 stack.
    fn _CIsqrt = one "sqrt";
    /// Answers the angle of the two numbers on the x87 stack.
    fn _CIatan2 = two "atan2";
    /// Raises the lower number on the x87 stack to the upper one.
    fn _CIpow = two "pow";
    /// Answers the rest of dividing the lower number on the x87 stack by the upper one.
    fn _CIfmod = two "fmod";

    /// Answers the sine of xmm0.
    fn __libm_sse2_sin = sse_one "sin";
    /// Answers the cosine of xmm0.
    fn __libm_sse2_cos = sse_one "cos";
    /// Answers the tangent of xmm0.
    fn __libm_sse2_tan = sse_one "tan";
    /// Answers the arc sine of xmm0.
    fn __libm_sse2_asin = sse_one "asin";
    /// Answers the arc cosine of xmm0.
    fn __libm_sse2_acos = sse_one "acos";
    /// Answers the arc tangent of xmm0.
    fn __libm_sse2_atan = sse_one "atan";
    /// Raises e to xmm0.
    fn __libm_sse2_exp = sse_one "exp";
    /// Answers the natural logarithm of xmm0.
    fn __libm_sse2_log = sse_one "log";
    /// Answers the logarithm of xmm0 to the base 10.
    fn __libm_sse2_log10 = sse_one "log10";
    /// Answers the angle of xmm0 and xmm1.
    fn __libm_sse2_atan2 = sse_two "atan2";
    /// Raises xmm0 to xmm1.
    fn __libm_sse2_pow = sse_two "pow";
    /// Answers the sine of a `float` in xmm0.
    fn __libm_sse2_sinf = sse_single "sinf";
    /// Answers the cosine of a `float` in xmm0.
    fn __libm_sse2_cosf = sse_single "cosf";
    /// Answers the tangent of a `float` in xmm0.
    fn __libm_sse2_tanf = sse_single "tanf";
    /// Answers the arc sine of a `float` in xmm0.
    fn __libm_sse2_asinf = sse_single "asinf";
    /// Answers the arc cosine of a `float` in xmm0.
    fn __libm_sse2_acosf = sse_single "acosf";
    /// Answers the arc tangent of a `float` in xmm0.
    fn __libm_sse2_atanf = sse_single "atanf";
    /// Raises e to a `float` in xmm0.
    fn __libm_sse2_expf = sse_single "expf";
    /// Answers the natural logarithm of a `float` in xmm0.
    fn __libm_sse2_logf = sse_single "logf";
    /// Answers the logarithm of a `float` in xmm0 to the base 10.
    fn __libm_sse2_log10f = sse_single "log10f";
    /// Raises a `float` in xmm0 to one in xmm1.
    fn __libm_sse2_powf = sse_singles "powf";
    /// Answers the sine of xmm0.
    fn _libm_sse2_sin_precise = sse_one "sin";
    /// Answers the cosine of xmm0.
    fn _libm_sse2_cos_precise = sse_one "cos";
    /// Answers the tangent of xmm0.
    fn _libm_sse2_tan_precise = sse_one "tan";
    /// Answers the arc sine of xmm0.
    fn _libm_sse2_asin_precise = sse_one "asin";
    /// Answers the arc cosine of xmm0.
    fn _libm_sse2_acos_precise = sse_one "acos";
    /// Answers the arc tangent of xmm0.
    fn _libm_sse2_atan_precise = sse_one "atan";
    /// Raises e to xmm0.
    fn _libm_sse2_exp_precise = sse_one "exp";
    /// Answers the natural logarithm of xmm0.
    fn _libm_sse2_log_precise = sse_one "log";
    /// Answers the logarithm of xmm0 to the base 10.
    fn _libm_sse2_log10_precise = sse_one "log10";
    /// Answers the square root of xmm0.
    fn _libm_sse2_sqrt_precise { "sqrtsd xmm0, xmm0", "ret" }
    /// Raises xmm0 to xmm1.
    fn _libm_sse2_pow_precise = sse_two "pow";

    /// Starts a function of C++ that has something to clean up: its handler is in eax, its frame begins at ebp.
    fn _EH_prolog {
        "push -1",
        "push eax",
        "push dword ptr fs:[0]",
        "mov eax, [esp + 12]",
        "mov [esp + 12], ebp",
        "lea ebp, [esp + 12]",
        "mov fs:[0], esp",
        "push eax",
        "ret",
    }

    /// Stops where a function left the stack pointer elsewhere; the flags say whether it did.
    fn _chkesp { "jz 2f", "int 3", "2:", "ret" }

    /// Divides the x87 stack's top by a `double`; no processor needs help with it.
    fn _adj_fdiv_m64 { "fdiv qword ptr [esp + 4]", "ret 8" }
    /// Divides the x87 stack's top by a `float`.
    fn _adj_fdiv_m32 { "fdiv dword ptr [esp + 4]", "ret 4" }
    /// Divides the x87 stack's top by a number of 32 bits.
    fn _adj_fdiv_m32i { "fidiv dword ptr [esp + 4]", "ret 4" }
    /// Divides the x87 stack's top by a number of 16 bits.
    fn _adj_fdiv_m16i { "fidiv word ptr [esp + 4]", "ret 4" }
    /// Divides a `double` by the x87 stack's top.
    fn _adj_fdivr_m64 { "fdivr qword ptr [esp + 4]", "ret 8" }
    /// Divides a `float` by the x87 stack's top.
    fn _adj_fdivr_m32 { "fdivr dword ptr [esp + 4]", "ret 4" }
    /// Divides a number of 32 bits by the x87 stack's top.
    fn _adj_fdivr_m32i { "fidivr dword ptr [esp + 4]", "ret 4" }
    /// Divides a number of 16 bits by the x87 stack's top.
    fn _adj_fdivr_m16i { "fidivr word ptr [esp + 4]", "ret 4" }
    /// Answers the rest of the x87 stack's top divided by what is below.
    fn _adj_fprem { "fprem", "ret" }
    /// Answers the rest of the x87 stack's top divided by what is below, as IEEE 754 defines it.
    fn _adj_fprem1 { "fprem1", "ret" }
    /// Answers the angle of the two numbers on the x87 stack.
    fn _adj_fpatan { "fpatan", "ret" }
    /// Answers the tangent of the number on the x87 stack, and pushes 1.
    fn _adj_fptan { "fptan", "ret" }
}
