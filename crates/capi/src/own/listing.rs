//! Which drivers are in memory, and which instances are open.
#![expect(
    unsafe_code,
    reason = "calls functions of the program, and exports C functions by their names"
)]

use std::ffi::{CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::ptr;

use opendriver::{InstanceState, ModuleState, Width};

use super::{BROKEN, coded};
use crate::door::doors;
use crate::misuse::Misuse;
use crate::process::process;
use crate::watching::text;

/// `OpendriverModule`: a driver in memory.
#[repr(C)]
#[derive(Debug)]
pub struct CModule {
    /// How long this structure is.
    pub size: usize,
    /// Its file's name, or its built-in name.
    pub name: *const c_char,
    /// Its file; null where it has none.
    pub path: *const c_char,
    /// The way it came in.
    pub kind: *const c_char,
    /// What `GetDriverModuleHandle` answers.
    pub module: usize,
    /// How many bits its addresses have.
    pub width: u32,
    /// Where it stands.
    pub state: u32,
    /// How many instances of it are open.
    pub instances: usize,
}

/// `OpendriverInstance`: an open instance.
#[repr(C)]
#[derive(Debug)]
pub struct CInstance {
    /// How long this structure is.
    pub size: usize,
    /// The handle.
    pub hdrvr: usize,
    /// The driver's identifier.
    pub id: usize,
    /// The name that it was opened by.
    pub name: *const c_char,
    /// Its driver.
    pub module: *const c_char,
    /// Where it stands.
    pub state: u32,
    /// Whether it is the oldest of its driver.
    pub first: i32,
}

type OnModule = extern "C" fn(*const CModule, *mut c_void) -> i32;
type OnInstance = extern "C" fn(*const CInstance, *mut c_void) -> i32;

fn modules(function: usize, user: usize) {
    // SAFETY: vouched by who called `opendriver_modules` with a function of this type.
    let function = unsafe { std::mem::transmute::<usize, OnModule>(function) };
    for module in process().manager.modules() {
        let (name, kind) = (text(&module.name), text(module.kind));
        // A path comes from the system, which knows no zero inside one.
        let path = module.path.as_ref();
        let path = path.map(|path| CString::new(path.as_os_str().as_bytes()).unwrap_or_default());
        let told = CModule {
            size: size_of::<CModule>(),
            name: name.as_ptr(),
            path: path.as_ref().map_or(ptr::null(), |path| path.as_ptr()),
            kind: kind.as_ptr(),
            module: module.address,
            width: match module.width {
                Width::W32 => 32,
                Width::W64 => 64,
            },
            state: match module.state {
                ModuleState::Starting => 0,
                ModuleState::Enabled => 1,
                ModuleState::Stopping => 2,
                _ => 3,
            },
            instances: module.instances,
        };
        if function(&raw const told, ptr::with_exposed_provenance_mut(user)) == 0 {
            return;
        }
    }
}

fn instances(function: usize, user: usize) {
    // SAFETY: vouched by who called `opendriver_instances` with a function of this type.
    let function = unsafe { std::mem::transmute::<usize, OnInstance>(function) };
    for instance in process().manager.instances() {
        let (name, module) = (text(&instance.name), text(&instance.module));
        let told = CInstance {
            size: size_of::<CInstance>(),
            hdrvr: instance.handle.raw() as usize,
            id: instance.id.0,
            name: name.as_ptr(),
            module: module.as_ptr(),
            state: match instance.state {
                InstanceState::Opening => 0,
                InstanceState::Open => 1,
                _ => 2,
            },
            first: i32::from(instance.first),
        };
        if function(&raw const told, ptr::with_exposed_provenance_mut(user)) == 0 {
            return;
        }
    }
}

/// Calls `list` where there is somebody to tell.
fn told(function: usize, list: impl FnOnce()) -> Result<i32, crate::door::Failure> {
    coded(match function {
        0 => Err(Misuse::Null {
            what: "the function to be called",
        }
        .into()),
        _ => {
            list();
            Ok(())
        }
    })
}

doors! {
    broken BROKEN;

    /// `opendriver_modules`: calls a function with each driver in memory, until it answers 0.
    fn opendriver_modules(function: usize, user: usize) -> i32 {
        told(function, || modules(function, user))
    }

    /// `opendriver_instances`: calls a function with each instance, in opening order, until it answers 0.
    fn opendriver_instances(function: usize, user: usize) -> i32 {
        told(function, || instances(function, user))
    }
}
