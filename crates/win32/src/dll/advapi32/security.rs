//! Tokens, security identifiers and descriptors: one user who may do everything.

use std::sync::Arc;

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, Size, shims};
use crate::structures::SecurityDescriptor;
use crate::trap::Trap;

const INVALID_HANDLE: u32 = 6;
const INVALID_PARAMETER: u32 = 87;
const INSUFFICIENT_BUFFER: u32 = 122;
const NO_TOKEN: u32 = 1008;
const NONE_MAPPED: u32 = 1332;
const INVALID_SID: u32 = 1337;

/// What a token handle stands for.
struct Token;

/// A security identifier as it lies in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sid {
    authority: u64,
    parts: Vec<u32>,
}

/// The most parts that an identifier has.
const MOST_PARTS: u8 = 15;

impl Sid {
    fn new(authority: u64, parts: &[u32]) -> Self {
        Self {
            authority,
            parts: parts.to_vec(),
        }
    }

    /// The user who runs the process.
    fn user() -> Self {
        Self::new(5, &[21, 0, 0, 0, 1000])
    }

    /// `BUILTIN\Users`
    fn users() -> Self {
        Self::new(5, &[32, 545])
    }

    fn read(cx: &Cx<'_>, at: Addr) -> Result<Option<Self>, Trap> {
        let head = cx.bytes(at, 8)?;
        if head[0] != 1 || head[1] > MOST_PARTS {
            return Ok(None);
        }
        let authority = head[2..]
            .iter()
            .fold(0, |number, &byte| number << 8 | u64::from(byte));
        let parts = (0..u64::from(head[1])).map(|at_part| cx.read(at.offset(8 + 4 * at_part)));
        Ok(Some(Self {
            authority,
            parts: parts.collect::<Result<_, _>>()?,
        }))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![1, self.parts.len() as u8];
        bytes.extend(&self.authority.to_be_bytes()[2..]);
        bytes.extend(self.parts.iter().flat_map(|part| part.to_le_bytes()));
        bytes
    }

    fn text(&self) -> String {
        let parts: String = self.parts.iter().map(|part| format!("-{part}")).collect();
        format!("S-1-{}{parts}", self.authority)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix("S-1-")?.split('-');
        let authority = numbers.next()?.parse().ok()?;
        let parts: Vec<u32> = numbers
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        (parts.len() <= usize::from(MOST_PARTS)).then_some(Self { authority, parts })
    }

    /// The identifiers that Windows knows by number.
    fn well_known(kind: u32) -> Option<Self> {
        Some(match kind {
            0 => Self::new(0, &[0]),
            1 => Self::new(1, &[0]),
            2 => Self::new(2, &[0]),
            3 => Self::new(3, &[0]),
            4 => Self::new(3, &[1]),
            11 => Self::new(5, &[4]),
            17 => Self::new(5, &[11]),
            22 => Self::new(5, &[18]),
            23 => Self::new(5, &[19]),
            24 => Self::new(5, &[20]),
            26 => Self::new(5, &[32, 544]),
            27 => Self::users(),
            28 => Self::new(5, &[32, 546]),
            _ => return None,
        })
    }

    fn account(&self) -> Option<(&'static str, &'static str)> {
        let known = [
            (0_u32, ("", "NULL SID")),
            (1, ("", "Everyone")),
            (17, ("NT AUTHORITY", "Authenticated Users")),
            (22, ("NT AUTHORITY", "SYSTEM")),
            (26, ("BUILTIN", "Administrators")),
            (27, ("BUILTIN", "Users")),
        ];
        known
            .into_iter()
            .find(|(kind, _)| Self::well_known(*kind).as_ref() == Some(self))
            .map(|(_, name)| name)
    }
}

