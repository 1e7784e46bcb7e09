//! `shlwapi.dll`: paths and text, also under the name of `kernelbase.dll`.

mod paths;
mod text;

use crate::shim::Dll;

pub(super) static SHLWAPI: Dll = Dll {
    name: "shlwapi.dll",
    tables: &[paths::SHIMS, text::SHIMS],
    ..Dll::EMPTY
};

#[cfg(test)]
mod tests {
    use crate::bench::Bench;

    const DLL: &str = "shlwapi.dll";

    fn changed(bench: &Bench, name: &str, path: &str, more: Option<&str>) -> String {
        let buffer = bench.bytes(&[path.as_bytes(), &[0; 300]].concat());
        let arguments: Vec<u64> = [buffer]
            .into_iter()
            .chain(more.map(|more| bench.text(more)))
            .collect();
        bench.ask(DLL, name, &arguments);
        bench.with_cx(|cx| cx.text_a(crate::shim::Addr(buffer)).unwrap())
    }

    #[test]
    fn parts_of_paths_are_found() {
        let bench = Bench::new();
        for (path, name, dot) in [
            (r"C:\a.b\file.ext", 7, 11),
            (r"C:\a.b\file", 7, 11),
            ("file.tar.gz", 0, 8),
            ("", 0, 0),
        ] {
            let (ansi, wide) = (bench.text(path), bench.wide(path));
            assert_eq!(
                bench.ask(DLL, "PathFindFileNameA", &[ansi]) - ansi,
                name,
                "{path}"
            );
            assert_eq!(
                bench.ask(DLL, "PathFindFileNameW", &[wide]) - wide,
                name * 2,
                "{path}"
            );
            assert_eq!(
                bench.ask(DLL, "PathFindExtensionA", &[ansi]) - ansi,
                dot,
                "{path}"
            );
        }
    }

    #[test]
    fn paths_are_cut_and_joined() {
        let bench = Bench::new();
        assert_eq!(
            changed(&bench, "PathRemoveFileSpecA", r"C:\a\b.dll", None),
            r"C:\a"
        );
        assert_eq!(
            changed(&bench, "PathRemoveFileSpecA", r"C:\b.dll", None),
            r"C:\"
        );
        assert_eq!(
            changed(&bench, "PathRemoveExtensionA", r"C:\a.b\c.dll", None),
            r"C:\a.b\c"
        );
        assert_eq!(
            changed(&bench, "PathStripPathA", r"C:\a\b.dll", None),
            "b.dll"
        );
        assert_eq!(
            changed(&bench, "PathAddBackslashA", r"C:\a", None),
            r"C:\a\"
        );
        assert_eq!(
            changed(&bench, "PathAppendA", r"C:\a", Some(r"\b")),
            r"C:\a\b"
        );
        assert_eq!(bench.ask(DLL, "PathIsRelativeA", &[bench.text("a\\b")]), 1);
        assert_eq!(bench.ask(DLL, "PathFileExistsA", &[bench.text(r"Z:\")]), 1);
        assert_eq!(
            bench.ask(DLL, "PathFileExistsA", &[bench.text(r"Z:\no such file")]),
            0
        );
    }

    #[test]
    fn texts_are_found_compared_and_read_as_numbers() {
        let bench = Bench::new();
        let text = bench.wide("one TWO three");
        assert_eq!(
            bench.ask(DLL, "StrStrIW", &[text, bench.wide("two")]),
            text + 8
        );
        assert_eq!(bench.ask(DLL, "StrStrW", &[text, bench.wide("two")]), 0);
        assert_eq!(
            bench.ask(DLL, "StrCmpNIA", &[bench.text("ABC"), bench.text("abd"), 2]),
            0
        );
        assert_eq!(
            bench.ask(DLL, "StrToIntA", &[bench.text(" -12x")]) as i32,
            -12
        );
    }
}
