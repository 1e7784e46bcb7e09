//! What messages to drivers of any kind, and to MCI devices, point at.

structures! {
    /// What `lParam2` of `DRV_CONFIGURE` and `DRV_INSTALL` points at, where it is not 0.
    (C, packed) DrvConfigInfo<P> as "DRVCONFIGINFO" {
        /// How many bytes; a driver tests it with `>=`.
        size: u32 as dwDCISize,
        /// Address of the section's name.
        section: P as lpszDCISectionName,
        /// Address of the alias.
        alias: P as lpszDCIAliasName,
    }

    /// What `GetDriverInfo` of Windows 3.1 filled.
    (C, packed) DriverInfo as "DRIVERINFOSTRUCT" {
        /// How many bytes; set before the call.
        length: u16 as length,
        /// The handle.
        handle: u16 as hDriver,
        /// The module.
        module: u16 as hModule,
        /// The name that it was opened by.
        alias: [u8; 128] as szAliasName,
    }

    /// What `lParam2` of `DRV_OPEN` points at for an MCI device; 0 when it is only configured.
    (C, packed) MciOpenDriverParms<P> as "MCI_OPEN_DRIVER_PARMS" {
        /// The device's identifier.
        device: u32 as wDeviceID,
        /// Address of the parameter text.
        text: P as lpstrParams,
        /// Out: the driver's command table, or 0xFFFF.
        command_table: u32 as wCustomCommandTable,
        /// Out: the type of the device.
        kind: u32 as wType,
    }
}
