//! The text of one layer: what it says, and changes that keep all the rest of it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{Document, DocumentMut, Item, Table, Value as Toml};

use super::form::{self, Content};
use super::path::fold;
use super::{Error, KeyPath, Value};

/// The name that lists the deleted keys of farther layers, above the first key.
const DELETED: &str = "deleted";

/// The names that lead to an item of the TOML document.
type Place = Vec<String>;

/// One key as a layer has it.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The name as it is written; empty for the tree itself.
    pub(super) name: String,
    /// The keys below, by folded name.
    pub(super) keys: BTreeMap<String, Node>,
    /// The values in the order of the file.
    pub(super) values: Vec<Slot>,
    index: HashMap<String, usize>,
    /// Something is written here or below; false where only a deletion is noted.
    pub(super) present: bool,
    /// Farther layers are hidden from here down.
    pub(super) deleted: bool,
    tables: Vec<Place>,
}

/// One value as a layer has it.
#[derive(Debug)]
pub(super) struct Slot {
    /// The name as it is written.
    pub(super) name: String,
    /// What stands behind it.
    pub(super) content: Content,
    /// Where that is, counted from 1.
    pub(super) line: usize,
    pub(super) column: usize,
    place: Place,
}

impl Node {
    /// The value that has `name`, the case of letters aside.
    pub(super) fn slot(&self, folded: &str) -> Option<&Slot> {
        self.index.get(folded).map(|&at| &self.values[at])
    }

    /// The key at `path`.
    pub(super) fn at(&self, path: &[String]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.keys.get(name))
    }

    /// The key at `path`, made where it was not.
    fn make(&mut self, path: &KeyPath) -> &mut Node {
        path.names()
            .zip(path.folded())
            .fold(self, |node, (name, folded)| {
                let fresh = || Node {
                    name: name.to_owned(),
                    ..Node::default()
                };
                node.keys.entry(folded.clone()).or_insert_with(fresh)
            })
    }

    fn mark_present(&mut self, path: &[String]) {
        self.present = true;
        if let Some((first, rest)) = path.split_first() {
            self.keys
                .get_mut(first)
                .into_iter()
                .for_each(|node| node.mark_present(rest));
        }
    }

    fn all_tables(&self) -> Vec<&Place> {
        let below = self.keys.values().flat_map(Node::all_tables);
        self.tables.iter().chain(below).collect()
    }
}

/// Reads the text of a layer into a tree. `file` is named in errors.
pub(super) fn read(text: &str, file: &Path) -> Result<Node, Error> {
    let mut reader = Reader {
        lines: Lines::of(text),
        file,
        tree: Node::default(),
    };
    let document = Document::parse(text)
        .map_err(|error| reader.broken(error.span(), error.message().to_owned()))?;
    reader.document(document.as_table())?;
    Ok(reader.tree)
}

struct Reader<'a> {
    lines: Lines<'a>,
    file: &'a Path,
    tree: Node,
}

