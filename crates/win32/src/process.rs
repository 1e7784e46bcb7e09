//! A Windows process inside this one.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, Weak};

pub use opendriver_pe::Width;

use crate::cx::Cx;
use crate::disk::Place;
use crate::enter::{self, Frame};
use crate::fault;
use crate::gate::Gates;
use crate::handle::Handles;
use crate::heap::Heap;
use crate::load::Images;
use crate::peb::Peb;
use crate::seh;
use crate::state::SharedStates;
use crate::station::{Report, Station};
use crate::thread::{Name, Thread};
use crate::trap::{Fault, FaultKind, Trap};
use crate::x86;
use crate::x86::enter::{Floating, Returned};
use crate::x86::segment::Mechanism;

/// How a process is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Directories in which DLLs are looked for after the one of the image that needs them.
    pub search: Vec<PathBuf>,
    /// Drive letters and the directories that they stand for.
    pub drives: Vec<(char, PathBuf)>,
    /// What the process sees as its environment.
    pub environment: Vec<(String, String)>,
    /// What the process sees as its command line.
    pub command_line: String,
    /// Whether each shim call is told to the station.
    pub trace: bool,
    /// How wide the addresses of its drivers are: as on Windows, a process has images of one width.
    pub width: Width,
    /// How 32-bit code gets its FS; the best way that works here where none is named.
    pub segments: Option<Mechanism>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            search: Vec::new(),
            drives: vec![('Z', PathBuf::from("/"))],
            environment: Vec::new(),
            command_line: r"C:\windows\system32\opendriver.exe".to_owned(),
            trace: false,
            width: Width::Bits64,
            segments: None,
        }
    }
}

/// A Windows process: images, heap, handles, threads.
///
/// Several may live in one host process; they share nothing but the address space.
pub struct Process {
    this: Weak<Process>,
    config: Config,
    station: Arc<dyn Station>,
    gates: Gates,
    states: SharedStates,
    handles: Handles,
    images: Images,
    threads: Mutex<Vec<ThreadRef>>,
    /// Functions of which it was told that they leave the x87 registers to MMX.
    forgetful: Mutex<BTreeSet<u64>>,
    peb: Peb,
    // Last, because everything above may hold blocks of it.
    heap: Heap,
}

/// A live thread of the process, for those who must see all of them.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct ThreadRef(pub(crate) *const Thread);

// SAFETY: followed only under the process' thread lock, and a thread leaves the list before it goes.
unsafe impl Send for ThreadRef {}

impl Process {
    /// Makes a process that asks `station` for what lies outside it.
    ///
    /// # Panics
    /// Where there is no memory for it.
    pub fn new(config: Config, station: Arc<dyn Station>) -> Arc<Self> {
        Self::try_new(config, station).expect("memory for a Windows process")
    }

    /// As [`new`](Self::new); none where there is no memory that its drivers reach.
    pub fn try_new(config: Config, station: Arc<dyn Station>) -> Option<Arc<Self>> {
        opendriver_guard::install();
        let heap = Heap::new(1, config.width);
        let peb = Peb::new(&heap, &config)?;
        let process = Arc::new_cyclic(|this: &Weak<Self>| Self {
            this: this.clone(),
            gates: Gates::new(config.width),
            config,
            station,
            states: SharedStates::default(),
            handles: Handles::new(),
            images: Images::default(),
            threads: Mutex::default(),
            forgetful: Mutex::default(),
            peb,
            heap,
        });
        process.peb.set_program(process.program_handle());
        Some(process)
    }

    /// Calls a function of a loaded image with up to 16 arguments; in a 32-bit process it must be `stdcall`.
    ///
    /// A 32-bit function answers `edx:eax`.
    ///
    /// # Errors
    /// A [`Fault`] when the code broke instead of returning, or returned as no `stdcall` function does.
    ///
    /// # Panics
    /// With more than 16 arguments.
    pub fn call(self: &Arc<Self>, address: u64, arguments: &[u64]) -> Result<u64, Fault> {
        self.on_thread(|thread| self.call_strictly(thread, address, arguments))?
            .map_err(|trap| self.fault_of(trap))
    }

