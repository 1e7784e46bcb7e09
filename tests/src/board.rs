//! The memory that a logging driver shares with its test.
//!
//! The same layout as in `fixtures/logging.c`. Everything in it is atomic, so that a test reads
//! and writes it while foreign code does the same. It lies where drivers of either width reach it.
#![expect(unsafe_code, reason = "maps memory below 4 GiB")]

use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::SeqCst};

use opendriver_abi::Message;
use rustix::mm::{self, MapFlags, ProtFlags};

/// Room for rules.
pub const RULES: usize = 16;
/// Room for messages.
pub const ENTRIES: usize = 1024;
/// Room for text, in bytes.
pub const TEXT: usize = 64;

/// What a rule makes the driver do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Action {
    /// Answers the value.
    Answer = 1,
    /// Opens another driver, with the value as `lParam2`, and answers as always.
    Open,
    /// Sends a message to the handle that is the value, or to itself, and answers what came back.
    Send,
    /// Closes the handle that is the value, or its own, and answers as always.
    Close,
    /// Waits until the gate opens, and answers as always.
    Wait,
    /// Reads where nothing is.
    ReadNothing,
    /// Writes where nothing is.
    WriteNothing,
    /// Calls where nothing is.
    CallNothing,
    /// Runs an instruction that is none.
    Illegal,
    /// Divides by zero.
    DivideByZero,
    /// Runs a breakpoint.
    Breakpoint,
    /// Recurses until the stack ends.
    OverflowStack,
    /// Ends the process.
    Abort,
    /// Passes the message to `DefDriverProc`.
    Forward,
    /// Panics; only a driver in Rust can.
    Panic,
    /// As `Send`, from a function that the system calls back (`DriverCallback`) where there is one.
    CallBack,
}

/// A rule: what to do with a message, and how often.
#[derive(Debug)]
#[repr(C)]
pub struct Rule {
    pub(crate) message: AtomicU32,
    pub(crate) action: AtomicU32,
    pub(crate) times: AtomicU32,
    pub(crate) other: AtomicU32,
    pub(crate) value: AtomicI64,
    pub(crate) result: AtomicI64,
    pub(crate) text: Text,
}

/// What the driver was told.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) id: AtomicU64,
    pub(crate) handle: AtomicU64,
    pub(crate) param1: AtomicI64,
    pub(crate) param2: AtomicI64,
    pub(crate) answer: AtomicI64,
    pub(crate) message: AtomicU32,
    pub(crate) began: AtomicU32,
    pub(crate) ended: AtomicU32,
    pub(crate) unit: AtomicU32,
    pub(crate) text: Text,
}

/// The memory, below 4 GiB.
#[derive(Debug)]
pub struct Board {
    at: NonNull<Layout>,
}

// SAFETY: the memory is the board's own, and everything in it is atomic.
unsafe impl Send for Board {}

// SAFETY: as above.
unsafe impl Sync for Board {}

/// What is written on a board, and where.
#[derive(Debug)]
#[repr(C)]
pub struct Layout {
    pub(crate) length: AtomicU32,
    pub(crate) clock: AtomicU32,
    pub(crate) next_id: AtomicU32,
    pub(crate) gate: AtomicU32,
    pub(crate) waiting: AtomicU32,
    unused: AtomicU32,
    pub(crate) rules: [Rule; RULES],
    pub(crate) log: [Entry; ENTRIES],
}

/// Text in the driver's own units.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) [AtomicU8; TEXT]);

impl Text {
    pub(crate) fn write(&self, text: &str) {
        assert!(
            text.len() < TEXT,
            "the board has room for {TEXT} bytes of text"
        );
        for (place, byte) in self.0.iter().zip(text.bytes().chain([0])) {
            place.store(byte, SeqCst);
        }
    }

    pub(crate) fn read(&self, unit: u32) -> Option<String> {
        let bytes: Vec<u8> = self.0.iter().map(|byte| byte.load(SeqCst)).collect();
        match unit {
            0 => None,
            1 => {
                let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
                Some(String::from_utf8(text.to_owned()).expect("UTF-8"))
            }
            _ => {
                let units = bytes
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|&unit| u16::from_ne_bytes(unit));
                let units: Vec<u16> = units.take_while(|&unit| unit != 0).collect();
                Some(String::from_utf16(&units).expect("UTF-16"))
            }
        }
    }
}

/// One message as the driver got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The message.
    pub message: Message,
    /// The identifier that came with it.
    pub id: u64,
    /// The handle that came with it.
    pub handle: u64,
    /// First parameter.
    pub param1: i64,
    /// Second parameter.
    pub param2: i64,
    /// The parameter text; `None` for a null pointer, and for other messages than `DRV_OPEN`.
    pub text: Option<String>,
    /// When it began, by the board's clock.
    pub began: u32,
    /// When it was answered; 0 if it was not.
    pub ended: u32,
    /// What was answered.
    pub answer: i64,
}