shims! {
    pub(super) static TOKENS = "advapi32.dll", stdcall;

    /// Opens what says who runs a process.
    fn OpenProcessToken(cx, process: Handle, access: u32, token: Addr) -> bool {
        let handle = cx.process().handles().insert(Arc::new(Token));
        cx.write_addr(token, Addr(handle.0))?;
        Ok(true)
    }

    /// Opens what says whom a thread acts for; none acts for anybody else.
    fn OpenThreadToken(cx, thread: Handle, access: u32, as_self: bool, token: Addr) -> bool {
        cx.fail(NO_TOKEN, false)
    }

    /// Says one thing of a token: its user, its groups, whether it is elevated.
    fn GetTokenInformation(cx, token: Handle, class: u32, buffer: Addr, size: u32, needed: Addr) -> bool {
        // Windows also takes the numbers -4 to -6 for the caller's own token.
        let own = token.0 as u32 >= 0xFFFF_FFFA;
        if !own && cx.process().handles().get::<Token>(token).is_none() {
            return cx.fail(INVALID_HANDLE, false);
        }
        let pointer = cx.pointer_size();
        let (before, sid) = match class {
            1 => (2 * pointer, Some(Sid::user())),
            2 => (3 * pointer, Some(Sid::users())),
            4 => (pointer, Some(Sid::user())),
            5 => (pointer, Some(Sid::users())),
            25 => (2 * pointer, Some(Sid::new(16, &[8192]))),
            8 | 12 | 18 | 20 => (4, None),
            _ => return cx.fail(INVALID_PARAMETER, false),
        };
        let bytes = sid.as_ref().map(Sid::bytes).unwrap_or_default();
        let total = before + bytes.len() as u64;
        cx.write_unless_null(needed, total as u32)?;
        if u64::from(size) < total || buffer.is_null() {
            return cx.fail(INSUFFICIENT_BUFFER, false);
        }
        if sid.is_none() {
            // TokenType is primary, TokenElevationType the default one; session 0, not elevated.
            cx.write(buffer, u32::from(matches!(class, 8 | 18)))?;
            return Ok(true);
        }
        let (at_sid, mut start) = (buffer.offset(before), buffer);
        if class == 2 {
            cx.write(buffer, 1_u32)?;
            start = buffer.offset(pointer);
        }
        cx.write_addr(start, at_sid)?;
        if before > pointer {
            // SE_GROUP_MANDATORY, SE_GROUP_ENABLED_BY_DEFAULT and SE_GROUP_ENABLED.
            cx.write(start.offset(pointer), if class == 2 { 7_u32 } else { 0 })?;
        }
        cx.put(at_sid, &bytes)?;
        Ok(true)
    }

    /// Switches privileges; nothing here depends on them.
    fn AdjustTokenPrivileges(cx, token: Handle, disable: bool, new: Addr, size: u32, old: Addr, needed: Addr) -> bool {
        cx.set_last_error(0);
        Ok(true)
    }

    /// Answers the number of a privilege.
    fn LookupPrivilegeValueA(cx, system: Addr, name: Addr, number: Addr) -> bool {
        privilege(cx, &cx.text_a(name)?, number)
    }

    /// Answers the number of a privilege.
    fn LookupPrivilegeValueW(cx, system: Addr, name: Addr, number: Addr) -> bool {
        privilege(cx, &cx.text_w(name)?, number)
    }

    /// Tells whether the caller belongs to a group.
    fn CheckTokenMembership(cx, token: Handle, sid: Addr, result: Addr) -> bool {
        let Some(sid) = Sid::read(cx, sid)? else { return cx.fail(INVALID_SID, false) };
        let everyone = Sid::new(1, &[0]);
        cx.write(result, u32::from([Sid::user(), Sid::users(), everyone].contains(&sid)))?;
        Ok(true)
    }

    /// Takes on somebody else's rights; there is only one user.
    fn ImpersonateSelf(cx, level: u32) -> bool {
        Ok(true)
    }

    /// Ends acting for somebody else.
    fn RevertToSelf(cx) -> bool {
        Ok(true)
    }

    /// Names the user who runs the process.
    fn GetUserNameA(cx, buffer: Addr, size: Addr) -> bool {
        user_name(cx, Ansi, buffer, size)
    }

    /// Names the user who runs the process.
    fn GetUserNameW(cx, buffer: Addr, size: Addr) -> bool {
        user_name(cx, Wide, buffer, size)
    }
}