impl Reader<'_> {
    fn document(&mut self, root: &Table) -> Result<(), Error> {
        for (name, item) in root {
            let span = root.key(name).and_then(toml_edit::Key::span);
            let place = vec![name.to_owned()];
            match item {
                Item::Table(table) if !table.is_dotted() => {
                    let path = name
                        .parse()
                        .map_err(|error: Error| self.broken(span, error.to_string()))?;
                    self.table(&path, table, &place)?;
                }
                Item::Value(list) if name == DELETED => self.deletions(list)?,
                Item::ArrayOfTables(_) => {
                    return Err(self.broken(
                        span,
                        format!("expected one [{name}], found a list of tables"),
                    ));
                }
                _ => {
                    return Err(
                        self.broken(span, format!("\"{name}\" stands above the first [key]"))
                    );
                }
            }
        }
        Ok(())
    }

    fn deletions(&mut self, list: &Toml) -> Result<(), Error> {
        let problem = "expected a list of keys, such as deleted = ['HKCU\\Software\\Vendor']";
        let keys = list
            .as_array()
            .ok_or_else(|| self.broken(list.span(), problem.to_owned()))?;
        for key in keys {
            let path = key
                .as_str()
                .ok_or_else(|| self.broken(key.span(), problem.to_owned()))?;
            let path = path
                .parse()
                .map_err(|error: Error| self.broken(key.span(), error.to_string()))?;
            self.tree.make(&path).deleted = true;
        }
        Ok(())
    }

    fn table(&mut self, path: &KeyPath, table: &Table, place: &Place) -> Result<(), Error> {
        let node = self.tree.make(path);
        if !table.is_implicit() {
            node.tables.push(place.clone());
        }
        self.tree.mark_present(path.folded());
        self.items(path, table, place, "")
    }

    /// Reads what is in a table. `prefix` is what stands before the last dot of an unquoted name: `vidc.` of `vidc.cvid`.
    fn items(
        &mut self,
        path: &KeyPath,
        table: &Table,
        place: &Place,
        prefix: &str,
    ) -> Result<(), Error> {
        for (name, item) in table {
            let span = table.key(name).and_then(toml_edit::Key::span);
            let place = [&place[..], &[name.to_owned()]].concat();
            match item {
                Item::Table(dotted) if dotted.is_dotted() => {
                    self.items(path, dotted, &place, &format!("{prefix}{name}."))?;
                }
                Item::Table(below) => {
                    let path = path
                        .join(name)
                        .map_err(|error| self.broken(span, error.to_string()))?;
                    self.table(&path, below, &place)?;
                }
                Item::Value(value) => {
                    self.value(path, format!("{prefix}{name}"), value, place, span)?
                }
                _ => {
                    return Err(self.broken(
                        span,
                        format!("expected one [{name}], found a list of tables"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        path: &KeyPath,
        name: String,
        value: &Toml,
        place: Place,
        span: Option<Range<usize>>,
    ) -> Result<(), Error> {
        let (line, column) = self.lines.position(span.clone());
        let folded = fold(&name);
        let node = self.tree.make(path);
        if let Some(first) = node.slot(&folded) {
            let problem = format!("\"{name}\" is already in [{path}], at line {}", first.line);
            return Err(self.broken(span, problem));
        }
        node.index.insert(folded, node.values.len());
        node.values.push(Slot {
            name,
            content: form::read(value),
            line,
            column,
            place,
        });
        Ok(())
    }

    fn broken(&self, span: Option<Range<usize>>, problem: String) -> Error {
        let (line, column) = self.lines.position(span);
        Error::Broken {
            file: self.file.to_owned(),
            line,
            column,
            problem,
        }
    }
}

/// Where the lines of a text start, to say where things are in it.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self {
            text: text.as_bytes(),
            starts: [0].into_iter().chain(ends.map(|(at, _)| at + 1)).collect(),
        }
    }

    /// Line and column of a place, counted from 1.
    pub(super) fn position(&self, span: Option<Range<usize>>) -> (usize, usize) {
        let at = span.map_or(0, |span| span.start).min(self.text.len());
        let line = self.starts.partition_point(|&start| start <= at);
        let before = &self.text[self.starts[line - 1]..at];
        // Counting the bytes that start a character takes any slice, also one that a span cut inside a character.
        let column = before.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() + 1;
        (line, column)
    }
}

/// One change of one layer.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    Set(KeyPath, String, Value),
    /// Takes a value away; with the flag, hides that of farther layers.
    Remove(KeyPath, String, bool),
    Create(KeyPath),
    /// Takes a key and all below it away; with the flag, hides those of farther layers.
    RemoveKey(KeyPath, bool),
}

/// The text of a layer after `edits`. What they do not touch stays as it is: comments, order, form.
pub(super) fn edit(text: &str, file: &Path, edits: &[Edit]) -> Result<String, Error> {
    let mut draft = Draft {
        tree: read(text, file)?,
        document: parse_mut(text, file)?,
        file: file.to_owned(),
    };
    for edit in edits {
        draft.apply(edit)?;
    }
    Ok(draft.document.to_string())
}

fn parse_mut(text: &str, file: &Path) -> Result<DocumentMut, Error> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let (line, column) = Lines::of(text).position(error.span());
        Error::Broken {
            file: file.to_owned(),
            line,
            column,
            problem: error.message().to_owned(),
        }
    })
}

struct Draft {
    tree: Node,
    document: DocumentMut,
    file: PathBuf,
}

