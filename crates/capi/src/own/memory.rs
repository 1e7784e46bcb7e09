//! Memory that a driver can reach, for structures that a program lays out itself.
#![expect(unsafe_code, reason = "exports C functions by their names")]

use super::{BROKEN, coded};
use crate::door::{Failure, doors};
use crate::misuse::Misuse;
use crate::process::{existing, process};
use crate::winmm::handle;

doors! {
    broken 0;

    /// `opendriver_alloc`: gives zeroed bytes at an address that is good in the world of an instance's driver; null where there are none.
    fn opendriver_alloc(hdrvr: usize, size: usize) -> usize {
        let process = process();
        let block = process.manager.memory_of(handle(hdrvr))?.allocate(size)?;
        let address = block.address().cast_unsigned();
        process.blocks().insert(address, block);
        Ok(address)
    }

    /// `opendriver_size`: how many bytes a function gave for an answer, as `ICImageCompress` does, or [`opendriver_alloc`] did; 0 where
    /// none did.
    fn opendriver_size(address: usize) -> usize {
        let Some(process) = existing() else {
            return Ok(0);
        };
        let block = || process.blocks().get(&address).map(|block| block.len());
        Ok(process.lent.len_of(address).or_else(block).unwrap_or(0))
    }
}

doors! {
    broken BROKEN;

    /// `opendriver_free`: takes such bytes back, and tells whether a driver wrote behind them, where that is watched. Takes back, too,
    /// what a function gave for an answer, as `ICImageCompress` does.
    fn opendriver_free(address: usize) -> i32 {
        coded((|| {
            if address == 0 {
                return Ok(());
            }
            if existing().is_some_and(|process| process.lent.free(address)) {
                return Ok(());
            }
            let block = existing().and_then(|process| process.blocks().remove(&address));
            let block = block.ok_or(Misuse::NoBlock { address })?;
            block.check().map_err(|overrun| Failure::from(Misuse::from(overrun)))
        })())
    }
}
