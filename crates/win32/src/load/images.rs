//! The images of a process and the modules that have no file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};

use opendriver_pe as pe;

use super::LoadError;
use super::tls::Tls;
use crate::dll;
use crate::heap;
use crate::process::Process;
use crate::shim::{Addr, Dll};

/// A mapped image.
pub(crate) struct Image {
    path: PathBuf,
    name: String,
    identity: (u64, u64),
    mapping: RwLock<pe::Mapping>,
    base: u64,
    size: u64,
    entry: u64,
    /// It does not say that it leaves its data alone.
    runs_data: bool,
    references: AtomicUsize,
    started: AtomicBool,
    mute: AtomicBool,
    pub(super) tls: OnceLock<Tls>,
    dependencies: Mutex<Vec<Arc<Image>>>,
}

impl Image {
    pub(super) fn new(
        path: PathBuf,
        identity: (u64, u64),
        file: &pe::File<'_>,
        mapping: pe::Mapping,
    ) -> Self {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase());
        let base = mapping.base() as u64;
        Self {
            name: name.unwrap_or_default(),
            path,
            identity,
            base,
            size: mapping.size() as u64,
            runs_data: !file.is_nx_compatible(),
            entry: file.entry().map_or(0, |rva| base + u64::from(rva)),
            mapping: RwLock::new(mapping),
            references: AtomicUsize::new(1),
            started: AtomicBool::new(false),
            mute: AtomicBool::new(false),
            tls: OnceLock::new(),
            dependencies: Mutex::default(),
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file as the driver sees it.
    pub(crate) fn dos_path(&self) -> String {
        format!("Z:{}", self.path.to_string_lossy().replace('/', "\\"))
    }

    /// Where it is mapped: its module handle.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// Bytes that it takes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// `DllMain`'s C entry, 0 when it has none.
    pub(crate) fn entry(&self) -> u64 {
        self.entry
    }

    /// Tells whether an address lies in it.
    pub(crate) fn contains(&self, address: u64) -> bool {
        (self.base..self.base + self.size).contains(&address)
    }

    /// Looks at the image as it stands in memory.
    pub(crate) fn with_image<T>(&self, look: impl FnOnce(pe::Image<'_>) -> T) -> T {
        let mapping = self.mapping.read().expect("no holder panics");
        // SAFETY: headers and tables of a mapped image are not written to by sound code; one that
        // does so gets what it wrote.
        look(unsafe { mapping.image() })
    }

    /// Looks at what the image exports; none when it exports nothing that can be read.
    pub(crate) fn with_exports<T>(
        &self,
        look: impl FnOnce(pe::Exports<'_>) -> Option<T>,
    ) -> Option<T> {
        self.with_image(|image| look(image.exports().ok()?))
    }

    pub(super) fn check_export(&self, names: &[&str]) -> Result<(), LoadError> {
        self.with_image(|image| super::check_export(&self.path, &image, names))
    }

    pub(super) fn with_mapping_mut<T>(&self, change: impl FnOnce(&mut pe::Mapping) -> T) -> T {
        change(&mut self.mapping.write().expect("no holder panics"))
    }

    pub(super) fn protect(&self) -> Result<(), pe::Error> {
        self.with_mapping_mut(pe::Mapping::protect)
    }

    /// The addresses of its TLS callbacks.
    pub(crate) fn tls_callbacks(&self) -> Vec<u64> {
        self.tls
            .get()
            .map(|tls| tls.callbacks.clone())
            .unwrap_or_default()
    }

    /// Whether its imports are bound and `DllMain` has been or is being told.
    pub(crate) fn is_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// Notes that `DllMain` does not want to hear of threads.
    pub(crate) fn mute_threads(&self) {
        self.mute.store(true, Ordering::Relaxed);
    }

    /// Whether `DllMain` wants to hear of threads.
    pub(crate) fn hears_threads(&self) -> bool {
        !self.mute.load(Ordering::Relaxed)
    }

    pub(super) fn set_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    pub(crate) fn retain(&self) {
        self.references.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives up one reference; true when it was the last.
    pub(super) fn release(&self) -> bool {
        self.references.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Whether it holds another image already.
    pub(super) fn depends_on(&self, other: &Arc<Image>) -> bool {
        let dependencies = self.dependencies.lock().expect("no holder panics");
        dependencies.iter().any(|known| Arc::ptr_eq(known, other))
    }

    pub(super) fn add_dependency(&self, image: Arc<Image>) {
        self.dependencies
            .lock()
            .expect("no holder panics")
            .push(image);
    }

    pub(super) fn take_dependencies(&self) -> Vec<Arc<Image>> {
        std::mem::take(&mut self.dependencies.lock().expect("no holder panics"))
    }
}

/// What a module handle stands for.
#[derive(Clone)]
pub(crate) enum ModuleRef {
    /// An image.
    Image(Arc<Image>),
    /// A DLL of shims.
    Shims(&'static Dll),
    /// A part of Windows of which we have nothing.
    Absent(Arc<str>),
    /// The program itself.
    Program,
}

/// All modules of a process.
#[derive(Default)]
pub(crate) struct Images {
    lock: LoaderLock,
    images: RwLock<Vec<Arc<Image>>>,
    faces: Mutex<Faces>,
    pub(super) tls: Mutex<Vec<bool>>,
    /// How many of the images may run their data.
    runs_data: AtomicUsize,
}

/// Modules without a file have a face: a page with a PE header, so that a handle can be looked into.
#[derive(Default)]
struct Faces {
    by_name: HashMap<String, u64>,
    by_base: HashMap<u64, ModuleRef>,
}

/// Bytes that a face takes.
const FACE_BYTES: usize = 4096;

impl Images {
    pub(crate) fn lock(&self) -> LoaderGuard<'_> {
        self.lock.lock()
    }

    /// Whether an image is loaded that may run its data.
    pub(crate) fn run_data(&self) -> bool {
        self.runs_data.load(Ordering::Relaxed) != 0
    }

    pub(super) fn add(&self, image: Arc<Image>) {
        let runs_data = usize::from(image.runs_data);
        self.runs_data.fetch_add(runs_data, Ordering::Relaxed);
        self.images.write().expect("no holder panics").push(image);
    }

    pub(super) fn remove(&self, image: &Arc<Image>) {
        let mut images = self.images.write().expect("no holder panics");
        let before = images.len();
        images.retain(|known| !Arc::ptr_eq(known, image));
        let runs_data = image.runs_data && images.len() < before;
        let runs_data = usize::from(runs_data);
        self.runs_data.fetch_sub(runs_data, Ordering::Relaxed);
    }

    pub(super) fn by_identity(&self, identity: (u64, u64)) -> Option<Arc<Image>> {
        self.find(|image| image.identity == identity)
    }

    /// The image that an address lies in.
    pub(crate) fn by_address(&self, address: u64) -> Option<Arc<Image>> {
        self.find(|image| image.contains(address))
    }

    /// The image of a file name in lower case.
    pub(crate) fn by_name(&self, name: &str) -> Option<Arc<Image>> {
        self.find(|image| image.name == name)
    }

    /// All images in the order in which they were loaded.
    pub(crate) fn all(&self) -> Vec<Arc<Image>> {
        self.images.read().expect("no holder panics").clone()
    }

    fn find(&self, matches: impl Fn(&Image) -> bool) -> Option<Arc<Image>> {
        let images = self.images.read().expect("no holder panics");
        images.iter().find(|image| matches(image)).cloned()
    }

    /// What a module handle stands for.
    pub(crate) fn by_handle(&self, handle: u64) -> Option<ModuleRef> {
        let image = self
            .find(|image| image.base == handle)
            .map(ModuleRef::Image);
        image.or_else(|| {
            let faces = self.faces.lock().expect("no holder panics");
            faces.by_base.get(&handle).cloned()
        })
    }

    /// The handle of a module that is not a file.
    pub(crate) fn face(&self, process: &Process, name: &str, module: ModuleRef) -> u64 {
        let mut faces = self.faces.lock().expect("no holder panics");
        if let Some(base) = faces.by_name.get(name) {
            return *base;
        }
        let base = draw_face(process.width());
        if base != 0 {
            faces.by_name.insert(name.to_owned(), base);
            faces.by_base.insert(base, module);
            let path = format!(r"C:\windows\system32\{name}");
            process
                .peb()
                .add(process.heap(), base, FACE_BYTES as u64, 0, &path);
        }
        base
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        for base in self
            .faces
            .get_mut()
            .expect("no holder panics")
            .by_base
            .keys()
        {
            // SAFETY: `draw_face` mapped a page there, and no driver code runs any more.
            unsafe { libc::munmap(*base as *mut _, FACE_BYTES) };
        }
    }
}

/// Maps a page that reads as the header of an empty DLL; 0 when there is no memory.
fn draw_face(width: pe::Width) -> u64 {
    let page = heap::map_low(FACE_BYTES, libc::PROT_READ | libc::PROT_WRITE, width);
    if page.is_null() {
        return 0;
    }
    let mut face = [0_u8; 0x200];
    let mut put = |at: usize, bytes: &[u8]| face[at..at + bytes.len()].copy_from_slice(bytes);
    let (machine, magic, optional_bytes) = match width {
        pe::Width::Bits32 => (0x14C_u16, 0x10B_u16, 0xE0_u16),
        pe::Width::Bits64 => (0x8664, 0x20B, 0xF0),
    };
    put(0x00, b"MZ");
    put(0x3C, &0x40_u32.to_le_bytes());
    put(0x40, b"PE\0\0");
    put(0x44, &machine.to_le_bytes());
    put(0x54, &optional_bytes.to_le_bytes());
    // A DLL that can be run: one of 32-bit words, or one whose addresses may lie beyond 2 GiB.
    match width {
        pe::Width::Bits32 => put(0x56, &0x2102_u16.to_le_bytes()),
        pe::Width::Bits64 => put(0x56, &0x2022_u16.to_le_bytes()),
    }
    put(0x58, &magic.to_le_bytes());
    match width {
        pe::Width::Bits32 => put(0x74, &(page as u32).to_le_bytes()),
        pe::Width::Bits64 => put(0x70, &(page as u64).to_le_bytes()),
    }
    put(0x78, &0x1000_u32.to_le_bytes());
    put(0x7C, &0x200_u32.to_le_bytes());
    put(0x90, &(FACE_BYTES as u32).to_le_bytes());
    put(0x94, &0x200_u32.to_le_bytes());
    put(0x9C, &3_u16.to_le_bytes());
    let directories = match width {
        pe::Width::Bits32 => 0xB4,
        pe::Width::Bits64 => 0xC4,
    };
    put(directories, &16_u32.to_le_bytes());
    // SAFETY: the page was just mapped writable and is larger than the face.
    unsafe { page.copy_from_nonoverlapping(face.as_ptr(), face.len()) };
    // SAFETY: the page is ours.
    unsafe { libc::mprotect(page.cast(), FACE_BYTES, libc::PROT_READ) };
    page as u64
}

impl Process {
    /// The handle of the DLL of this name, if it is loaded or made of shims.
    pub(crate) fn module_handle(&self, name: &str) -> Option<u64> {
        let name = dll::file_name(name);
        if let Some(image) = self.images().by_name(&name) {
            return Some(image.base());
        }
        let shims = dll::find(&name)?;
        Some(self.images().face(self, &name, ModuleRef::Shims(shims)))
    }

    /// The handle that `GetModuleHandle(NULL)` answers.
    pub(crate) fn program_handle(&self) -> u64 {
        self.images()
            .face(self, "opendriver.exe", ModuleRef::Program)
    }

    /// `module+0x1234` for an address in an image.
    pub(crate) fn place(&self, address: u64) -> Option<String> {
        let image = self.images().by_address(address)?;
        let name = image.path().file_name()?.to_string_lossy().into_owned();
        Some(format!("{name}+{:#x}", address - image.base()))
    }

    /// Makes the variable that a DLL of shims exports, once.
    pub(crate) fn variable(&self, dll: &'static str, data: &'static crate::shim::Data) -> Addr {
        let variables = self.state::<Variables>();
        let mut variables = variables.places.lock().expect("no holder panics");
        *variables.entry((dll, data.name)).or_insert_with(|| {
            let place = self.heap().allocate(data.size as u64, true);
            if !place.is_null() {
                // A variable that cannot be filled stays zero.
                let _ = self.with_thread(|thread| {
                    (data.fill)(&mut crate::cx::Cx::new(self, thread), place)
                });
            }
            place
        })
    }
}

/// Variables that DLLs of shims export, by DLL and name.
#[derive(Default)]
struct Variables {
    places: Mutex<HashMap<(&'static str, &'static str), Addr>>,
}

/// The loader lock: one thread at a time, again and again.
#[derive(Default)]
pub(crate) struct LoaderLock {
    lock: Mutex<()>,
    owner: AtomicUsize,
}

/// Holds the loader lock.
pub(crate) struct LoaderGuard<'a> {
    lock: &'a LoaderLock,
    held: Option<std::sync::MutexGuard<'a, ()>>,
}

impl LoaderLock {
    fn lock(&self) -> LoaderGuard<'_> {
        let me = this_thread();
        if self.owner.load(Ordering::Relaxed) == me {
            return LoaderGuard {
                lock: self,
                held: None,
            };
        }
        let held = self
            .lock
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        self.owner.store(me, Ordering::Relaxed);
        LoaderGuard {
            lock: self,
            held: Some(held),
        }
    }
}

impl Drop for LoaderGuard<'_> {
    fn drop(&mut self) {
        if self.held.is_some() {
            self.lock.owner.store(0, Ordering::Relaxed);
        }
    }
}

/// A number of this host thread, never 0.
fn this_thread() -> usize {
    thread_local!(static MARK: u8 = const { 0 });
    MARK.with(|mark| &raw const *mark as usize)
}