impl Default for Board {
    fn default() -> Self {
        /// Linux' `MAP_32BIT`, which rustix has no name for.
        const LOW: MapFlags = MapFlags::from_bits_retain(0x40);
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let size = size_of::<Layout>();
        // SAFETY: new memory at a place that the kernel chooses disturbs nobody.
        let memory = unsafe {
            mm::mmap_anonymous(ptr::null_mut(), size, protection, MapFlags::PRIVATE | LOW)
        };
        let at = NonNull::new(memory.expect("room below 4 GiB").cast());
        Self {
            at: at.expect("nothing is mapped at address 0"),
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        // SAFETY: `default` mapped it with this size, and who shares the board holds it.
        let unmapped = unsafe { mm::munmap(self.at.as_ptr().cast(), size_of::<Layout>()) };
        unmapped.expect("a board that was mapped");
    }
}

impl Deref for Board {
    type Target = Layout;

    fn deref(&self) -> &Layout {
        // SAFETY: the memory is there until the board is dropped, and a layout may be all zeros, as fresh memory is.
        unsafe { self.at.as_ref() }
    }
}

impl Board {
    /// Makes the driver do `action` whenever it gets `message`.
    pub fn always(&self, message: Message, action: Action, value: i64) -> &Rule {
        self.rule(message, action, value, Message(0), "", u32::MAX)
    }

    /// Makes the driver do `action` the next time that it gets `message`.
    pub fn once(&self, message: Message, action: Action, value: i64) -> &Rule {
        self.rule(message, action, value, Message(0), "", 1)
    }

    /// Makes the driver open another one the next time that it gets `message`.
    pub fn once_open(&self, message: Message, name: &str, param2: i64) -> &Rule {
        self.rule(message, Action::Open, param2, Message(0), name, 1)
    }

    /// Makes the driver send `other` to a handle, or to itself if that is 0, the next time that it
    /// gets `message`.
    pub fn once_send(&self, message: Message, handle: i64, other: Message) -> &Rule {
        self.rule(message, Action::Send, handle, other, "", 1)
    }

    /// As [`once_send`](Self::once_send), from a function that the system calls back.
    pub fn once_call_back(&self, message: Message, handle: i64, other: Message) -> &Rule {
        self.rule(message, Action::CallBack, handle, other, "", 1)
    }

    /// Takes all rules away.
    pub fn forget_rules(&self) {
        for rule in &self.rules {
            rule.times.store(0, SeqCst);
        }
    }

    /// Lets every message go on that waits, now and later.
    pub fn open_gate(&self) {
        self.gate.store(1, SeqCst);
    }

    /// Returns when `count` messages wait at the gate.
    pub fn until_waiting(&self, count: u32) {
        while self.waiting.load(SeqCst) != count {
            std::thread::yield_now();
        }
    }

    /// What the driver was told so far, in order.
    pub fn log(&self) -> Vec<Heard> {
        let length = self.length.load(SeqCst) as usize;
        assert!(
            length <= ENTRIES,
            "the board has room for {ENTRIES} messages"
        );
        self.log[..length].iter().map(Entry::heard).collect()
    }

    /// The messages that the driver was told so far, in order.
    pub fn messages(&self) -> Vec<Message> {
        self.log().iter().map(|heard| heard.message).collect()
    }

    /// Takes out what was told so far; for tests with no message on its way.
    pub fn take(&self) -> Vec<Heard> {
        let log = self.log();
        for entry in &self.log[..log.len()] {
            entry.ended.store(0, SeqCst);
            entry.unit.store(0, SeqCst);
            entry.text.0.iter().for_each(|byte| byte.store(0, SeqCst));
        }
        self.length.store(0, SeqCst);
        log
    }

    /// Takes out the messages that were told so far; for tests with no message on its way.
    pub fn take_messages(&self) -> Vec<Message> {
        self.take().iter().map(|heard| heard.message).collect()
    }

    /// Where the board is.
    pub fn address(&self) -> u64 {
        self.at.as_ptr().expose_provenance() as u64
    }

    fn rule(
        &self,
        message: Message,
        action: Action,
        value: i64,
        other: Message,
        text: &str,
        times: u32,
    ) -> &Rule {
        let free = self.rules.iter().find(|rule| rule.times.load(SeqCst) == 0);
        let rule = free.expect("the board has room for a rule");
        rule.message.store(message.0, SeqCst);
        rule.action.store(action as u32, SeqCst);
        rule.other.store(other.0, SeqCst);
        rule.value.store(value, SeqCst);
        rule.result.store(0, SeqCst);
        rule.text.write(text);
        rule.times.store(times, SeqCst);
        rule
    }
}

impl Rule {
    /// What the driver got from the system when it followed the rule.
    pub fn result(&self) -> i64 {
        self.result.load(SeqCst)
    }
}

impl Entry {
    fn heard(&self) -> Heard {
        Heard {
            message: Message(self.message.load(SeqCst)),
            id: self.id.load(SeqCst),
            handle: self.handle.load(SeqCst),
            param1: self.param1.load(SeqCst),
            param2: self.param2.load(SeqCst),
            text: self.text.read(self.unit.load(SeqCst)),
            began: self.began.load(SeqCst),
            ended: self.ended.load(SeqCst),
            answer: self.answer.load(SeqCst),
        }
    }
}
