//! Message numbers of the driver interface.

/// A message number. It means something only together with the driver's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Message(pub u32);

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        impl Message {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
        }
    };
}

messages! {
    /// The module is in memory: first message ever.
    DRV_LOAD = 0x0001;
    /// The driver may touch its hardware from here on.
    DRV_ENABLE = 0x0002;
    /// An instance is opened; a nonzero answer becomes its identifier.
    DRV_OPEN = 0x0003;
    /// An instance is closed; 0 refuses.
    DRV_CLOSE = 0x0004;
    /// The driver must leave its hardware alone from here on.
    DRV_DISABLE = 0x0005;
    /// The module goes away: last message ever.
    DRV_FREE = 0x0006;
    /// Show the configuration dialog.
    DRV_CONFIGURE = 0x0007;
    /// Is there a configuration dialog?
    DRV_QUERYCONFIGURE = 0x0008;
    /// The driver was installed.
    DRV_INSTALL = 0x0009;
    /// The driver is about to be removed.
    DRV_REMOVE = 0x000A;
    /// The session ends.
    DRV_EXITSESSION = 0x000B;
    /// An application ended.
    DRV_EXITAPPLICATION = 0x000C;
    /// Power goes on or off.
    DRV_POWER = 0x000F;
    /// First number of messages that a class defines.
    DRV_RESERVED = 0x0800;
    /// First number of messages that a driver defines.
    DRV_USER = 0x4000;
}
