//! What an author may rely on, from `DRV_LOAD` to `DRV_FREE`.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use opendriver_sdk::structures::{DrvConfigInfo, Structure};
use opendriver_sdk::{
    Bench, BuiltIn, Call, Driver, DriverId, Hdrvr, Host, LResult, Message, NoHost, Open, Refused,
    Setting, builtin,
};

/// Counts its values, and does what the parameter text says.
struct Counting {
    host: Arc<dyn Host>,
}

struct Counted(String);

static DRIVERS: AtomicUsize = AtomicUsize::new(0);
static INSTANCES: AtomicUsize = AtomicUsize::new(0);
/// The counters are of the process, so one test at a time looks at them.
static COUNTERS: Mutex<()> = Mutex::new(());

impl Driver for Counting {
    type Instance = Counted;

    fn load(host: &Arc<dyn Host>) -> Result<Self, Refused> {
        match host.setting("at load").as_ref().and_then(Setting::text) {
            Some("refuse") => return Err(Refused),
            Some("panic") => panic!("at load"),
            _ => DRIVERS.fetch_add(1, SeqCst),
        };
        Ok(Self {
            host: Arc::clone(host),
        })
    }

    fn open(&self, open: &Open<'_>) -> Result<Counted, Refused> {
        assert_ne!(open.text(), "panic at open", "at open");
        INSTANCES.fetch_add(1, SeqCst);
        Ok(Counted(open.text().to_owned()))
    }

    fn message(&self, instance: &Counted, call: &Call<'_>) -> LResult {
        match call.message {
            Message::DRV_USER => instance.0.len() as LResult,
            Message::DRV_CONFIGURE => panic!("at {}", call.message),
            Message::DRV_POWER => {
                self.host.report("power");
                call.claim(call.param1)
                    .read_u32()
                    .map_or(-1, |number| number as LResult)
            }
            Message::DRV_REMOVE => {
                match call.claim(call.param1).structure::<DrvConfigInfo<u32>>() {
                    Ok(info) => {
                        info.size as LResult + info.section as LResult + info.alias as LResult
                    }
                    Err(_) => -1,
                }
            }
            _ => call.default_answer(),
        }
    }

