//! `advapi32.dll`: the registry, who runs the process, random bytes, the event log.

pub(super) mod crypt;
mod events;
mod registry;
mod security;
mod services;

use crate::shim::Dll;

pub(super) static ADVAPI32: Dll = Dll {
    name: "advapi32.dll",
    tables: &[
        registry::OPEN,
        registry::VALUES,
        registry::LISTS,
        security::TOKENS,
        security::SIDS,
        security::DESCRIPTORS,
        crypt::SHIMS,
        events::SHIMS,
        services::SHIMS,
    ],
    names: &["sechost.dll", "cryptsp.dll"],
    ..Dll::EMPTY
};