shims! {
    pub(super) static SIDS = "advapi32.dll", stdcall;

    /// Makes an identifier of up to eight parts.
    fn AllocateAndInitializeSid(
        cx, authority: Addr, count: u8, part0: u32, part1: u32, part2: u32, part3: u32, part4: u32, part5: u32, part6: u32,
        part7: u32, sid: Addr
    ) -> bool {
        let parts = [part0, part1, part2, part3, part4, part5, part6, part7];
        let Some(parts) = parts.get(..usize::from(count)) else { return cx.fail(INVALID_SID, false) };
        let authority = cx.bytes(authority, 6)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
        let block = keep(cx, &Sid::new(authority, parts).bytes())?;
        cx.write_addr(sid, block)?;
        Ok(!block.is_null())
    }

    /// Frees an identifier that `AllocateAndInitializeSid` made.
    fn FreeSid(cx, sid: Addr) -> Addr {
        let freed = cx.free(sid);
        Ok(if freed { Addr::NULL } else { sid })
    }

    /// Tells whether two identifiers are the same.
    fn EqualSid(cx, first: Addr, second: Addr) -> bool {
        let (first, second) = (Sid::read(cx, first)?, Sid::read(cx, second)?);
        Ok(first.is_some() && first == second)
    }

    /// Tells whether an identifier is well-formed.
    fn IsValidSid(cx, sid: Addr) -> bool {
        Ok(!sid.is_null() && Sid::read(cx, sid)?.is_some())
    }

    /// Answers how many bytes an identifier takes.
    fn GetLengthSid(cx, sid: Addr) -> u32 {
        Ok(8 + 4 * u32::from(cx.read::<u8>(sid.offset(1))?))
    }

    /// Answers how many bytes an identifier of so many parts takes.
    fn GetSidLengthRequired(cx, count: u8) -> u32 {
        Ok(8 + 4 * u32::from(count))
    }

    /// Starts an identifier whose parts are set later.
    fn InitializeSid(cx, sid: Addr, authority: Addr, count: u8) -> bool {
        if count > MOST_PARTS {
            return cx.fail(INVALID_PARAMETER, false);
        }
        let authority = cx.bytes(authority, 6)?;
        cx.put(sid, &[&[1, count], &authority[..]].concat())?;
        Ok(true)
    }

    /// Answers where a part of an identifier is.
    fn GetSidSubAuthority(cx, sid: Addr, index: u32) -> Addr {
        Ok(sid.offset(8 + 4 * u64::from(index)))
    }

    /// Answers where the number of parts of an identifier is.
    fn GetSidSubAuthorityCount(cx, sid: Addr) -> Addr {
        Ok(sid.offset(1))
    }

    /// Answers where the authority of an identifier is.
    fn GetSidIdentifierAuthority(cx, sid: Addr) -> Addr {
        Ok(sid.offset(2))
    }

    /// Copies an identifier.
    fn CopySid(cx, size: u32, to: Addr, from: Addr) -> bool {
        let Some(sid) = Sid::read(cx, from)? else { return cx.fail(INVALID_SID, false) };
        give(cx, &sid.bytes(), to, size)
    }

    /// Makes an identifier that Windows knows by number.
    fn CreateWellKnownSid(cx, kind: u32, domain: Addr, sid: Addr, size: Addr) -> bool {
        let Some(known) = Sid::well_known(kind) else { return cx.fail(INVALID_PARAMETER, false) };
        let (bytes, room) = (known.bytes(), cx.read::<u32>(size)?);
        cx.write(size, bytes.len() as u32)?;
        give(cx, &bytes, sid, room)
    }

    /// Tells whether an identifier is one that Windows knows by number.
    fn IsWellKnownSid(cx, sid: Addr, kind: u32) -> bool {
        let sid = Sid::read(cx, sid)?;
        Ok(sid.is_some() && sid == Sid::well_known(kind))
    }

    /// Writes an identifier as text, `S-1-...`, which `LocalFree` frees.
    fn ConvertSidToStringSidA(cx, sid: Addr, text: Addr) -> bool {
        sid_to_text(cx, Ansi, sid, text)
    }

    /// Writes an identifier as text, `S-1-...`, which `LocalFree` frees.
    fn ConvertSidToStringSidW(cx, sid: Addr, text: Addr) -> bool {
        sid_to_text(cx, Wide, sid, text)
    }

    /// Reads an identifier from text, `S-1-...`; `LocalFree` frees it.
    fn ConvertStringSidToSidA(cx, text: Addr, sid: Addr) -> bool {
        text_to_sid(cx, &cx.text_a(text)?, sid)
    }

    /// Reads an identifier from text, `S-1-...`; `LocalFree` frees it.
    fn ConvertStringSidToSidW(cx, text: Addr, sid: Addr) -> bool {
        text_to_sid(cx, &cx.text_w(text)?, sid)
    }

    /// Names the account of an identifier.
    fn LookupAccountSidA(
        cx, system: Addr, sid: Addr, name: Addr, name_size: Addr, domain: Addr, domain_size: Addr, kind: Addr
    ) -> bool {
        lookup_sid(cx, Ansi, sid, [name, name_size], [domain, domain_size], kind)
    }

    /// Names the account of an identifier.
    fn LookupAccountSidW(
        cx, system: Addr, sid: Addr, name: Addr, name_size: Addr, domain: Addr, domain_size: Addr, kind: Addr
    ) -> bool {
        lookup_sid(cx, Wide, sid, [name, name_size], [domain, domain_size], kind)
    }
}

