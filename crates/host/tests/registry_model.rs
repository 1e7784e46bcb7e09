//! The registry against a model, and against texts that nobody should write.

use std::collections::BTreeMap;

use opendriver::registry::{Error, Layer, Registry, Value};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Set(usize, usize, u32),
    Delete(usize, usize),
    CreateKey(usize),
    DeleteKey(usize),
}

/// Keys that lie below each other, with one written in two ways.
const KEYS: [&str; 5] = [
    "Drivers32",
    r"HKCU\Software\a",
    r"hkcu\SOFTWARE\A",
    r"HKCU\Software\a\b.c",
    r"HKCU\Software\a\b.c\d",
];
const NAMES: [&str; 4] = ["", "one.two", "ONE.two", "é"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (key, name) = (0..KEYS.len(), 0..NAMES.len());
    let step = prop_oneof![
        4 => (key.clone(), name.clone(), any::<u32>()).prop_map(|(key, name, value)| Step::Set(key, name, value)),
        2 => (key.clone(), name).prop_map(|(key, name)| Step::Delete(key, name)),
        1 => key.clone().prop_map(Step::CreateKey),
        1 => key.prop_map(Step::DeleteKey),
    ];
    proptest::collection::vec(step, 0..25)
}

/// What is seen: values by folded key and name.
#[derive(Default)]
struct Model {
    values: BTreeMap<(String, String), u32>,
}

impl Model {
    fn with_far_layer() -> Self {
        let mut model = Self::default();
        for (key, name) in [(0, 1), (1, 3), (4, 0)] {
            model.step(&Step::Set(key, name, 77));
        }
        model
    }

    fn step(&mut self, step: &Step) {
        let key = |key: usize| KEYS[key].to_uppercase();
        let name = |name: usize| NAMES[name].to_uppercase();
        match *step {
            Step::Set(at, named, value) => drop(self.values.insert((key(at), name(named)), value)),
            Step::Delete(at, named) => drop(self.values.remove(&(key(at), name(named)))),
            Step::CreateKey(_) => {}
            Step::DeleteKey(at) => {
                let (gone, below) = (key(at), format!("{}\\", key(at)));
                self.values
                    .retain(|(key, _), _| *key != gone && !key.starts_with(&below));
            }
        }
    }

    fn seen(&self) -> Vec<(String, String, u32)> {
        self.values
            .iter()
            .map(|((key, name), value)| (key.clone(), name.clone(), *value))
            .collect()
    }
}

fn take(registry: &Registry, step: &Step) -> Result<(), Error> {
    match *step {
        Step::Set(key, name, value) => registry.set_value(KEYS[key], NAMES[name], value),
        Step::Delete(key, name) => registry.delete_value(KEYS[key], NAMES[name]).map(drop),
        Step::CreateKey(key) => registry.create_key(KEYS[key]).map(drop),
        Step::DeleteKey(key) => registry.delete_key(KEYS[key]).map(drop),
    }
}

fn seen(registry: &Registry) -> Result<Vec<(String, String, u32)>, Error> {
    let mut all = Vec::new();
    for key in KEYS.iter().filter(|key| !key.starts_with("hk")) {
        for (name, value) in registry.values(key)? {
            let Value::Integer(value) = value else {
                panic!("{value:?} was never written")
            };
            all.push((key.to_uppercase(), name.to_uppercase(), value));
        }
    }
    all.sort();
    Ok(all)
}

const FAR: &str = "[Drivers32]\n'one.two' = 77\n['HKCU\\Software\\a']\n'é' = 77\n['HKCU\\Software\\a\\b.c\\d']\n'' = 77\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layers_behave_as_one_tree(steps in steps()) {
        let registry = Registry::open([Layer::memory(FAR).read_only(), Layer::memory("# kept\n")]);
        let mut model = Model::with_far_layer();
        for step in &steps {
            take(&registry, step)?;
            model.step(step);
            prop_assert_eq!(seen(&registry)?, model.seen(), "after {:?}", step);
        }
    }

    #[test]
    fn no_text_is_too_odd_for_a_registry(text in "(\\[|\\]|'|\"|=|\\.|\\{|\\}|,|\n|HKCU|\\\\|Drivers32|deleted|true|1|x|é| |.){0,40}") {
        let registry = Registry::open([Layer::memory(text.clone())]);
        let understood = registry.values("Drivers32").and_then(|_| registry.export("HKCU")).is_ok();
        let changed = registry.set_value("HKCU\\x", "name", 1).is_ok();
        // Whatever can be changed can be read again, and what was understood can be changed.
        prop_assert!(changed || !understood, "{}", text);
        if changed {
            prop_assert_eq!(registry.value("HKCU\\x", "name")?, Some(Value::Integer(1)), "{}", text);
        }
    }
}

#[test]
fn the_files_in_the_documentation_read_as_they_say() -> Result<(), Error> {
    let page = include_str!("../../../docs/registry.md");
    let files: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(files.len(), 2);
    let registry = Registry::open(files.into_iter().map(Layer::memory));
    let entries = registry
        .aliases("Drivers32")?
        .into_iter()
        .map(|entry| (entry.name, entry.file, entry.params));
    let modem = r"C:\My Drivers\modem.drv";
    let expected = [
        ("msacm.msadpcm", "msadp32.acm", ""),
        ("vidc.cvid", "iccvid.dll", ""),
        ("modem1", "modem.drv", "com1 fast"),
        ("modem2", modem, "com2"),
        ("modem3", modem, "com3"),
    ];
    let expected =
        expected.map(|(name, file, params)| (name.to_owned(), file.to_owned(), params.to_owned()));
    assert_eq!(entries.collect::<Vec<_>>(), expected);
    assert_eq!(
        registry.value(r"HKCU\Software\Vendor\Codec", "quality")?,
        Some(Value::Integer(7))
    );
    Ok(())
}
