//! A bench for shims: a process with nothing in it, and calls by name through real gates.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::cx::Cx;
use crate::station::{
    Drivers, Registry, RegistryError, RegistryValue, Report, Station, TracedCall,
};
use crate::{Config, Fault, Process};

/// A process whose station keeps what it is told.
pub(crate) struct Bench {
    pub(crate) process: Arc<Process>,
    station: Arc<Notes>,
}

/// What a station is told.
#[derive(Default)]
pub(crate) struct Notes {
    reports: Mutex<Vec<Report>>,
    calls: Mutex<Vec<TracedCall>>,
    keys: Mutex<BTreeMap<String, BTreeMap<String, RegistryValue>>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        let station = Arc::new(Notes::default());
        Self {
            process: Process::new(config, station.clone()),
            station,
        }
    }

    /// Calls a shim through its gate.
    pub(crate) fn call(&self, dll: &str, name: &str, arguments: &[u64]) -> Result<u64, Fault> {
        self.process.call(self.gate(dll, name), arguments)
    }

    /// The address that an import of a shim is bound to.
    pub(crate) fn gate(&self, dll: &str, name: &str) -> u64 {
        let gate = self.process.symbol_of(dll, name);
        gate.unwrap_or_else(|| panic!("{dll} has no {name}"))
    }

    /// Calls a shim that must not fault.
    pub(crate) fn ask(&self, dll: &str, name: &str, arguments: &[u64]) -> u64 {
        self.call(dll, name, arguments)
            .unwrap_or_else(|fault| panic!("{dll}!{name}: {fault}"))
    }

    /// Works in the surroundings of a shim.
    pub(crate) fn with_cx<T>(&self, run: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        self.process.with_cx(run).expect("room for a thread")
    }

    /// Puts bytes into the process heap and answers where.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> u64 {
        self.with_cx(|cx| {
            let block = cx.allocate(crate::shim::Size(bytes.len() as u64));
            cx.put(block, bytes).expect("a fresh block can be written");
            block.0
        })
    }

    /// Puts text with a final zero into the process heap.
    pub(crate) fn text(&self, text: &str) -> u64 {
        self.bytes(&[text.as_bytes(), &[0]].concat())
    }

    /// Puts UTF-16 text with a final zero into the process heap.
    pub(crate) fn wide(&self, text: &str) -> u64 {
        let units = text.encode_utf16().chain([0]);
        self.bytes(&units.flat_map(u16::to_le_bytes).collect::<Vec<_>>())
    }

    /// Reads bytes of the process.
    pub(crate) fn read(&self, at: u64, count: u64) -> Vec<u8> {
        self.with_cx(|cx| {
            cx.bytes(crate::shim::Addr(at), count)
                .expect("memory is there")
        })
    }

    /// What was reported so far.
    pub(crate) fn reports(&self) -> Vec<Report> {
        self.station
            .reports
            .lock()
            .expect("no holder panics")
            .clone()
    }

    /// What was traced so far.
    pub(crate) fn calls(&self) -> Vec<TracedCall> {
        self.station.calls.lock().expect("no holder panics").clone()
    }
}

impl Station for Notes {
    fn registry(&self) -> &dyn Registry {
        self
    }

    fn drivers(&self) -> &dyn Drivers {
        self
    }

    fn report(&self, report: Report) {
        self.reports.lock().expect("no holder panics").push(report);
    }

    fn trace(&self, call: TracedCall) {
        self.calls.lock().expect("no holder panics").push(call);
    }
}

impl Drivers for Notes {
    fn open(&self, name: &str, _: Option<&str>, _: i64) -> u64 {
        u64::from(name == "friend") * 0x51
    }

    fn close(&self, handle: u64, _: i64, _: i64) -> i64 {
        i64::from(handle == 0x51)
    }

    fn send(&self, handle: u64, message: u32, param1: i64, param2: i64) -> i64 {
        if handle == 0x51 {
            i64::from(message) + param1 + param2
        } else {
            0
        }
    }

    fn module(&self, handle: u64) -> u64 {
        if handle == 0x51 { 0x1000 } else { 0 }
    }
}

const NOT_FOUND: RegistryError = RegistryError(2);

impl Registry for Notes {
    fn exists(&self, key: &str) -> bool {
        let below = key.to_lowercase() + "\\";
        let keys = self.keys.lock().expect("no holder panics");
        keys.keys()
            .any(|known| *known == key.to_lowercase() || known.starts_with(&below))
    }

    fn create(&self, key: &str) -> Result<bool, RegistryError> {
        let is_new = !self.exists(key);
        self.keys
            .lock()
            .expect("no holder panics")
            .entry(key.to_lowercase())
            .or_default();
        Ok(is_new)
    }

