//! Tolerant access at the edge of what is mapped.

use std::ptr;

use super::*;

const PAGE: usize = 4096;

/// Two pages of which only the first may be touched, read-only if asked for.
struct Edge(*mut u8);

impl Edge {
    fn new() -> Self {
        crate::install();
        // SAFETY: a new private mapping touches nothing that exists.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                2 * PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        assert_ne!(start, libc::MAP_FAILED);
        let second = start.wrapping_byte_add(PAGE);
        // SAFETY: the second page of the mapping just made.
        assert_eq!(unsafe { libc::mprotect(second, PAGE, libc::PROT_NONE) }, 0);
        Self(start.cast())
    }

    /// The address `distance` bytes before the end of what is there.
    fn before(&self, distance: usize) -> *mut u8 {
        self.0.wrapping_add(PAGE - distance)
    }

    /// What an access of `len` bytes must say that begins `there` bytes before the end.
    fn expect(&self, len: usize, there: usize) -> Result<(), usize> {
        if len <= there {
            Ok(())
        } else {
            Err(self.before(0) as usize)
        }
    }

    fn seal(&self) {
        // SAFETY: the first page of our mapping.
        let done = unsafe { libc::mprotect(self.0.cast(), PAGE, libc::PROT_READ) };
        assert_eq!(done, 0);
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // SAFETY: our own mapping.
        unsafe { libc::munmap(self.0.cast(), 2 * PAGE) };
    }
}

#[test]
fn a_copy_from_the_edge_tells_how_far_it_came() {
    let edge = Edge::new();
    for there in [0, 1, 2, 3, 7, 8, 15, 16, 31, 33, 100, 255, 256, 1000, PAGE] {
        for len in [
            0, 1, 2, 3, 5, 8, 9, 16, 17, 32, 33, 64, 65, 200, 256, 300, 2000, PAGE,
        ] {
            let mut target = vec![0_u8; len];
            // SAFETY: the first page may be written.
            unsafe { fill(edge.0, 7, PAGE) }.unwrap();
            // SAFETY: the target has this many bytes.
            let copied = unsafe { copy(target.as_mut_ptr(), edge.before(there), len) };
            let done = len.min(there);
            assert_eq!(copied, edge.expect(len, there));
            assert!(
                target[..done].iter().all(|byte| *byte == 7),
                "{there} {len}"
            );
        }
    }
}

#[test]
fn a_copy_to_the_edge_tells_how_far_it_came() {
    let edge = Edge::new();
    let source = [9_u8; PAGE];
    for there in [0, 1, 9, 16, 40, 300, 3000] {
        for len in [1, 2, 4, 8, 12, 16, 30, 64, 250, 280, 4000] {
            // SAFETY: the memory before the edge is ours.
            let copied = unsafe { copy(edge.before(there), source.as_ptr(), len) };
            assert_eq!(copied, edge.expect(len, there));
        }
    }
}

#[test]
fn ranges_that_overlap_are_copied_whole() {
    crate::install();
    for len in [1, 3, 8, 16, 33, 64, 200, 255, 256, 700] {
        for (from, to) in [(0, 1), (0, 5), (5, 0), (0, 40), (40, 0), (7, 7)] {
            let mut bytes: Vec<u8> = (0..800).map(|index| (index % 251) as u8).collect();
            let mut expected = bytes.clone();
            expected.copy_within(from..from + len, to);
            let start = bytes.as_mut_ptr();
            // SAFETY: both ranges lie in the vector.
            unsafe { copy(start.wrapping_add(to), start.wrapping_add(from), len) }.unwrap();
            assert_eq!(bytes, expected, "{len} bytes from {from} to {to}");
        }
    }
}

#[test]
fn a_fill_tells_how_far_it_came() {
    let edge = Edge::new();
    for there in [0, 1, 7, 8, 15, 16, 17, 100, 256, 1000] {
        for len in [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 255, 256, 900, PAGE] {
            // SAFETY: the memory before the edge is ours.
            let filled = unsafe { fill(edge.before(there), 0xa5, len) };
            assert_eq!(filled, edge.expect(len, there));
            for at in 0..len.min(there) {
                // SAFETY: tolerant.
                let byte = unsafe { read_u8(edge.before(there) as usize + at) };
                assert_eq!(byte, Some(0xa5));
            }
        }
    }
}

