//! An address that somebody claims is good.

use opendriver_abi::structures::{Address, Structure};

use crate::Host;

/// An address that the application claims is memory for this driver. Every access asks the host,
/// which says no where it cannot vouch for the address; nothing is ever taken on trust.
///
/// Values are in the machine's byte order.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    address: usize,
    host: &'a dyn Host,
}

impl<'a> Claim<'a> {
    pub(crate) fn new(address: usize, host: &'a dyn Host) -> Self {
        Self { address, host }
    }

    /// The address itself.
    pub fn address(self) -> usize {
        self.address
    }

    /// The claim to the bytes from `offset` on.
    #[must_use]
    pub fn at(self, offset: usize) -> Self {
        Self {
            address: self.address.wrapping_add(offset),
            ..self
        }
    }

    /// The claim to the memory at an address that was read from this one: a field of a structure.
    #[must_use]
    pub fn follow<P: Address>(self, address: P) -> Self {
        let address = address.to_param().cast_unsigned();
        Self { address, ..self }
    }

    /// Copies bytes out.
    ///
    /// # Errors
    /// [`BadClaim`] where the host does not let the bytes be read.
    pub fn read(self, into: &mut [u8]) -> Result<(), BadClaim> {
        match self.host.read(self.address, into) {
            true => Ok(()),
            false => Err(BadClaim {
                address: self.address,
                length: into.len(),
            }),
        }
    }

    /// Copies bytes in.
    ///
    /// # Errors
    /// [`BadClaim`] where the host does not let the bytes be written.
    pub fn write(self, from: &[u8]) -> Result<(), BadClaim> {
        match self.host.write(self.address, from) {
            true => Ok(()),
            false => Err(BadClaim {
                address: self.address,
                length: from.len(),
            }),
        }
    }

    /// Reads a structure.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn structure<S: Structure>(self) -> Result<S, BadClaim> {
        // A codec reads a structure for each buffer; only large ones, which are asked for once, are worth an allocation.
        let mut small = [0; 256];
        let mut large = Vec::new();
        let bytes = match small.get_mut(..S::SIZE) {
            Some(bytes) => bytes,
            None => {
                large.resize(S::SIZE, 0);
                &mut large[..]
            }
        };
        self.read(bytes)?;
        Ok(S::read(bytes).expect("the bytes are as many as the structure takes"))
    }

    /// Writes a structure. Its padding becomes zero.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn set_structure<S: Structure>(self, value: &S) -> Result<(), BadClaim> {
        let mut bytes = vec![0; S::SIZE];
        value
            .write(&mut bytes)
            .expect("the bytes are as many as the structure takes");
        self.write(&bytes)
    }

    /// Reads a 32-bit number.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_u32(self) -> Result<u32, BadClaim> {
        let mut bytes = [0; 4];
        self.read(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    /// Writes a 32-bit number.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_u32(self, value: u32) -> Result<(), BadClaim> {
        self.write(&value.to_ne_bytes())
    }
}

/// Memory that the application claimed and the host did not confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes at {address:#x} are not the application's to give")]
#[non_exhaustive]
pub struct BadClaim {
    /// Where the access began.
    pub address: usize,
    /// How many bytes it wanted.
    pub length: usize,
}
