//! `docs/drivers.md`: every driver of `libwine`, in both widths, and what of it works here.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Both widths, and where their drivers are, from the workspace's root.
const WIDTHS: [(&str, &str); 2] = [
    ("64-bit drivers", "target/drivers/x86_64"),
    ("32-bit drivers", "target/drivers/i386"),
];

/// Makes the document by asking `drv` about each driver.
pub(crate) fn table(root: &Path) -> Result<String> {
    let drv = build_drv(root)?;
    let package = package(root)?;
    let mut text = format!(
        "# Which drivers work\n\n\
         Made by `cargo xtask tables`, which asks `drv imports`, `drv open --times 3` and `drv info` about each driver of\n\
         Debian's `{package}`, in both widths; a test fails when it is stale.\n\
         A missing function does not stop a driver from loading: only calling it is a fault.\n"
    );
    for (title, folder) in WIDTHS {
        text += &section(root, &drv, title, folder)?;
    }
    Ok(text)
}

/// The drivers of one width.
fn section(root: &Path, drv: &Path, title: &str, folder: &str) -> Result<String> {
    let mut rows = String::new();
    let mut counts = [0; 3];
    for file in files(root, folder)? {
        let driver = Driver::ask(root, drv, folder, &file)?;
        counts[0] += usize::from(driver.is_driver);
        counts[1] += usize::from(driver.is_driver && driver.missing.is_empty());
        counts[2] += usize::from(driver.trouble.is_none());
        driver.row(&mut rows)?;
    }
    let [drivers, whole, open] = counts;
    let mut text = format!(
        "\n## {title}\n\n\
         {drivers} drivers: {open} open three instances and close them, {whole} find every function that they import.\n\n\
         | driver | class | imports | three instances | what it says of itself |\n\
         | --- | --- | --- | --- | --- |\n"
    );
    text += &rows;
    Ok(text)
}

/// The package and version that the drivers are of.
pub(crate) fn package(root: &Path) -> Result<String> {
    let manifest = root.join("target/drivers/manifest.txt");
    let manifest = std::fs::read_to_string(manifest)
        .context("no drivers; get them with: cargo xtask drivers")?;
    let line = manifest
        .lines()
        .find(|line| line.contains(" amd64 "))
        .context("the manifest names no package")?;
    Ok(line.split(" amd64 ").next().unwrap_or_default().to_owned())
}

fn build_drv(root: &Path) -> Result<PathBuf> {
    let status = Command::new("cargo")
        .current_dir(root)
        .args([
            "build",
            "--quiet",
            "--package",
            "opendriver-cli",
            "--bin",
            "drv",
        ])
        .status()?;
    ensure!(status.success(), "drv does not build");
    Ok(root.join("target/debug/drv"))
}