    fn delete(&self, key: &str) -> Result<(), RegistryError> {
        let removed = self
            .keys
            .lock()
            .expect("no holder panics")
            .remove(&key.to_lowercase());
        removed.map(drop).ok_or(NOT_FOUND)
    }

    fn subkeys(&self, key: &str) -> Vec<String> {
        let below = key.to_lowercase() + "\\";
        let keys = self.keys.lock().expect("no holder panics");
        let names = keys.keys().filter_map(|known| known.strip_prefix(&below));
        let mut names: Vec<String> = names
            .map(|rest| rest.split('\\').next().unwrap_or(rest).to_owned())
            .collect();
        names.dedup();
        names
    }

    fn values(&self, key: &str) -> Vec<(String, RegistryValue)> {
        let keys = self.keys.lock().expect("no holder panics");
        let values = keys.get(&key.to_lowercase()).into_iter().flatten();
        values
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn value(&self, key: &str, name: &str) -> Option<RegistryValue> {
        let keys = self.keys.lock().expect("no holder panics");
        keys.get(&key.to_lowercase())?
            .get(&name.to_lowercase())
            .cloned()
    }

    fn set_value(&self, key: &str, name: &str, value: &RegistryValue) -> Result<(), RegistryError> {
        let mut keys = self.keys.lock().expect("no holder panics");
        let key = keys.entry(key.to_lowercase()).or_default();
        key.insert(name.to_lowercase(), value.clone());
        Ok(())
    }

    fn delete_value(&self, key: &str, name: &str) -> Result<(), RegistryError> {
        let mut keys = self.keys.lock().expect("no holder panics");
        let key = keys.get_mut(&key.to_lowercase()).ok_or(NOT_FOUND)?;
        key.remove(&name.to_lowercase()).map(drop).ok_or(NOT_FOUND)
    }
}

mod tests {
    use super::Bench;
    use crate::station::Report;
    use crate::{Config, FaultKind};

    const DLL: &str = "kernel32.dll";

    #[test]
    fn a_shim_is_called_through_its_gate_and_sees_its_arguments() {
        let bench = Bench::new();
        let heap = bench.ask(DLL, "GetProcessHeap", &[]);
        let block = bench.ask(DLL, "HeapAlloc", &[heap, 8, 100]);
        assert_ne!(block, 0);
        assert!(block < 1 << 31, "{block:#x} is above 2 GiB");
        assert_eq!(bench.ask(DLL, "HeapSize", &[heap, 0, block]), 100);
        assert_eq!(bench.read(block, 100), [0; 100]);
        assert_eq!(bench.ask(DLL, "HeapFree", &[heap, 0, block]), 1);
        assert_eq!(bench.ask(DLL, "HeapFree", &[heap, 0, block]), 0);
    }

    #[test]
    fn a_bad_address_given_to_a_shim_is_the_drivers_fault() {
        let bench = Bench::new();
        let fault = bench.call(DLL, "OutputDebugStringA", &[0x10]).unwrap_err();
        assert_eq!(
            fault.kind,
            FaultKind::Machine(opendriver_guard::Kind::Read, Some(0x10))
        );
    }

    #[test]
    fn a_traced_process_tells_each_call_with_its_arguments_and_its_result() {
        let config = Config {
            trace: true,
            ..Config::default()
        };
        let bench = Bench::with(config);
        bench.ask(DLL, "MulDiv", &[7, u64::from(-3_i32 as u32), 2]);
        let calls = bench.calls();
        let [call] = calls.as_slice() else {
            panic!("{calls:?}");
        };
        assert_eq!(call.function, (DLL, "MulDiv"));
        assert_eq!(call.arguments, "number=7, numerator=-3, denominator=2");
        assert_eq!(call.result.as_ref().map(|result| *result as i32), Ok(-11));
    }

    #[test]
    fn ending_the_process_ends_the_call_only() {
        let bench = Bench::new();
        let fault = bench.call(DLL, "ExitProcess", &[3]).unwrap_err();
        assert_eq!(
            fault.kind,
            FaultKind::Exit {
                function: "ExitProcess",
                code: 3
            }
        );
        let text = bench.text("still here");
        bench.ask(DLL, "OutputDebugStringA", &[text]);
        assert_eq!(bench.reports(), [Report::Debug("still here".to_owned())]);
    }

    #[test]
    fn a_jump_to_nowhere_is_a_fault_and_the_thread_goes_on() {
        let bench = Bench::new();
        let fault = bench.process.call(0x10, &[]).unwrap_err();
        assert_eq!(fault.instruction, 0x10);
        assert!(matches!(fault.kind, FaultKind::Machine(..)), "{fault:?}");
        assert_eq!(
            bench.ask(DLL, "GetCurrentProcessId", &[]),
            u64::from(std::process::id())
        );
    }
}