#[test]
fn typed_accesses_say_when_memory_is_not_there() {
    let edge = Edge::new();
    let at = edge.before(8) as usize;
    let last = edge.before(1) as usize;
    // SAFETY: the memory before the edge is ours; the rest is tolerant.
    unsafe {
        write_u64(at, 0x1122_3344_5566_7788).unwrap();
    }
    // SAFETY: tolerant.
    assert_eq!(unsafe { read_u64(at) }, Some(0x1122_3344_5566_7788));
    // SAFETY: tolerant.
    assert_eq!(unsafe { read_u32(at) }, Some(0x5566_7788));
    // SAFETY: tolerant.
    assert_eq!(unsafe { read_u16(at + 6) }, Some(0x1122));
    // SAFETY: tolerant.
    assert_eq!(unsafe { read_u8(last) }, Some(0x11));
    // SAFETY: tolerant.
    assert_eq!(unsafe { read_u16(last) }, None);
    // SAFETY: tolerant.
    assert_eq!(unsafe { read_u32(8) }, None);
    // SAFETY: tolerant; the address is not canonical.
    assert_eq!(unsafe { read_u64(0x8000_0000_0000_0000) }, None);
    // SAFETY: tolerant.
    assert_eq!(unsafe { write_u32(last + 1, 5) }, None);
    edge.seal();
    // SAFETY: tolerant; the page may not be written.
    assert_eq!(unsafe { write_u8(last, 5) }, None);
    // SAFETY: tolerant; the page may not be written.
    assert_eq!(unsafe { write_u16(at, 5) }, None);
}

#[test]
fn an_exchange_happens_only_where_the_old_value_is_expected() {
    let edge = Edge::new();
    let at = edge.before(8) as usize;
    // SAFETY: the memory before the edge is ours.
    assert_eq!(unsafe { compare_exchange_u32(at, 0, 5) }, Some(0));
    // SAFETY: the memory before the edge is ours.
    assert_eq!(unsafe { compare_exchange_u32(at, 0, 6) }, Some(5));
    // SAFETY: the memory before the edge is ours.
    assert_eq!(unsafe { compare_exchange_u64(at, 5, 1 << 40) }, Some(5));
    // SAFETY: tolerant.
    assert_eq!(unsafe { read_u64(at) }, Some(1 << 40));
    // SAFETY: tolerant.
    assert_eq!(unsafe { compare_exchange_u64(at + 8, 0, 1) }, None);
    // SAFETY: tolerant.
    assert_eq!(unsafe { compare_exchange_u32(0, 0, 1) }, None);
}

#[test]
fn a_string_ends_at_its_zero_at_the_limit_or_at_the_edge() {
    let edge = Edge::new();
    for len in 0..70 {
        let at = edge.before(len) as usize;
        // SAFETY: the memory before the edge is ours.
        unsafe { fill(edge.before(len), 1, len) }.unwrap();
        // SAFETY: tolerant.
        assert_eq!(unsafe { scan_u8(at, 1000) }, Err(len));
        // SAFETY: tolerant.
        assert_eq!(unsafe { scan_u8(at, len) }, Ok(None));
        // SAFETY: tolerant.
        assert_eq!(unsafe { scan_u16(at, 1000) }, Err(len / 2));
        // SAFETY: tolerant.
        assert_eq!(unsafe { scan_u16(at, len / 2) }, Ok(None));
        for zero in 0..len {
            // SAFETY: the memory before the edge is ours.
            unsafe { write_u8(at + zero, 0) }.unwrap();
            // SAFETY: tolerant.
            assert_eq!(unsafe { scan_u8(at, 1000) }, Ok(Some(zero)), "{len} {zero}");
            // SAFETY: tolerant.
            assert_eq!(unsafe { scan_u8(at, zero) }, Ok(None), "{len} {zero}");
            if zero + 1 < len && zero % 2 == 0 {
                // SAFETY: the memory before the edge is ours.
                unsafe { write_u8(at + zero + 1, 0) }.unwrap();
                // SAFETY: tolerant.
                assert_eq!(unsafe { scan_u16(at, 1000) }, Ok(Some(zero / 2)));
                // SAFETY: the memory before the edge is ours.
                unsafe { write_u8(at + zero + 1, 1) }.unwrap();
            }
            // SAFETY: the memory before the edge is ours.
            unsafe { write_u8(at + zero, 1) }.unwrap();
        }
    }
}