shims! {
    pub(super) static DESCRIPTORS = "advapi32.dll", stdcall;

    /// Starts an empty security descriptor.
    fn InitializeSecurityDescriptor(cx, descriptor: Addr, revision: u32) -> bool {
        let empty = SecurityDescriptor { revision: 1, ..SecurityDescriptor::default() };
        empty.write(cx, descriptor).map(|()| true)
    }

    /// Tells whether a security descriptor is well-formed.
    fn IsValidSecurityDescriptor(cx, descriptor: Addr) -> bool {
        Ok(!descriptor.is_null() && cx.read::<u8>(descriptor)? == 1)
    }

    /// Sets who may do what; kept, but nothing asks for it.
    fn SetSecurityDescriptorDacl(cx, descriptor: Addr, present: bool, list: Addr, defaulted: bool) -> bool {
        let mut control: u16 = cx.read(SecurityDescriptor::control(cx, descriptor))?;
        control = control & !0xC | if present { 4 } else { 0 } | if defaulted { 8 } else { 0 };
        cx.write(SecurityDescriptor::control(cx, descriptor), control)?;
        cx.write_addr(SecurityDescriptor::rights(cx, descriptor), list)?;
        Ok(true)
    }

    /// Answers who may do what, as it was set.
    fn GetSecurityDescriptorDacl(cx, descriptor: Addr, present: Addr, list: Addr, defaulted: Addr) -> bool {
        let control: u16 = cx.read(SecurityDescriptor::control(cx, descriptor))?;
        cx.write(present, u32::from(control & 4 != 0))?;
        if control & 4 != 0 {
            cx.write_addr(list, cx.read_addr(SecurityDescriptor::rights(cx, descriptor))?)?;
            cx.write(defaulted, u32::from(control & 8 != 0))?;
        }
        Ok(true)
    }

    /// Sets the owner; kept, but nothing asks for it.
    fn SetSecurityDescriptorOwner(cx, descriptor: Addr, owner: Addr, defaulted: bool) -> bool {
        cx.write_addr(SecurityDescriptor::owner(cx, descriptor), owner)?;
        Ok(true)
    }

    /// Sets the group; kept, but nothing asks for it.
    fn SetSecurityDescriptorGroup(cx, descriptor: Addr, group: Addr, defaulted: bool) -> bool {
        cx.write_addr(SecurityDescriptor::group(cx, descriptor), group)?;
        Ok(true)
    }

    /// Answers how many bytes a security descriptor takes.
    fn GetSecurityDescriptorLength(cx, descriptor: Addr) -> u32 {
        Ok(SecurityDescriptor::size(cx) as u32)
    }

    /// Makes a security descriptor of its textual form; all are the same here: everything is allowed.
    fn ConvertStringSecurityDescriptorToSecurityDescriptorA(
        cx, text: Addr, revision: u32, descriptor: Addr, size: Addr
    ) -> bool {
        open_descriptor(cx, descriptor, size)
    }

    /// Makes a security descriptor of its textual form; all are the same here: everything is allowed.
    fn ConvertStringSecurityDescriptorToSecurityDescriptorW(
        cx, text: Addr, revision: u32, descriptor: Addr, size: Addr
    ) -> bool {
        open_descriptor(cx, descriptor, size)
    }

    /// Starts an empty list of rights.
    fn InitializeAcl(cx, list: Addr, size: u32, revision: u32) -> bool {
        if size < 8 {
            return cx.fail(INSUFFICIENT_BUFFER, false);
        }
        cx.put(list, &[revision as u8, 0])?;
        cx.write(list.offset(2), size as u16)?;
        cx.write(list.offset(4), 0_u32)?;
        Ok(true)
    }

    /// Adds a right to a list.
    fn AddAccessAllowedAce(cx, list: Addr, revision: u32, mask: u32, sid: Addr) -> bool {
        add_right(cx, list, 0, mask, sid)
    }

    /// Adds a right to a list.
    fn AddAccessAllowedAceEx(cx, list: Addr, revision: u32, flags: u32, mask: u32, sid: Addr) -> bool {
        add_right(cx, list, flags as u8, mask, sid)
    }

    /// Sets the rights to a file; the file keeps those that it has.
    fn SetFileSecurityA(cx, name: Addr, what: u32, descriptor: Addr) -> bool {
        Ok(true)
    }

    /// Sets the rights to a file; the file keeps those that it has.
    fn SetFileSecurityW(cx, name: Addr, what: u32, descriptor: Addr) -> bool {
        Ok(true)
    }

    /// Sets the rights to an object; nothing asks for them.
    fn SetKernelObjectSecurity(cx, handle: Handle, what: u32, descriptor: Addr) -> bool {
        Ok(true)
    }

    /// Sets the rights to an object; nothing asks for them.
    fn SetSecurityInfo(
        cx, handle: Handle, kind: u32, what: u32, owner: Addr, group: Addr, list: Addr, audit: Addr
    ) -> u32 {
        Ok(0)
    }
}

