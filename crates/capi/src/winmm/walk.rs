//! The list of instances, as Windows 3.1 let programs walk it.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use opendriver::{Hdrvr, InstanceInfo};

use super::handle;
use crate::claim;
use crate::door::{Failure, doors};
use crate::misuse::Misuse;
use crate::process::process;
use crate::text::Encoding;

/// Only the oldest instance of each driver.
const FIRST_INSTANCE_ONLY: u32 = 1;
/// From the newest to the oldest.
const REVERSE: u32 = 2;

/// `DRIVERINFOSTRUCT` without gaps, as multimedia has its structures, and with those that compilers make.
const PACKED: u32 = 148;
const ALIGNED: u32 = 152;

/// How long the alias in it is.
const ALIAS: usize = 128;

fn instances() -> Vec<InstanceInfo> {
    let mut instances = process().manager.instances();
    instances.retain(|instance| !instance.hidden);
    instances
}

fn unknown(hdrvr: usize) -> Failure {
    let error = process().manager.module_of(handle(hdrvr)).err();
    let raw = handle(hdrvr);
    error
        .unwrap_or(opendriver::Error::NotAHandle { raw })
        .into()
}

doors! {
    broken 0;

    /// `GetNextDriver`: the instance behind another in the list; null where there is none.
    fn GetNextDriver(hdrvr: usize, flags: u32) -> usize {
        if flags & !(FIRST_INSTANCE_ONLY | REVERSE) != 0 {
            return Err(Failure::from(Misuse::Parameter {
                what: "fdwFlag",
                expected: "GND_* flags".to_owned(),
                found: format!("{flags:#x}"),
            }));
        }
        let mut instances = instances();
        if flags & REVERSE != 0 {
            instances.reverse();
        }
        let start = match hdrvr {
            0 => 0,
            hdrvr => {
                let here = Hdrvr::new(handle(hdrvr));
                let place = instances.iter().position(|it| Some(it.handle) == here);
                place.ok_or_else(|| unknown(hdrvr))? + 1
            }
        };
        let wanted = |it: &&InstanceInfo| flags & FIRST_INSTANCE_ONLY == 0 || it.first;
        let next = instances[start..].iter().find(wanted);
        Ok(next.map_or(0, |it| it.handle.raw() as usize))
    }

    /// `GetDriverInfo`: what an instance is of, and by which name it was opened. Answers whether it did.
    fn GetDriverInfo(hdrvr: usize, info: usize) -> i32 {
        let gap = match claim::number(info)? {
            PACKED => 0,
            ALIGNED => 4,
            other => {
                return Err(Failure::from(Misuse::Parameter {
                    what: "DRIVERINFOSTRUCT.length",
                    expected: format!("{PACKED} or {ALIGNED}"),
                    found: other.to_string(),
                }));
            }
        };
        let instances = instances();
        let here = Hdrvr::new(handle(hdrvr));
        let instance = instances.iter().find(|it| Some(it.handle) == here);
        let instance = instance.ok_or_else(|| unknown(hdrvr))?;
        let module = process().manager.module_of(handle(hdrvr))?;
        let mut bytes = vec![0; gap];
        bytes.extend_from_slice(&hdrvr.to_ne_bytes());
        bytes.extend_from_slice(&module.address.to_ne_bytes());
        bytes.extend(Encoding::Narrow.field(&instance.name, ALIAS));
        claim::write(info + size_of::<u32>(), &bytes)?;
        Ok(1)
    }
}