impl Draft {
    fn apply(&mut self, edit: &Edit) -> Result<(), Error> {
        match edit {
            Edit::Set(key, name, value) => self.put(key, name, form::write(value)),
            Edit::Remove(key, name, true) => self.put(key, name, form::deleted()),
            Edit::Remove(key, name, false) => self.take(key, name),
            Edit::Create(key) => {
                self.table_of(key);
            }
            Edit::RemoveKey(key, hide) => {
                self.take_key(key);
                if *hide {
                    self.hide_key(key)?;
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, key: &KeyPath, name: &str, mut value: Toml) {
        let folded = fold(name);
        let slot = self
            .tree
            .at(key.folded())
            .and_then(|node| node.slot(&folded));
        if let Some(place) = slot.map(|slot| slot.place.clone()) {
            if let Some(Item::Value(old)) = find(&mut self.document, &place) {
                // A value that says the same keeps the form that its writer chose for it.
                if form::read(old) != form::read(&value) {
                    *value.decor_mut() = old.decor().clone();
                    *old = value;
                }
            }
            return;
        }
        let mut place = self.table_of(key);
        if let Some(Item::Table(table)) = find(&mut self.document, &place) {
            table.insert(name, Item::Value(value.clone()));
        }
        place.push(name.to_owned());
        let node = self.tree.make(key);
        node.index.insert(folded, node.values.len());
        node.values.push(Slot {
            name: name.to_owned(),
            content: form::read(&value),
            line: 0,
            column: 0,
            place,
        });
    }

    fn take(&mut self, key: &KeyPath, name: &str) {
        let folded = fold(name);
        let Some(node) = self.tree.at(key.folded()) else {
            return;
        };
        let Some(place) = node.slot(&folded).map(|slot| slot.place.clone()) else {
            return;
        };
        remove(&mut self.document, &place);
        self.tree.make(key).index.remove(&folded);
    }

    fn take_key(&mut self, key: &KeyPath) {
        let Some(node) = self.tree.at(key.folded()) else {
            return;
        };
        for place in node.all_tables() {
            remove(&mut self.document, place);
        }
        let Some((last, above)) = key.folded().split_last() else {
            return;
        };
        let parent = above
            .iter()
            .try_fold(&mut self.tree, |node, name| node.keys.get_mut(name));
        parent.and_then(|parent| parent.keys.remove(last));
    }

    fn hide_key(&mut self, key: &KeyPath) -> Result<(), Error> {
        let list = self
            .document
            .entry(DELETED)
            .or_insert_with(|| toml_edit::value(toml_edit::Array::new()));
        let Some(list) = list.as_array_mut() else {
            let problem = "expected a list of keys behind \"deleted\"".to_owned();
            return Err(Error::Broken {
                file: self.file.clone(),
                line: 1,
                column: 1,
                problem,
            });
        };
        let noted = |item: &Toml| {
            item.as_str()
                .and_then(|path| path.parse().ok())
                .is_some_and(|path: KeyPath| path == *key)
        };
        if !list.iter().any(noted) {
            list.push(key.to_string());
        }
        self.tree.make(key).deleted = true;
        Ok(())
    }

    /// Where the table of a key is, made at the end of the text where it was not.
    fn table_of(&mut self, key: &KeyPath) -> Place {
        let node = self.tree.make(key);
        if let Some(place) = node.tables.first() {
            return place.clone();
        }
        let place = vec![key.to_string()];
        node.tables.push(place.clone());
        self.tree.mark_present(key.folded());
        if let Some(Item::Table(table)) = self.document.get_mut(&place[0]) {
            // It was there without a header of its own, because of a `[name.below]`.
            table.set_implicit(false);
            table.set_position(Some(isize::MAX));
            return place;
        }
        let mut table = Table::new();
        table.set_position(Some(isize::MAX));
        // Comments at the end of the text belong to what stands above them, so the new key comes after them.
        let end = self
            .document
            .trailing()
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if !end.trim().is_empty() {
            table.decor_mut().set_prefix(format!("{end}\n"));
            self.document.set_trailing("");
        }
        self.document.insert(&place[0], Item::Table(table));
        place
    }
}

fn find<'a>(document: &'a mut DocumentMut, place: &[String]) -> Option<&'a mut Item> {
    place.iter().try_fold(document.as_item_mut(), |item, name| {
        item.get_mut(name.as_str())
    })
}

fn remove(document: &mut DocumentMut, place: &[String]) {
    let Some((last, above)) = place.split_last() else {
        return;
    };
    let Some(table) = find(document, above).and_then(Item::as_table_mut) else {
        return;
    };
    table.remove(last);
}