fn files(root: &Path, folder: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root.join(folder))
        .context("no drivers; get them with: cargo xtask drivers")?
    {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // A companion of drivers, and none itself.
        if name != "msvfw32.dll" {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}

/// One driver, as `drv` sees it.
struct Driver {
    name: String,
    /// Whether it exports `DriverProc`; printer and display drivers, which are also called `.drv`, do not.
    is_driver: bool,
    class: String,
    imports: usize,
    missing: Vec<String>,
    /// Why three instances did not open and close.
    trouble: Option<String>,
    says: String,
}

impl Driver {
    fn ask(root: &Path, drv: &Path, folder: &str, name: &str) -> Result<Self> {
        let file = format!("{folder}/{name}");
        let ask = |words: &[&str]| Asked::new(root, drv, folder, words);
        let imports = ask(&["imports", &file])?;
        let missing: Vec<String> = imports
            .lines
            .iter()
            .filter(|line| line["state"] == "missing")
            .map(|line| format!("{}!{}", text(line, "dll"), text(line, "symbol")))
            .collect();
        let functions = imports
            .lines
            .iter()
            .filter(|line| line["symbol"].is_string())
            .count();
        let info = ask(&["info", &file])?;
        let described = info.lines.first().cloned().unwrap_or_default();
        let is_driver = described["exports"]
            .as_array()
            .is_some_and(|names| names.iter().any(|name| name == "DriverProc"));
        let open = ask(&["open", &file, "--times", "3"])?;
        Ok(Self {
            name: name.to_owned(),
            is_driver,
            class: text(&described, "class"),
            imports: functions,
            missing,
            trouble: open.trouble,
            says: info.trouble.unwrap_or_else(|| says(&described)),
        })
    }

    fn row(&self, to: &mut String) -> Result<()> {
        let Self {
            name,
            class,
            imports,
            missing,
            says,
            ..
        } = self;
        let imports = match missing.len() {
            0 => format!("all {imports}"),
            count => {
                let first: Vec<&str> = missing.iter().take(3).map(String::as_str).collect();
                let more = if count > first.len() { " ..." } else { "" };
                format!(
                    "{} of {imports}; lacks {}{more}",
                    imports - count,
                    first.join(", ")
                )
            }
        };
        let instances = match &self.trouble {
            None => "yes",
            Some(_) if !self.is_driver => "exports no `DriverProc`: a printer or display driver",
            Some(trouble) => trouble,
        };
        let says = if self.trouble.is_none() {
            says.as_str()
        } else {
            ""
        };
        writeln!(
            to,
            "| `{name}` | {class} | {imports} | {instances} | {says} |"
        )?;
        Ok(())
    }
}

/// What `drv` answered: its lines of JSON, or its first words of complaint.
struct Asked {
    lines: Vec<Value>,
    trouble: Option<String>,
}

impl Asked {
    fn new(root: &Path, drv: &Path, folder: &str, words: &[&str]) -> Result<Self> {
        let output = Command::new(drv)
            .current_dir(root)
            .args(words)
            .args(["--format", "json", "--registry"])
            .arg(root.join("target/drivers/empty.toml"))
            .output()
            .with_context(|| format!("running {}", drv.display()))?;
        let lines = String::from_utf8(output.stdout)?
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .with_context(|| format!("drv {}: {line}", words.join(" ")))
            })
            .collect::<Result<Vec<Value>>>()?;
        let trouble = match output.status.code() {
            Some(0) => None,
            Some(_) => Some(complaint(
                &String::from_utf8_lossy(&output.stderr),
                &root.join(folder),
            )),
            None => bail!("drv {} was killed: {}", words.join(" "), output.status),
        };
        Ok(Self { lines, trouble })
    }
}

/// What `drv` complains of, with its causes, in one line and without the folder.
fn complaint(said: &str, folder: &Path) -> String {
    let causes: Vec<&str> = said
        .lines()
        .filter_map(|line| {
            line.strip_prefix("error: ")
                .or(line.strip_prefix("caused by: "))
        })
        .collect();
    // The folder may be a link, and `drv` tells where a file really is.
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    [&*real, folder]
        .iter()
        .fold(causes.join(": "), |text, folder| {
            text.replace(&format!("{}/", folder.display()), "")
        })
        .replace('"', "`")
        .replace('|', "\\|")
}

/// The names and formats that a driver answers with.
fn says(described: &Value) -> String {
    if let Some(tags) = described["acm"]["format_tags"].as_array() {
        let tags: Vec<String> = tags.iter().map(|tag| text(tag, "name")).collect();
        return format!(
            "{}: {}",
            text(&described["acm"], "long_name"),
            tags.join(", ")
        );
    }
    if described["vfw"].is_object() {
        let vfw = &described["vfw"];
        return format!("{}: {}", text(vfw, "description"), text(vfw, "handler"));
    }
    text(&described["mci"], "device")
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{package, table};

    #[test]
    fn the_table_of_drivers_is_fresh() {
        let root = crate::root();
        let committed = std::fs::read_to_string(root.join("docs/drivers.md")).unwrap_or_default();
        let package = package(&root).unwrap();
        // Another release of Debian has other drivers; the document speaks of one.
        if !committed.is_empty() && !committed.contains(&package) {
            println!(
                "docs/drivers.md speaks of another package than {package}, which is not compared"
            );
            return;
        }
        let fresh = table(&root).unwrap();
        assert!(
            committed == fresh,
            "docs/drivers.md is stale: run `cargo xtask tables` and commit what it writes"
        );
    }
}