    /// Runs something on the calling thread, which may be inside driver code of another process.
    fn on_thread<T>(self: &Arc<Self>, run: impl FnOnce(&Thread) -> T) -> Result<T, Fault> {
        if self.width() == Width::Bits32 {
            opendriver_guard::adopt_handlers_now_and_then();
        }
        let before = Thread::of_host();
        let thread = Thread::current(self)?;
        // SAFETY: the thread that is inside driver code stays.
        let outside = unsafe { before.as_ref() }.filter(|before| !std::ptr::eq(*before, thread));
        let parked = outside.map(|before| (before, before.park()));
        let result = run(thread);
        if let Some((before, parked)) = parked {
            before.unpark(parked);
        }
        Thread::restore(before, thread);
        Ok(result)
    }

    /// Calls driver code from a shim or from the outside; a trap that is not settled comes back.
    pub(crate) fn call_nested(
        &self,
        thread: &Thread,
        address: u64,
        arguments: &[u64],
    ) -> Result<u64, Trap> {
        self.call_counted(thread, address, arguments)
            .map(|returned| returned.0)
    }

    /// As [`call_nested`](Self::call_nested), and what a 32-bit function leaves behind must be what it should.
    fn call_strictly(&self, thread: &Thread, address: u64, arguments: &[u64]) -> Result<u64, Trap> {
        let (answer, returned) = self.call_counted(thread, address, arguments)?;
        let Some(returned) = returned else {
            return Ok(answer);
        };
        let expected = 4 * arguments.len() as i32;
        if returned.removed() != expected {
            let removed = returned.removed();
            let kind = FaultKind::Convention { expected, removed };
            return Err(Trap::from(kind).at(address));
        }
        match returned.floating() {
            Floating::Empty => Ok(answer),
            Floating::Full => {
                self.report_forgotten_emms(address);
                Ok(answer)
            }
            Floating::Values => Err(Trap::from(FaultKind::FloatingStack).at(address)),
        }
    }

    /// Says once of a function that it leaves the x87 registers to MMX, as many codecs do.
    #[cold]
    fn report_forgotten_emms(&self, address: u64) {
        let mut forgetful = self.forgetful.lock().expect("no holder panics");
        if forgetful.insert(address) {
            let place = self.place(address).unwrap_or(format!("{address:#x}"));
            let text = format!("{place} returned without emms after MMX code; done for it");
            self.station.report(Report::Warning(text));
        }
    }

    fn call_counted(
        &self,
        thread: &Thread,
        address: u64,
        arguments: &[u64],
    ) -> Result<(u64, Option<Returned>), Trap> {
        let outer = thread.frame();
        let shim_stack = thread.next_shim_stack();
        let mut frame = match self.width() {
            Width::Bits64 => Frame::new(outer, shim_stack, thread.edge().cast()),
            Width::Bits32 => Frame::new(outer, thread.low_stack(), thread.edge().cast())
                .into_32_bit(address as u32, shim_stack),
        };
        let handlers = thread.handlers();
        let answer = {
            let _driver = thread.enter_driver();
            let mut watch = pin!(fault::watch(thread));
            // SAFETY: the hook takes the thread that it was given, which outlives this call.
            unsafe { watch.as_mut().push() };
            thread.set_frame(&raw mut frame);
            let answer = match self.width() {
                // SAFETY: the frame was just made the innermost, GS is this thread's TEB, the stack is
                // the driver's own, and the address is one that the caller took from an image.
                Width::Bits64 => unsafe { enter::enter(&raw mut frame, address, arguments) },
                // SAFETY: as above, with the TEB that is given; no 32-bit image is loaded before the stubs are made.
                Width::Bits32 => unsafe {
                    x86::enter::enter(&raw mut frame, thread.teb(), arguments)
                },
            };
            thread.set_frame(outer);
            answer
        };
        if self.width() == Width::Bits32 && !outer.is_null() {
            x86::enter::restore_segments(thread.has_based_segment());
        }
        if frame.was_left() {
            let mut trap = fault::left(thread);
            if self.width() == Width::Bits32 {
                fault::locate(&mut trap, self, address);
            }
            // Whoever unwinds has left the list as it is to be.
            if !matches!(trap, Trap::Land(_)) {
                thread.set_handlers(handlers);
            }
            // What broke may have written there, and others will run on this thread.
            thread.mend_teb();
            return Err(trap);
        }
        if self.width() == Width::Bits32
            && let Some(trap) = seh::x86::returned_for(&frame, arguments.len(), answer)
        {
            return Err(trap);
        }
        thread.set_handlers(handlers);
        if !thread.has_whole_teb() {
            thread.mend_teb();
            return Err(Trap::from(FaultKind::Environment).at(address));
        }
        match self.width() {
            Width::Bits64 => Ok((answer, None)),
            Width::Bits32 if frame.returned.is_downwards() => {
                Err(Trap::from(FaultKind::Direction).at(address))
            }
            Width::Bits32 => Ok((answer, Some(frame.returned))),
        }
    }

