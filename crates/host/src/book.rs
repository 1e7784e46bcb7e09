//! Who is open by which name: what a listing tells, and no message needs.

use std::sync::Arc;

use crate::module::Module;

/// One line for each handle that is out, by the index of its entry.
#[derive(Debug, Default)]
pub(crate) struct Book {
    lines: Vec<Option<Line>>,
    counted: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Counts up as instances get to their `DRV_OPEN`.
    pub(crate) order: u64,
    pub(crate) module: Arc<Module>,
    /// The name that the instance was opened by.
    pub(crate) name: Arc<str>,
}

impl Book {
    /// Writes a line for an instance on its way in.
    pub(crate) fn enter(&mut self, index: usize, module: Arc<Module>, name: Arc<str>) {
        if self.lines.len() <= index {
            self.lines.resize_with(index + 1, || None);
        }
        self.counted += 1;
        self.lines[index] = Some(Line {
            order: self.counted,
            module,
            name,
        });
    }

    /// Moves an instance behind those that got here before it.
    pub(crate) fn queue(&mut self, index: usize) {
        self.counted += 1;
        if let Some(Some(line)) = self.lines.get_mut(index) {
            line.order = self.counted;
        }
    }

    /// Strikes an instance out.
    pub(crate) fn strike(&mut self, index: usize) {
        if let Some(line) = self.lines.get_mut(index) {
            *line = None;
        }
    }

    /// The line of an instance.
    pub(crate) fn line(&self, index: usize) -> Option<&Line> {
        self.lines.get(index)?.as_ref()
    }

    /// All lines, in opening order, with the indexes of their entries.
    pub(crate) fn in_order(&self) -> Vec<(usize, Line)> {
        let lines = self.lines.iter().enumerate();
        let mut lines: Vec<_> = lines
            .filter_map(|(index, line)| Some((index, line.clone()?)))
            .collect();
        lines.sort_by_key(|(_, line)| line.order);
        lines
    }
}