fn keep(cx: &Cx<'_>, bytes: &[u8]) -> Result<Addr, Trap> {
    let block = cx.allocate(Size(bytes.len() as u64));
    if !block.is_null() {
        cx.put(block, bytes)?;
    }
    Ok(block)
}

fn give(cx: &Cx<'_>, bytes: &[u8], to: Addr, room: u32) -> Result<bool, Trap> {
    if to.is_null() || (room as usize) < bytes.len() {
        return cx.fail(INSUFFICIENT_BUFFER, false);
    }
    cx.put(to, bytes)?;
    Ok(true)
}

/// Privileges by the numbers that Windows gives them, from 2.
const PRIVILEGES: [&str; 34] = [
    "SeCreateTokenPrivilege",
    "SeAssignPrimaryTokenPrivilege",
    "SeLockMemoryPrivilege",
    "SeIncreaseQuotaPrivilege",
    "SeMachineAccountPrivilege",
    "SeTcbPrivilege",
    "SeSecurityPrivilege",
    "SeTakeOwnershipPrivilege",
    "SeLoadDriverPrivilege",
    "SeSystemProfilePrivilege",
    "SeSystemtimePrivilege",
    "SeProfileSingleProcessPrivilege",
    "SeIncreaseBasePriorityPrivilege",
    "SeCreatePagefilePrivilege",
    "SeCreatePermanentPrivilege",
    "SeBackupPrivilege",
    "SeRestorePrivilege",
    "SeShutdownPrivilege",
    "SeDebugPrivilege",
    "SeAuditPrivilege",
    "SeSystemEnvironmentPrivilege",
    "SeChangeNotifyPrivilege",
    "SeRemoteShutdownPrivilege",
    "SeUndockPrivilege",
    "SeSyncAgentPrivilege",
    "SeEnableDelegationPrivilege",
    "SeManageVolumePrivilege",
    "SeImpersonatePrivilege",
    "SeCreateGlobalPrivilege",
    "SeTrustedCredManAccessPrivilege",
    "SeRelabelPrivilege",
    "SeIncreaseWorkingSetPrivilege",
    "SeTimeZonePrivilege",
    "SeCreateSymbolicLinkPrivilege",
];

fn privilege(cx: &Cx<'_>, name: &str, number: Addr) -> Result<bool, Trap> {
    /// `ERROR_NO_SUCH_PRIVILEGE`
    const NO_SUCH: u32 = 1313;
    match PRIVILEGES
        .iter()
        .position(|known| known.eq_ignore_ascii_case(name))
    {
        Some(at) => {
            cx.write(number, at as u64 + 2)?;
            Ok(true)
        }
        None => cx.fail(NO_SUCH, false),
    }
}

