//! A driver behind its C entry points, with a host of C functions around it.
#![expect(unsafe_code, reason = "the test is the host that calls in through C")]

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;

use opendriver_sdk::{Call, Driver, Hdrvr, Host, LResult, Message, Open, Refused, Setting};

struct Curious {
    host: Arc<dyn Host>,
}

impl Driver for Curious {
    type Instance = String;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        Ok(Self {
            host: Arc::clone(host),
        })
    }

    fn open(&self, open: &Open<'_>) -> Result<String, Refused> {
        Ok(open.text().to_owned())
    }

    fn message(&self, text: &String, call: &Call<'_>) -> LResult {
        let host = &*self.host;
        match call.message.0 - Message::DRV_USER.0 {
            0 => text.chars().count() as LResult,
            1 => match host.setting(text) {
                Some(Setting::Text(text)) => text.len() as LResult,
                Some(Setting::Integer(number)) => number as LResult,
                Some(Setting::Binary(bytes)) => -(bytes.len() as LResult),
                _ => -1000,
            },
            2 => host
                .set_setting("kept", &Setting::Text(text.clone()))
                .into(),
            3 => host
                .open(text, None, 5)
                .map_or(0, |handle| handle.raw() as LResult),
            4 => host.send(Hdrvr::new(0x99).unwrap(), Message::DRV_POWER, 1, 2),
            5 => host.close(Hdrvr::new(0x99).unwrap(), 3, 4),
            6 => call
                .claim(call.param1)
                .read_u32()
                .map_or(-1, |number| number as LResult),
            7 => call.claim(call.param1).write_u32(77).is_ok().into(),
            _ => panic!("on purpose"),
        }
    }
}

opendriver_sdk::export_driver!(Curious);