    fn close(&self, instance: &Counted, call: &Call<'_>) -> Result<(), Refused> {
        if instance.0 == "clings" && call.param1 == 0 {
            Err(Refused)
        } else {
            Ok(())
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        DRIVERS.fetch_sub(1, SeqCst);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        INSTANCES.fetch_sub(1, SeqCst);
    }
}

fn counting() -> BuiltIn {
    builtin::<Counting>("counting")
}

fn live() -> (usize, usize) {
    (DRIVERS.load(SeqCst), INSTANCES.load(SeqCst))
}

#[test]
fn the_driver_lives_from_load_to_free_and_each_instance_from_open_to_close() {
    let _alone = COUNTERS.lock();
    let bench = Bench::new(counting());
    assert_eq!(live(), (0, 0));
    let first = bench.open("one", 0).unwrap();
    let second = bench.open("second", 0).unwrap();
    assert_eq!(live(), (1, 2));
    assert_eq!(first.send(Message::DRV_USER, 0, 0), 3);
    assert_eq!(second.send(Message::DRV_USER, 0, 0), 6);
    first.close(0, 0).unwrap();
    assert_eq!(live(), (1, 1));
    drop(second);
    assert_eq!(live(), (0, 0));
    bench.open("", 0).unwrap().close(0, 0).unwrap();
    assert_eq!(live(), (0, 0));
}

#[test]
fn a_refused_close_keeps_the_instance_s_value() {
    let _alone = COUNTERS.lock();
    let bench = Bench::new(counting());
    let clinging = bench.open("clings", 0).unwrap().close(0, 0).unwrap_err();
    assert_eq!(clinging.send(Message::DRV_USER, 0, 0), 6);
    clinging.close(1, 0).unwrap();
    assert_eq!(live(), (0, 0));
    // By force the instance goes, and its value with the driver.
    drop(bench.open("clings", 0).unwrap());
    assert_eq!(live(), (0, 0));
}

#[test]
fn a_panic_answers_zero_and_is_reported() {
    let _alone = COUNTERS.lock();
    let bench = Bench::new(counting());
    let instance = bench.open("", 0).unwrap();
    assert_eq!(instance.send(Message::DRV_CONFIGURE, 0, 0), 0);
    bench.open("panic at open", 0).unwrap_err();
    assert_eq!(instance.send(Message::DRV_INSTALL, 0, 0), 1, "others go on");
    drop(instance);
    let reports = bench.reports();
    assert_eq!(reports.len(), 2);
    let expected =
        "the driver \"counting\" panicked while handling DRV_CONFIGURE: at DRV_CONFIGURE";
    assert_eq!(reports[0], expected);
    assert!(reports[1].contains("DRV_OPEN"), "{}", reports[1]);

    let at_load = Bench::new(counting()).with_setting("at load", Setting::Text("panic".into()));
    at_load.open("", 0).unwrap_err();
    assert_eq!(at_load.reports().len(), 1);
    assert_eq!(live(), (0, 0));
}

#[test]
fn a_refused_load_leaves_no_driver() {
    let _alone = COUNTERS.lock();
    let bench = Bench::new(counting()).with_setting("at load", Setting::Text("refuse".into()));
    bench.open("", 0).unwrap_err();
    assert_eq!(live(), (0, 0));
}

#[test]
fn an_address_is_reached_only_where_the_host_lent_memory() {
    let _alone = COUNTERS.lock();
    let bench = Bench::new(counting());
    let instance = bench.open("", 0).unwrap();
    let lent = bench.lend(&7_u32.to_ne_bytes());
    assert_eq!(instance.send(Message::DRV_POWER, lent, 0), 7);
    let info = DrvConfigInfo {
        size: 12,
        section: 1_u32,
        alias: 2,
    };
    let mut bytes = [0; 12];
    info.write(&mut bytes).unwrap();
    assert_eq!(
        instance.send(Message::DRV_REMOVE, bench.lend(&bytes), 0),
        12 + 1 + 2
    );
    assert_eq!(
        instance.send(Message::DRV_REMOVE, bench.lend(&bytes[1..]), 0),
        -1
    );
    for bad in [0, 1, lent + 1, -1, isize::MAX, isize::MIN] {
        assert_eq!(instance.send(Message::DRV_POWER, bad, 0), -1, "{bad:#x}");
    }
}

#[test]
fn who_is_not_an_instance_gets_zero() {
    let _alone = COUNTERS.lock();
    let guest = counting().load(Arc::new(NoHost));
    let handle = Hdrvr::new(7).unwrap();
    let call = |id, message| guest.call(&Call::new(DriverId(id), handle, message, 1, 0));
    assert_eq!(
        call(0, Message::DRV_OPEN),
        0,
        "before DRV_LOAD there is no driver"
    );
    assert_eq!(call(0, Message::DRV_LOAD), 1);
    assert_eq!(call(1, Message::DRV_INSTALL), 0, "no such instance");
    let id = call(0, Message::DRV_OPEN).cast_unsigned();
    assert_eq!(call(id, Message::DRV_INSTALL), 1);
    assert_eq!(call(id, Message::DRV_CLOSE), 1);
    assert_eq!(call(id, Message::DRV_CLOSE), 0);
    assert_eq!(call(id, Message::DRV_INSTALL), 0);
    assert_eq!(call(0, Message::DRV_FREE), 1);
    assert_eq!(live(), (0, 0));
}

#[test]
fn two_loads_of_one_module_share_the_driver() {
    let _alone = COUNTERS.lock();
    let guest = counting().load(Arc::new(NoHost));
    let call = |handle, id, message| {
        let handle = Hdrvr::new(handle).unwrap();
        guest.call(&Call::new(DriverId(id), handle, message, 0, 0))
    };
    assert_eq!(call(1, 0, Message::DRV_LOAD), 1);
    assert_eq!(call(1, 0, Message::DRV_LOAD), 1);
    assert_eq!(live(), (1, 0));
    // Two managers may give the same handle.
    let [one, other] = [(); 2].map(|()| call(9, 0, Message::DRV_OPEN).cast_unsigned());
    assert_ne!(one, other);
    assert_eq!(call(9, one, Message::DRV_CLOSE), 1);
    assert_eq!(call(1, 0, Message::DRV_FREE), 1);
    assert_eq!(
        call(9, other, Message::DRV_INSTALL),
        1,
        "the other manager's instance lives"
    );
    assert_eq!(call(1, 0, Message::DRV_FREE), 1);
    assert_eq!(live(), (0, 0));
}

#[test]
fn messages_to_two_instances_and_to_one_run_at_the_same_time() {
    let _alone = COUNTERS.lock();
    let bench = Bench::new(counting());
    let instances = [bench.open("1", 0).unwrap(), bench.open("22", 0).unwrap()];
    std::thread::scope(|scope| {
        for turn in 0..4 {
            let instance = &instances[turn % 2];
            scope.spawn(move || {
                for _ in 0..50 {
                    let expected = turn as LResult % 2 + 1;
                    assert_eq!(instance.send(Message::DRV_USER, 0, 0), expected);
                }
            });
        }
    });
}