fn user_name(cx: &Cx<'_>, letters: Letters, buffer: Addr, size: Addr) -> Result<bool, Trap> {
    let known = cx
        .process()
        .config()
        .environment
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("USERNAME"));
    let name = known.map_or("user", |(_, name)| name);
    let needed = letters.length(cx, name) + 1;
    let room = cx.read::<u32>(size)?;
    cx.write(size, needed as u32)?;
    if u64::from(room) < needed || buffer.is_null() {
        return cx.fail(INSUFFICIENT_BUFFER, false);
    }
    letters.put(cx, buffer, name)?;
    Ok(true)
}

fn sid_to_text(cx: &Cx<'_>, letters: Letters, sid: Addr, text: Addr) -> Result<bool, Trap> {
    let Some(sid) = Sid::read(cx, sid)? else {
        return cx.fail(INVALID_SID, false);
    };
    let block = keep(cx, &letters.encode(cx, &(sid.text() + "\0")))?;
    cx.write_addr(text, block)?;
    Ok(!block.is_null())
}

fn text_to_sid(cx: &Cx<'_>, text: &str, sid: Addr) -> Result<bool, Trap> {
    let Some(parsed) = Sid::parse(text) else {
        return cx.fail(INVALID_SID, false);
    };
    let block = keep(cx, &parsed.bytes())?;
    cx.write_addr(sid, block)?;
    Ok(!block.is_null())
}

fn lookup_sid(
    cx: &Cx<'_>,
    letters: Letters,
    sid: Addr,
    [name, name_size]: [Addr; 2],
    [domain, domain_size]: [Addr; 2],
    kind: Addr,
) -> Result<bool, Trap> {
    /// `SidTypeUser` and `SidTypeWellKnownGroup`.
    const USER: u32 = 1;
    const GROUP: u32 = 5;
    let Some(sid) = Sid::read(cx, sid)? else {
        return cx.fail(INVALID_SID, false);
    };
    let account = if sid == Sid::user() {
        Some(("OPENDRIVER", "user"))
    } else {
        sid.account()
    };
    let Some((of_domain, of_name)) = account else {
        return cx.fail(NONE_MAPPED, false);
    };
    let mut fits = true;
    for (text, buffer, size) in [(of_name, name, name_size), (of_domain, domain, domain_size)] {
        let (room, needed) = (
            u64::from(cx.read::<u32>(size)?),
            letters.length(cx, text) + 1,
        );
        if room < needed || buffer.is_null() {
            cx.write(size, needed as u32)?;
            fits = false;
        } else {
            letters.put(cx, buffer, text)?;
            cx.write(size, (needed - 1) as u32)?;
        }
    }
    if !fits {
        return cx.fail(INSUFFICIENT_BUFFER, false);
    }
    cx.write(kind, if sid == Sid::user() { USER } else { GROUP })?;
    Ok(true)
}

fn open_descriptor(cx: &Cx<'_>, descriptor: Addr, size: Addr) -> Result<bool, Trap> {
    let bytes = 8 + 4 * cx.pointer_size();
    let block = cx.allocate_zeroed(Size(bytes));
    cx.write_addr(descriptor, block)?;
    cx.write_unless_null(size, bytes as u32)?;
    if block.is_null() {
        return Ok(false);
    }
    // A list that is present and null allows everything.
    cx.write(block, 1_u16)?;
    cx.write(block.offset(2), 4_u16)?;
    Ok(true)
}

