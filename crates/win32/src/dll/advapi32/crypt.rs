//! Random bytes.

use crate::cx::Cx;
use crate::shim::{Addr, Dll, Handle, Size, shims};
use crate::trap::Trap;

/// What a provider handle stands for.
struct Provider;

/// `NTE_BAD_UID`, as a provider that is not open is answered.
const BAD_PROVIDER: u32 = 0x8009_0001;

/// `bcryptprimitives.dll`: where programs in Rust and Go get random bytes.
pub(in crate::dll) static PRIMITIVES: Dll = Dll {
    name: "bcryptprimitives.dll",
    tables: &[PROCESS],
    ..Dll::EMPTY
};

shims! {
    static PROCESS = "bcryptprimitives.dll", stdcall;

    /// Fills memory with random bytes.
    fn ProcessPrng(cx, buffer: Addr, count: Size) -> bool {
        random(cx, buffer, count.0 as u32)
    }
}

shims! {
    pub(super) static SHIMS = "advapi32.dll", stdcall;

    /// Opens a provider of cryptography, which here gives random bytes only.
    fn CryptAcquireContextA(cx, provider: Addr, container: Addr, name: Addr, kind: u32, flags: u32) -> bool {
        acquire(cx, provider)
    }

    /// Opens a provider of cryptography, which here gives random bytes only.
    fn CryptAcquireContextW(cx, provider: Addr, container: Addr, name: Addr, kind: u32, flags: u32) -> bool {
        acquire(cx, provider)
    }

    /// Fills memory with random bytes.
    fn CryptGenRandom(cx, provider: Handle, count: u32, buffer: Addr) -> bool {
        if cx.process().handles().get::<Provider>(provider).is_none() {
            return cx.fail(BAD_PROVIDER, false);
        }
        random(cx, buffer, count)
    }

    /// Closes a provider of cryptography.
    fn CryptReleaseContext(cx, provider: Handle, flags: u32) -> bool {
        let open = cx.process().handles().get::<Provider>(provider).is_some();
        if !open {
            return cx.fail(BAD_PROVIDER, false);
        }
        Ok(cx.process().handles().close(provider))
    }

    /// Fills memory with random bytes (`RtlGenRandom`).
    fn SystemFunction036(cx, buffer: Addr, count: u32) -> bool {
        random(cx, buffer, count)
    }
}

fn acquire(cx: &Cx<'_>, provider: Addr) -> Result<bool, Trap> {
    let handle = cx.process().handles().insert(std::sync::Arc::new(Provider));
    cx.write_addr(provider, Addr(handle.0))?;
    Ok(true)
}

fn random(cx: &Cx<'_>, buffer: Addr, count: u32) -> Result<bool, Trap> {
    let mut bytes = vec![0_u8; count as usize];
    for part in bytes.chunks_mut(256) {
        // SAFETY: the slice is ours and as long as said; up to 256 bytes come whole once the pool is ready.
        let read = unsafe { libc::getrandom(part.as_mut_ptr().cast(), part.len(), 0) };
        if read != part.len() as isize {
            return Ok(false);
        }
    }
    cx.put(buffer, &bytes)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    #[test]
    fn random_bytes_differ_from_call_to_call() {
        let bench = Bench::new();
        let (first, second) = (bench.bytes(&[0; 300]), bench.bytes(&[0; 300]));
        for buffer in [first, second] {
            assert_eq!(
                bench.ask("advapi32.dll", "SystemFunction036", &[buffer, 300]),
                1
            );
        }
        assert_ne!(bench.read(first, 300), bench.read(second, 300));
        let before = bench.read(first, 300);
        let answer = bench.ask("bcryptprimitives.dll", "ProcessPrng", &[first, 300]);
        assert_eq!(answer, 1);
        assert_ne!(bench.read(first, 300), before);
    }

    #[test]
    fn a_provider_gives_bytes_until_it_is_closed() {
        let bench = Bench::new();
        let (provider, buffer) = (bench.bytes(&[0; 8]), bench.bytes(&[0; 16]));
        assert_eq!(
            bench.ask(
                "advapi32.dll",
                "CryptAcquireContextA",
                &[provider, 0, 0, 1, 0xF000_0000]
            ),
            1
        );
        let provider = u64::from_le_bytes(bench.read(provider, 8).try_into().unwrap());
        assert_eq!(
            bench.ask("advapi32.dll", "CryptGenRandom", &[provider, 16, buffer]),
            1
        );
        assert_ne!(bench.read(buffer, 16), [0; 16]);
        assert_eq!(
            bench.ask("advapi32.dll", "CryptReleaseContext", &[provider, 0]),
            1
        );
        assert_eq!(
            bench.ask("advapi32.dll", "CryptGenRandom", &[provider, 16, buffer]),
            0
        );
    }
}