thread_local! {
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn say(text: String) {
    SAID.with_borrow_mut(|said| said.push(text));
}

fn said() -> Vec<String> {
    SAID.take()
}

fn text(text: *const c_char) -> String {
    // SAFETY: the driver vouches that the text ends with a zero byte.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned()
}

mod table {
    //! The functions of the host.
    use super::*;
    use opendriver_sdk::export::HostTable;

    unsafe extern "C" fn open(
        context: *const c_void,
        name: *const c_char,
        section: *const c_char,
        param2: isize,
    ) -> usize {
        say(format!(
            "open {} {} {param2}",
            text(name),
            section.is_null()
        ));
        context.addr()
    }

    unsafe extern "C" fn send(_: *const c_void, h: usize, m: u32, p1: isize, p2: isize) -> isize {
        say(format!("send {h:#x} {m} {p1} {p2}"));
        -3
    }

    unsafe extern "C" fn close(_: *const c_void, h: usize, p1: isize, p2: isize) -> isize {
        say(format!("close {h:#x} {p1} {p2}"));
        1
    }

    unsafe extern "C" fn read_setting(
        _: *const c_void,
        name: *const c_char,
        kind: *mut u32,
        buffer: *mut u8,
        length: usize,
    ) -> isize {
        let (number, bytes) = match &*text(name) {
            "text" => (1, b"value".to_vec()),
            "long text" => (1, vec![b'x'; 1000]),
            "number" => (2, 42_u64.to_ne_bytes().to_vec()),
            "bytes" => (3, vec![0; 7]),
            "broken" => (2, vec![0; 3]),
            _ => return -1,
        };
        // SAFETY: the driver vouches for the number.
        unsafe { kind.write(number) };
        let fitting = bytes.len().min(length);
        // SAFETY: the driver vouches for the buffer's length.
        unsafe { buffer.copy_from_nonoverlapping(bytes.as_ptr(), fitting) };
        bytes.len() as isize
    }

    unsafe extern "C" fn write_setting(
        _: *const c_void,
        name: *const c_char,
        kind: u32,
        bytes: *const u8,
        length: usize,
    ) -> i32 {
        // SAFETY: the driver vouches for the length.
        let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
        say(format!(
            "write {} {kind} {}",
            text(name),
            String::from_utf8_lossy(bytes)
        ));
        1
    }

    unsafe extern "C" fn read_memory(
        _: *const c_void,
        from: usize,
        to: *mut u8,
        len: usize,
    ) -> i32 {
        if from == 0 {
            return 0;
        }
        // SAFETY: the driver vouches for the buffer's length.
        unsafe { to.write_bytes(1, len) };
        1
    }

    unsafe extern "C" fn write_memory(
        _: *const c_void,
        at: usize,
        from: *const u8,
        n: usize,
    ) -> i32 {
        // SAFETY: the driver vouches for the length.
        let bytes = unsafe { std::slice::from_raw_parts(from, n) };
        say(format!("write {at:#x} {bytes:?}"));
        1
    }

    unsafe extern "C" fn report(_: *const c_void, what: *const c_char) {
        say(text(what));
    }

    pub(super) fn new() -> HostTable {
        HostTable {
            size: size_of::<HostTable>(),
            context: std::ptr::without_provenance(0x1234),
            open,
            send,
            close,
            read_setting,
            write_setting,
            read_memory,
            write_memory,
            report,
        }
    }
}

fn call(id: isize, message: u32, text: Option<&CStr>, param1: isize) -> isize {
    let param1 = text.map_or(param1, |text| {
        text.as_ptr().expose_provenance().cast_signed()
    });
    // SAFETY: with DRV_OPEN the first parameter is text that ends with a zero byte, or 0.
    unsafe { DriverProc(id.cast_unsigned(), 0x31, message, param1, 0) }
}

fn answer(text: &CStr, message: u32, param1: isize) -> isize {
    let id = call(0, 3, Some(text), 0);
    assert_ne!(id, 0);
    let answer = call(id, 0x4000 + message, None, param1);
    assert_eq!(call(id, 4, None, 0), 1);
    answer
}

// One test, since the entry points are the process's.
#[test]
fn the_host_s_services_reach_the_driver_while_they_are_offered() {
    assert_eq!(call(0, 1, None, 0), 1);
    assert_eq!(answer(c"number", 1, 0), -1000, "nothing is offered yet");
    assert_eq!(answer(c"other", 3, 0), 0);

    let table = table::new();
    // SAFETY: the table lives until it is taken back below.
    unsafe { DriverHost(&raw const table) };
    assert_eq!(answer(c"Größe", 0, 0), 5);
    assert_eq!(call(0, 3, None, 0), 1, "a null pointer is an empty text");
    assert_eq!(call(1, 0x4000, None, 0), 0);
    assert_eq!(answer(c"text", 1, 0), 5);
    assert_eq!(answer(c"long text", 1, 0), 1000);
    assert_eq!(answer(c"number", 1, 0), 42);
    assert_eq!(answer(c"bytes", 1, 0), -7);
    assert_eq!(answer(c"broken", 1, 0), -1000);
    assert_eq!(answer(c"none", 1, 0), -1000);
    assert_eq!(answer(c"words", 2, 0), 1);
    assert_eq!(answer(c"other", 3, 0), 0x1234);
    assert_eq!(answer(c"", 4, 0), -3);
    assert_eq!(answer(c"", 5, 0), 1);
    assert_eq!(
        said(),
        [
            "write kept 1 words",
            "open other true 5",
            "send 0x99 15 1 2",
            "close 0x99 3 4"
        ]
    );
    assert_eq!(answer(c"", 6, 0), -1);
    assert_eq!(answer(c"", 6, 0x100), 0x0101_0101);
    assert_eq!(answer(c"", 7, 0x100), 1);
    assert_eq!(said(), [format!("write 0x100 {:?}", 77_u32.to_ne_bytes())]);
    assert_eq!(answer(c"", 8, 0), 0);
    let panic = said();
    assert!(
        panic[0].ends_with("panicked while handling DRV_USER+8: on purpose"),
        "{panic:?}"
    );

    assert_eq!(call(0, 6, None, 0), 1);
    // SAFETY: nothing is a table too.
    unsafe { DriverHost(std::ptr::null()) };
    assert_eq!(call(0, 1, None, 0), 1, "it may be loaded again");
    assert_eq!(answer(c"text", 1, 0), -1000);
    assert_eq!(call(0, 6, None, 0), 1);

    // SAFETY: a handle of 0 and one that is too large are answered without a look at the rest.
    let refused = [0, usize::MAX].map(|handle| unsafe { DriverProc(0, handle, 1, 0, 0) });
    assert_eq!(refused, [0, 0]);
}