    /// What a trap is to those outside.
    pub(crate) fn fault_of(&self, trap: Trap) -> Fault {
        let mut fault = trap.into_fault();
        fault.place = fault.place.or_else(|| self.place(fault.instruction));
        fault
    }

    /// Runs something on the calling thread of a process that is at work.
    pub(crate) fn with_thread<T>(&self, run: impl FnOnce(&Thread) -> T) -> Result<T, Fault> {
        self.shared().with_cx(|cx| run(cx.thread()))
    }

    /// Lets rooms that start with the process run a shim's surroundings outside a gate.
    ///
    /// # Errors
    /// A [`Fault`] where there is no room for what driver code needs on the calling thread.
    pub(crate) fn with_cx<T>(
        self: &Arc<Self>,
        run: impl FnOnce(&mut Cx<'_>) -> T,
    ) -> Result<T, Fault> {
        self.on_thread(|thread| run(&mut Cx::new(self, thread)))
    }

    /// As [`with_cx`](Self::with_cx) on a host thread that is to have this identifier and stack.
    pub(crate) fn with_named_thread<T>(
        self: &Arc<Self>,
        name: Name,
        run: impl FnOnce(&mut Cx<'_>) -> T,
    ) -> Result<T, Fault> {
        Thread::name_next(name);
        self.with_cx(run)
    }

    /// Enters a host thread that was seen for the first time.
    pub(crate) fn attach_thread(&self, thread: &Thread) {
        let mut threads = self.threads.lock().expect("no holder panics");
        threads.push(ThreadRef(thread));
        self.images.give_thread_its_blocks(self, thread);
    }

    /// Forgets a thread that ends.
    pub(crate) fn detach_thread(&self, thread: &Thread) {
        let reference = ThreadRef(thread);
        self.threads
            .lock()
            .expect("no holder panics")
            .retain(|known| *known != reference);
    }

    /// Runs something for every live thread.
    pub(crate) fn for_each_thread(&self, mut run: impl FnMut(&Thread)) {
        for thread in self.threads.lock().expect("no holder panics").iter() {
            // SAFETY: a thread leaves the list, under this lock, before it goes.
            run(unsafe { &*thread.0 });
        }
    }

    /// The process as a shared reference.
    pub(crate) fn shared(&self) -> Arc<Self> {
        self.this
            .upgrade()
            .expect("somebody holds the process while it works")
    }

    /// How wide the addresses of its drivers are.
    pub fn width(&self) -> Width {
        self.config.width
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn station(&self) -> &dyn Station {
        &*self.station
    }

    pub(crate) fn is_traced(&self) -> bool {
        self.config.trace
    }

    pub(crate) fn gates(&self) -> &Gates {
        &self.gates
    }

    pub(crate) fn handles(&self) -> &Handles {
        &self.handles
    }

    pub(crate) fn heap(&self) -> &Heap {
        &self.heap
    }

    pub(crate) fn images(&self) -> &Images {
        &self.images
    }

    pub(crate) fn peb(&self) -> &Peb {
        &self.peb
    }

    /// What a room keeps for the process.
    pub(crate) fn state<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.states.state()
    }

    /// The file that a path of the driver's stands for.
    pub(crate) fn host_path(&self, path: &str) -> Option<PathBuf> {
        match self.locate(path).ok()? {
            Place::Host(path) => Some(path),
            _ => None,
        }
    }

    /// Text of the process' code page (Windows-1252) as Unicode.
    pub(crate) fn ansi_to_string(&self, bytes: &[u8]) -> String {
        encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned()
    }

    /// Unicode as text of the process' code page; what it lacks becomes `?`.
    pub(crate) fn string_to_ansi(&self, text: &str) -> Vec<u8> {
        text.chars()
            .flat_map(|character| {
                let mut buffer = [0; 4];
                let (bytes, _, unmappable) =
                    encoding_rs::WINDOWS_1252.encode(character.encode_utf8(&mut buffer));
                if unmappable {
                    vec![b'?']
                } else {
                    bytes.into_owned()
                }
            })
            .collect()
    }
}
