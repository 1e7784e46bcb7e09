//! The structures that messages point at, as 32-bit and 64-bit drivers lay them out.
//!
//! A structure that holds addresses takes the type of an address as parameter: `u32` in the world
//! of a 32-bit driver, `u64` in that of a 64-bit one, whatever this program is. [`Structure`] reads
//! and writes them as bytes, little end first, so that memory need not be trusted or aligned.
//!
//! ```
//! use opendriver_abi::structures::{DrvConfigInfo, Structure};
//!
//! let info = DrvConfigInfo::<u32> { size: 12, section: 0x1000, alias: 0x2000 };
//! let mut bytes = [0; 12];
//! info.write(&mut bytes).unwrap();
//! assert_eq!(DrvConfigInfo::<u32>::read(&bytes), Some(info));
//! ```

/// Declares structures: Rust's name and C's, then the fields by both names.
macro_rules! structures {
    ($(
        $(#[$meta:meta])*
        ($($layout:tt)*) $name:ident $(<$address:ident>)? as $c_name:literal {
            $($(#[$field_meta:meta])* $field:ident: $type:ty as $c_field:ident,)*
        }
    )*) => {$(
        $(#[$meta])*
        #[doc = concat!("\n\nIn C: `", $c_name, "`.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr($($layout)*)]
        pub struct $name $(<$address>)? {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $(<$address: $crate::structures::Address>)? $crate::structures::Structure
            for $name $(<$address>)?
        {
            const NAME: &'static str = $c_name;
            const SIZE: usize = size_of::<Self>();
            const FIELDS: &'static [$crate::structures::Field] = &[$($crate::structures::Field {
                name: stringify!($c_field),
                offset: core::mem::offset_of!(Self, $field),
                size: size_of::<$type>(),
            },)*];

            fn read(bytes: &[u8]) -> Option<Self> {
                let bytes = bytes.get(..Self::SIZE)?;
                Some(Self {
                    $($field: $crate::structures::Plain::read_from(
                        &bytes[core::mem::offset_of!(Self, $field)..],
                    ),)*
                })
            }

            fn write(&self, bytes: &mut [u8]) -> Option<()> {
                let bytes = bytes.get_mut(..Self::SIZE)?;
                $(
                    let field: $type = self.$field;
                    let at = core::mem::offset_of!(Self, $field);
                    $crate::structures::Plain::write_to(&field, &mut bytes[at..]);
                )*
                Some(())
            }

            fn zeroed() -> Self {
                Self { $($field: $crate::structures::Plain::zero(),)* }
            }
        }
    )*};
}

mod driver;

mod acm;
mod vfw;

mod formats;

mod plain;

pub use acm::aligned;
pub use acm::{
    AcmDriverDetails, AcmDrvFormatSuggest, AcmDrvOpenDesc, AcmDrvStreamHeader,
    AcmDrvStreamInstance, AcmDrvStreamSize, AcmFilterDetails, AcmFilterTagDetails,
    AcmFormatDetails, AcmFormatTagDetails, WaveFilter,
};
pub use driver::{DriverInfo, DrvConfigInfo, MciOpenDriverParms};
pub use formats::{BitmapInfoHeader, FourCc, WaveFormatEx};
pub use plain::{Address, Plain, Wide};
pub use vfw::{
    CompVars, IcCompress, IcCompressFrames, IcDecompress, IcDecompressEx, IcDraw, IcDrawBegin,
    IcDrawSuggest, IcInfo, IcOpen, IcSetStatusProc,
};

/// A structure with a documented layout.
pub trait Structure: Sized {
    /// Its name in C.
    const NAME: &'static str;
    /// How many bytes it takes.
    const SIZE: usize;
    /// Where its fields are.
    const FIELDS: &'static [Field];

    /// Reads it from the start of `bytes`; `None` if they are too few.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// Writes it to the start of `bytes` and leaves its padding alone; `None` if they are too few.
    fn write(&self, bytes: &mut [u8]) -> Option<()>;

    /// The structure with zero everywhere.
    fn zeroed() -> Self;
}

/// Where a field of a [`Structure`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in C.
    pub name: &'static str,
    /// How many bytes stand before it.
    pub offset: usize,
    /// How many bytes it takes.
    pub size: usize,
}
