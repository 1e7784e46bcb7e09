//! The event log, whose entries are reported, and event tracing, to which nobody listens.

use std::sync::Arc;

use crate::cx::Cx;
use crate::letters::Letters::{self, Ansi, Wide};
use crate::shim::{Addr, Handle, VarArgs, shims};
use crate::station::Report;
use crate::trap::Trap;

/// What the handle of an event source stands for.
struct EventSource {
    name: String,
}

const INVALID_HANDLE: u32 = 6;

shims! {
    pub(super) static SHIMS = "advapi32.dll", stdcall;

    /// Opens the event log for a source.
    fn RegisterEventSourceA(cx, server: Addr, source: Addr) -> Handle {
        register(cx, Ansi, source)
    }

    /// Opens the event log for a source.
    fn RegisterEventSourceW(cx, server: Addr, source: Addr) -> Handle {
        register(cx, Wide, source)
    }

    /// Closes the event log.
    fn DeregisterEventSource(cx, log: Handle) -> bool {
        if cx.process().handles().get::<EventSource>(log).is_none() {
            return cx.fail(INVALID_HANDLE, false);
        }
        Ok(cx.process().handles().close(log))
    }

    /// Writes an entry to the event log.
    fn ReportEventA(
        cx, log: Handle, kind: u16, category: u16, event: u32, user: Addr, count: u16, size: u32, strings: Addr, data: Addr
    ) -> bool {
        entry(cx, Ansi, log, event, count, strings)
    }

    /// Writes an entry to the event log.
    fn ReportEventW(
        cx, log: Handle, kind: u16, category: u16, event: u32, user: Addr, count: u16, size: u32, strings: Addr, data: Addr
    ) -> bool {
        entry(cx, Wide, log, event, count, strings)
    }

    /// Announces a provider of events; nobody listens.
    fn EventRegister(cx, provider: Addr, callback: Addr, context: Addr, handle: Addr) -> u32 {
        cx.write(handle, 0_u64)?;
        Ok(0)
    }

    /// Withdraws a provider of events.
    fn EventUnregister(cx, handle: u64) -> u32 {
        Ok(0)
    }

    /// Tells whether anybody listens to an event; nobody does.
    fn EventEnabled(cx, handle: u64, descriptor: Addr) -> bool {
        Ok(false)
    }

    /// Tells whether anybody listens to a provider; nobody does.
    fn EventProviderEnabled(cx, handle: u64, level: u8, keyword: u64) -> bool {
        Ok(false)
    }

    /// Writes an event that nobody listens to.
    fn EventWrite(cx, handle: u64, descriptor: Addr, count: u32, data: Addr) -> u32 {
        Ok(0)
    }

    /// Writes an event that nobody listens to.
    fn EventWriteTransfer(cx, handle: u64, descriptor: Addr, activity: Addr, related: Addr, count: u32, data: Addr) -> u32 {
        Ok(0)
    }

    /// Describes a provider of events; nobody listens.
    fn EventSetInformation(cx, handle: u64, class: u32, information: Addr, length: u32) -> u32 {
        Ok(0)
    }

    /// Announces a provider of traces; nobody listens.
    fn RegisterTraceGuidsA(
        cx, callback: Addr, context: Addr, guid: Addr, count: u32, guids: Addr, path: Addr, name: Addr, handle: Addr
    ) -> u32 {
        cx.write(handle, 0_u64)?;
        Ok(0)
    }

    /// Announces a provider of traces; nobody listens.
    fn RegisterTraceGuidsW(
        cx, callback: Addr, context: Addr, guid: Addr, count: u32, guids: Addr, path: Addr, name: Addr, handle: Addr
    ) -> u32 {
        cx.write(handle, 0_u64)?;
        Ok(0)
    }

    /// Withdraws a provider of traces.
    fn UnregisterTraceGuids(cx, handle: u64) -> u32 {
        Ok(0)
    }

    /// Answers who listens to traces: nobody.
    fn GetTraceLoggerHandle(cx, buffer: Addr) -> u64 {
        cx.fail(INVALID_HANDLE, u64::MAX)
    }

    /// Answers what a listener wants to hear: nothing.
    fn GetTraceEnableFlags(cx, handle: u64) -> u32 {
        Ok(0)
    }

    /// Answers how much a listener wants to hear: nothing.
    fn GetTraceEnableLevel(cx, handle: u64) -> u8 {
        Ok(0)
    }

    /// Writes a trace that nobody listens to.
    #[cdecl]
    fn TraceMessage(cx, handle: u64, flags: u32, guid: Addr, number: u16, rest: VarArgs) -> u32 {
        Ok(0)
    }

    /// Writes a trace that nobody listens to.
    fn TraceEvent(cx, handle: u64, event: Addr) -> u32 {
        Ok(0)
    }
}

fn register(cx: &Cx<'_>, letters: Letters, source: Addr) -> Result<Handle, Trap> {
    let name = letters.read(cx, source)?;
    Ok(cx
        .process()
        .handles()
        .insert(Arc::new(EventSource { name })))
}

fn entry(
    cx: &Cx<'_>,
    letters: Letters,
    log: Handle,
    event: u32,
    count: u16,
    strings: Addr,
) -> Result<bool, Trap> {
    let Some(source) = cx.process().handles().get::<EventSource>(log) else {
        return cx.fail(INVALID_HANDLE, false);
    };
    let pointer = cx.pointer_size();
    let texts = (0..u64::from(count)).map(|at| {
        let text = cx.read_addr(strings.offset(at * pointer))?;
        Ok(letters.optional(cx, text)?.unwrap_or_default())
    });
    let texts: Vec<String> = texts.collect::<Result<_, Trap>>()?;
    cx.report(Report::Debug(format!(
        "event {event:#x} of {}: {}",
        source.name,
        texts.join("; ")
    )));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::bench::Bench;
    use crate::station::Report;

    #[test]
    fn entries_of_the_event_log_are_reported() {
        let bench = Bench::new();
        let log = bench.ask(
            "advapi32.dll",
            "RegisterEventSourceA",
            &[0, bench.text("codec")],
        );
        let strings = [bench.text("one"), bench.text("two")]
            .map(u64::to_le_bytes)
            .concat();
        let strings = bench.bytes(&strings);
        assert_eq!(
            bench.ask(
                "advapi32.dll",
                "ReportEventA",
                &[log, 1, 0, 7, 0, 2, 0, strings, 0]
            ),
            1
        );
        assert_eq!(
            bench.reports(),
            [Report::Debug("event 0x7 of codec: one; two".to_owned())]
        );
        assert_eq!(
            bench.ask("advapi32.dll", "DeregisterEventSource", &[log]),
            1
        );
        assert_eq!(
            bench.ask(
                "advapi32.dll",
                "ReportEventA",
                &[log, 1, 0, 7, 0, 0, 0, 0, 0]
            ),
            0
        );
    }
}
