//! `DRV_*`: the messages that every driver gets.

numbers! {
    /// Names that mean the same in every class.
    STANDARD:
    DRV_LOAD = 0x0001, "The module is in memory: first message ever; 0 refuses.";
    DRV_ENABLE = 0x0002, "The driver may touch its hardware from here on.";
    DRV_OPEN = 0x0003, "An instance is opened; a nonzero answer becomes its identifier.";
    DRV_CLOSE = 0x0004, "An instance is closed; 0 refuses.";
    DRV_DISABLE = 0x0005, "The driver must leave its hardware alone from here on.";
    DRV_FREE = 0x0006, "The module goes away: last message ever.";
    DRV_CONFIGURE = 0x0007, "Show the configuration dialog.";
    DRV_QUERYCONFIGURE = 0x0008, "Is there a configuration dialog?";
    DRV_INSTALL = 0x0009, "The driver was installed.";
    DRV_REMOVE = 0x000A, "The driver is about to be removed.";
    DRV_EXITSESSION = 0x000B, "The session ends.";
    DRV_EXITAPPLICATION = 0x000C, "An application ended.";
    DRV_POWER = 0x000F, "Power goes on or off.";
    DRV_RESERVED = 0x0800, "First number of the messages that a class defines.";
    DRV_USER = 0x4000, "First number of the messages that a driver defines.";
}