fn add_right(cx: &Cx<'_>, list: Addr, flags: u8, mask: u32, sid: Addr) -> Result<bool, Trap> {
    /// `ERROR_ALLOTTED_SPACE_EXCEEDED`
    const TOO_SMALL: u32 = 1344;
    let Some(sid) = Sid::read(cx, sid)? else {
        return cx.fail(INVALID_SID, false);
    };
    let (room, count) = (
        u64::from(cx.read::<u16>(list.offset(2))?),
        cx.read::<u16>(list.offset(4))?,
    );
    let mut end = 8;
    for _ in 0..count {
        end += u64::from(cx.read::<u16>(list.offset(end + 2))?);
    }
    let bytes = sid.bytes();
    let length = 8 + bytes.len() as u64;
    if end + length > room {
        return cx.fail(TOO_SMALL, false);
    }
    let entry = list.offset(end);
    cx.put(entry, &[0, flags])?;
    cx.write(entry.offset(2), length as u16)?;
    cx.write(entry.offset(4), mask)?;
    cx.put(entry.offset(8), &bytes)?;
    cx.write(list.offset(4), count + 1)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "advapi32.dll";

    fn word(bench: &Bench, at: u64) -> u64 {
        u64::from_le_bytes(bench.read(at, 8).try_into().unwrap())
    }

    #[test]
    fn the_token_of_the_process_names_its_user() {
        let bench = Bench::new();
        let (token, buffer, needed) = (
            bench.bytes(&[0; 8]),
            bench.bytes(&[0; 64]),
            bench.bytes(&[0; 8]),
        );
        assert_eq!(bench.ask(DLL, "OpenProcessToken", &[u64::MAX, 8, token]), 1);
        let token = word(&bench, token);
        assert_eq!(
            bench.ask(DLL, "GetTokenInformation", &[token, 1, 0, 0, needed]),
            0
        );
        assert_eq!(word(&bench, needed), 16 + 28);
        assert_eq!(
            bench.ask(DLL, "GetTokenInformation", &[token, 1, buffer, 64, needed]),
            1
        );
        let (sid, text) = (word(&bench, buffer), bench.bytes(&[0; 8]));
        assert_eq!(bench.ask(DLL, "ConvertSidToStringSidA", &[sid, text]), 1);
        assert_eq!(bench.read(word(&bench, text), 19), b"S-1-5-21-0-0-0-1000");
        assert_eq!(
            bench.ask(DLL, "GetTokenInformation", &[0x7777, 1, buffer, 64, needed]),
            0
        );
    }

    #[test]
    fn identifiers_are_made_compared_and_freed() {
        let bench = Bench::new();
        let (authority, made) = (bench.bytes(&[0, 0, 0, 0, 0, 5]), bench.bytes(&[0; 8]));
        let parts = [authority, 2, 32, 544, 0, 0, 0, 0, 0, 0, made];
        assert_eq!(bench.ask(DLL, "AllocateAndInitializeSid", &parts), 1);
        let sid = word(&bench, made);
        assert_eq!(bench.ask(DLL, "GetLengthSid", &[sid]), 16);
        assert_eq!(bench.ask(DLL, "IsWellKnownSid", &[sid, 26]), 1);
        let text = bench.text("S-1-5-32-544");
        assert_eq!(bench.ask(DLL, "ConvertStringSidToSidA", &[text, made]), 1);
        assert_eq!(bench.ask(DLL, "EqualSid", &[sid, word(&bench, made)]), 1);
        assert_eq!(bench.ask(DLL, "FreeSid", &[sid]), 0);
        assert_eq!(
            bench.ask(DLL, "ConvertStringSidToSidA", &[bench.text("x"), made]),
            0
        );
    }

    #[test]
    fn a_list_of_rights_grows_until_it_is_full() {
        let bench = Bench::new();
        let (list, sid) = (
            bench.bytes(&[0; 40]),
            bench.bytes(&[1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]),
        );
        assert_eq!(bench.ask(DLL, "InitializeAcl", &[list, 40, 2]), 1);
        assert_eq!(bench.ask(DLL, "AddAccessAllowedAce", &[list, 2, 7, sid]), 1);
        assert_eq!(bench.ask(DLL, "AddAccessAllowedAce", &[list, 2, 7, sid]), 0);
        assert_eq!(bench.read(list + 4, 1), [1]);
    }

    #[test]
    fn the_user_has_a_name() {
        let bench = Bench::new();
        let (buffer, size) = (bench.bytes(&[0; 16]), bench.bytes(&[2, 0, 0, 0]));
        assert_eq!(bench.ask(DLL, "GetUserNameA", &[buffer, size]), 0);
        assert_eq!(bench.read(size, 1), [5]);
        assert_eq!(bench.ask(DLL, "GetUserNameA", &[buffer, size]), 1);
        assert_eq!(bench.read(buffer, 5), b"user\0");
    }
}
