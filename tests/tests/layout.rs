//! The structures that drivers share with us are laid out as C compilers for Windows lay them out.

use std::fmt::Write as _;
use std::fs;

use opendriver_abi::structures::*;
use opendriver_tests::compilers;

/// What the headers of mingw lack, by its documented declaration.
const MISSING: &str = r"
#include <stddef.h>
#include <windows.h>
#include <mmsystem.h>
#include <mmreg.h>
#include <mmddk.h>
#include <msacm.h>
#include <vfw.h>

#pragma pack(push, 1)
typedef struct {
    DWORD cbStruct; FOURCC fccType, fccComp; DWORD dwVersion, dwFlags, dwError;
    LPCWSTR pszSectionName, pszAliasName; DWORD dnDevNode;
} ACMDRVOPENDESCW;
typedef struct {
    DWORD cbStruct, fdwSuggest; LPWAVEFORMATEX pwfxSrc; DWORD cbwfxSrc; LPWAVEFORMATEX pwfxDst; DWORD cbwfxDst;
} ACMDRVFORMATSUGGEST;
typedef struct {
    DWORD cbStruct; LPWAVEFORMATEX pwfxSrc, pwfxDst; LPWAVEFILTER pwfltr; DWORD_PTR dwCallback, dwInstance;
    DWORD fdwOpen, fdwDriver; DWORD_PTR dwDriver; HACMSTREAM has;
} ACMDRVSTREAMINSTANCE;
typedef struct { DWORD cbStruct, fdwSize, cbSrcLength, cbDstLength; } ACMDRVSTREAMSIZE;
typedef struct ACMDRVSTREAMHEADER {
    DWORD cbStruct, fdwStatus; DWORD_PTR dwUser; LPBYTE pbSrc; DWORD cbSrcLength, cbSrcLengthUsed; DWORD_PTR dwSrcUser;
    LPBYTE pbDst; DWORD cbDstLength, cbDstLengthUsed; DWORD_PTR dwDstUser;
    DWORD fdwConvert; struct ACMDRVSTREAMHEADER *padshNext; DWORD fdwDriver; DWORD_PTR dwDriver;
    DWORD fdwPrepared; DWORD_PTR dwPrepared; LPBYTE pbPreparedSrc; DWORD cbPreparedSrcLength;
    LPBYTE pbPreparedDst; DWORD cbPreparedDstLength;
} ACMDRVSTREAMHEADER;
typedef struct { WORD length, hDriver, hModule; char szAliasName[128]; } DRIVERINFOSTRUCT;
#pragma pack(pop)

typedef struct {
    DWORD cbStruct, fdwSuggest; LPWAVEFORMATEX pwfxSrc; DWORD cbwfxSrc; LPWAVEFORMATEX pwfxDst; DWORD cbwfxDst;
} aligned_ACMDRVFORMATSUGGEST;
typedef struct {
    DWORD cbStruct; LPWAVEFORMATEX pwfxSrc, pwfxDst; LPWAVEFILTER pwfltr; DWORD_PTR dwCallback, dwInstance;
    DWORD fdwOpen, fdwDriver; DWORD_PTR dwDriver; HACMSTREAM has;
} aligned_ACMDRVSTREAMINSTANCE;
typedef struct aligned_ACMDRVSTREAMHEADER {
    DWORD cbStruct, fdwStatus; DWORD_PTR dwUser; LPBYTE pbSrc; DWORD cbSrcLength, cbSrcLengthUsed; DWORD_PTR dwSrcUser;
    LPBYTE pbDst; DWORD cbDstLength, cbDstLengthUsed; DWORD_PTR dwDstUser;
    DWORD fdwConvert; struct aligned_ACMDRVSTREAMHEADER *padshNext; DWORD fdwDriver; DWORD_PTR dwDriver;
    DWORD fdwPrepared; DWORD_PTR dwPrepared; LPBYTE pbPreparedSrc; DWORD cbPreparedSrcLength;
    LPBYTE pbPreparedDst; DWORD cbPreparedDstLength;
} aligned_ACMDRVSTREAMHEADER;

typedef char the_sizes_are_equal[sizeof(ACMDRVSTREAMHEADER) == sizeof(ACMSTREAMHEADER) ? 1 : -1];
";

fn assert_layout<S: Structure>(text: &mut String) {
    let (name, size) = (S::NAME, S::SIZE);
    writeln!(
        text,
        "_Static_assert(sizeof({name}) == {size}, \"{name}\");"
    )
    .unwrap();
    for Field {
        name: field,
        offset,
        size,
    } in S::FIELDS
    {
        writeln!(
            text,
            "_Static_assert(offsetof({name}, {field}) == {offset}, \"{name}.{field}\");\n\
             _Static_assert(sizeof((({name} *)0)->{field}) == {size}, \"{name}.{field}\");"
        )
        .unwrap();
    }
}

fn assertions<P: Address>() -> String {
    let mut text = MISSING.to_owned();
    assert_layout::<DrvConfigInfo<P>>(&mut text);
    assert_layout::<DriverInfo>(&mut text);
    assert_layout::<MciOpenDriverParms<P>>(&mut text);
    assert_layout::<WaveFormatEx>(&mut text);
    assert_layout::<BitmapInfoHeader>(&mut text);
    assert_layout::<AcmDrvOpenDesc<P>>(&mut text);
    assert_layout::<AcmDriverDetails<P>>(&mut text);
    assert_layout::<AcmFormatTagDetails>(&mut text);
    assert_layout::<AcmFormatDetails<P>>(&mut text);
    assert_layout::<AcmFilterTagDetails>(&mut text);
    assert_layout::<AcmFilterDetails<P>>(&mut text);
    assert_layout::<WaveFilter>(&mut text);
    assert_layout::<AcmDrvFormatSuggest<P>>(&mut text);
    assert_layout::<AcmDrvStreamInstance<P>>(&mut text);
    assert_layout::<AcmDrvStreamSize>(&mut text);
    assert_layout::<AcmDrvStreamHeader<P>>(&mut text);
    assert_layout::<aligned::AcmDrvFormatSuggest<P>>(&mut text);
    assert_layout::<aligned::AcmDrvStreamInstance<P>>(&mut text);
    assert_layout::<aligned::AcmDrvStreamHeader<P>>(&mut text);
    assert_layout::<IcOpen<P>>(&mut text);
    assert_layout::<IcInfo>(&mut text);
    assert_layout::<IcCompress<P>>(&mut text);
    assert_layout::<IcCompressFrames<P>>(&mut text);
    assert_layout::<IcDecompress<P>>(&mut text);
    assert_layout::<IcDecompressEx<P>>(&mut text);
    assert_layout::<IcSetStatusProc<P>>(&mut text);
    assert_layout::<IcDrawBegin<P>>(&mut text);
    assert_layout::<IcDraw<P>>(&mut text);
    assert_layout::<IcDrawSuggest<P>>(&mut text);
    assert_layout::<CompVars<P>>(&mut text);
    text
}

/// What the structures of the Windows process are declared in, and those that mingw's headers lack.
const WINDOWS: &str = r"
#include <stddef.h>
#include <windows.h>
#include <winternl.h>
#include <psapi.h>
#include <dmo.h>

typedef struct { ULONG SizeOfBitMap; PULONG Buffer; } RTL_BITMAP;
";

/// The structures of the Windows process as drivers of one width have them.
fn process_structures(width: usize) -> String {
    let mut text = WINDOWS.to_owned();
    for layout in opendriver_win32::layouts() {
        let (name, size) = (layout.name, layout.sizes[width]);
        writeln!(
            text,
            "_Static_assert(sizeof({name}) == {size}, \"{name}\");"
        )
        .unwrap();
        for field in layout.fields {
            let (field, offset, size) = (field.name, field.offsets[width], field.sizes[width]);
            writeln!(
                text,
                "_Static_assert(offsetof({name}, {field}) == {offset}, \"{name}.{field}\");\n\
                 _Static_assert(sizeof((({name} *)0)->{field}) == {size}, \"{name}.{field}\");"
            )
            .unwrap();
        }
    }
    text
}

/// The same structures as the headers for drivers in C declare them.
fn declared<P: Address>() -> String {
    let include = opendriver_tests::root().join("include");
    let mut text = String::from("#include <stddef.h>\n");
    for header in ["opendriver-acm.h", "opendriver-vfw.h"] {
        writeln!(text, "#include \"{}\"", include.join(header).display()).unwrap();
    }
    assert_layout::<DrvConfigInfo<P>>(&mut text);
    assert_layout::<WaveFormatEx>(&mut text);
    assert_layout::<WaveFilter>(&mut text);
    assert_layout::<AcmDrvOpenDesc<P>>(&mut text);
    assert_layout::<AcmDriverDetails<P>>(&mut text);
    assert_layout::<AcmFormatTagDetails>(&mut text);
    assert_layout::<AcmFormatDetails<P>>(&mut text);
    assert_layout::<AcmDrvFormatSuggest<P>>(&mut text);
    assert_layout::<AcmDrvStreamInstance<P>>(&mut text);
    assert_layout::<AcmDrvStreamSize>(&mut text);
    assert_layout::<AcmDrvStreamHeader<P>>(&mut text);
    assert_layout::<BitmapInfoHeader>(&mut text);
    assert_layout::<IcOpen<P>>(&mut text);
    assert_layout::<IcInfo>(&mut text);
    assert_layout::<IcCompress<P>>(&mut text);
    assert_layout::<IcCompressFrames<P>>(&mut text);
    assert_layout::<IcDecompress<P>>(&mut text);
    assert_layout::<IcDecompressEx<P>>(&mut text);
    numbers(&mut text);
    text
}

/// Holds every number of a message or an answer that a header has against ours.
fn numbers(text: &mut String) {
    use opendriver_abi::{Class, Message, answer};

    for &class in Class::ALL {
        for number in 0..0x7000 {
            if let Some(name) = Message(number).name(class) {
                writeln!(
                    text,
                    "#ifdef {name}\n_Static_assert({name} == {number}, \"{name}\");\n#endif"
                )
                .unwrap();
            }
        }
    }
    for number in -500..1000 {
        for name in [answer::multimedia_name(number), answer::video_name(number)]
            .into_iter()
            .flatten()
        {
            writeln!(
                text,
                "#ifdef {name}\n_Static_assert({name} == {number}, \"{name}\");\n#endif"
            )
            .unwrap();
        }
    }
}

#[test]
fn the_headers_for_drivers_in_c_have_the_same_structures_and_numbers() {
    for windows in ["", "#include <windows.h>\n"] {
        let text = format!("{windows}{}", declared::<u64>());
        compile("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64", &text);
        let text = format!("{windows}{}", declared::<u32>());
        compile("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686", &text);
    }
    compile("gcc", "gcc", &declared::<u64>());
}

/// Names that applications see too: ours, held against the values that mingw's headers give them.
#[test]
fn numbers_in_the_headers_for_drivers_in_c_are_those_of_the_system() {
    let mut text = String::from(
        "#include <windows.h>\n#include <mmreg.h>\n#include <msacm.h>\n#include <vfw.h>\n",
    );
    let mut count = 0;
    for header in [
        "opendriver-driver.h",
        "opendriver-acm.h",
        "opendriver-vfw.h",
    ] {
        let path = opendriver_tests::root().join("include").join(header);
        for line in fs::read_to_string(path).unwrap().lines() {
            let mut words = line.strip_prefix("#define ").unwrap_or_default().split(' ');
            let (name, value) = (words.next().unwrap(), words.next().unwrap_or_default());
            if value.starts_with(|first: char| first.is_ascii_digit() || first == '(') {
                count += 1;
                let value = line.split("/*").next().unwrap();
                let value = value.splitn(3, ' ').nth(2).unwrap();
                writeln!(
                    text,
                    "#ifdef {name}\n_Static_assert(({name}) == ({value}), \"{name}\");\n#endif"
                )
                .unwrap();
            }
        }
    }
    assert!(count > 100, "{count}");
    compile("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64", &text);
}

fn compile(compiler: &str, package: &str, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("layout.c");
    fs::write(&source, text).unwrap();
    let object = folder.path().join("layout.o");
    compilers::compile(
        compiler,
        package,
        &[source.to_str().unwrap()],
        &object,
        &["-c"],
    );
}

#[test]
fn structures_of_64_bit_drivers_are_laid_out_as_in_c() {
    compile(
        "x86_64-w64-mingw32-gcc",
        "gcc-mingw-w64-x86-64",
        &assertions::<u64>(),
    );
}

#[test]
fn structures_of_32_bit_drivers_are_laid_out_as_in_c() {
    compile(
        "i686-w64-mingw32-gcc",
        "gcc-mingw-w64-i686",
        &assertions::<u32>(),
    );
}

#[test]
fn structures_of_the_process_are_laid_out_as_in_c() {
    assert!(opendriver_win32::layouts().len() > 20);
    let compilers = [
        ("i686-w64-mingw32-gcc", "gcc-mingw-w64-i686"),
        ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
    ];
    for (width, (compiler, package)) in compilers.into_iter().enumerate() {
        compile(compiler, package, &process_structures(width));
    }
}

#[test]
fn numbers_of_messages_and_answers_are_those_of_the_headers() {
    use opendriver_abi::answer;

    // The headers have no names for what only drivers of audio codecs see, among others.
    let mut text = MISSING.to_owned();
    numbers(&mut text);
    for (name, value) in [
        ("DRVCNF_RESTART", answer::DRVCNF_RESTART),
        ("MMSYSERR_NOTSUPPORTED", answer::MMSYSERR_NOTSUPPORTED),
        ("MMSYSERR_HANDLEBUSY", answer::MMSYSERR_HANDLEBUSY),
        ("ACMERR_CANCELED", answer::ACMERR_CANCELED),
        ("ICERR_UNSUPPORTED", answer::ICERR_UNSUPPORTED),
        ("ICERR_BADIMAGESIZE", answer::ICERR_BADIMAGESIZE),
        (
            "MCIERR_UNSUPPORTED_FUNCTION",
            answer::MCIERR_UNSUPPORTED_FUNCTION,
        ),
    ] {
        writeln!(text, "_Static_assert({name} == {value}, \"{name}\");").unwrap();
    }
    compile("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64", &text);
}

#[test]
fn what_a_host_offers_is_laid_out_as_the_header_says() {
    use opendriver_abi::services::*;
    use std::mem::offset_of;

    let fields = [
        ("size", offset_of!(HostTable, size)),
        ("context", offset_of!(HostTable, context)),
        ("open", offset_of!(HostTable, open)),
        ("send", offset_of!(HostTable, send)),
        ("close", offset_of!(HostTable, close)),
        ("read_setting", offset_of!(HostTable, read_setting)),
        ("write_setting", offset_of!(HostTable, write_setting)),
        ("read_memory", offset_of!(HostTable, read_memory)),
        ("write_memory", offset_of!(HostTable, write_memory)),
        ("report", offset_of!(HostTable, report)),
    ];
    let header = opendriver_tests::root().join("include/opendriver-driver.h");
    let mut text = format!("#include \"{}\"\n", header.display());
    for (field, offset) in fields {
        writeln!(
            text,
            "_Static_assert(offsetof(OpendriverHost, {field}) == {offset}, \"{field}\");"
        )
        .unwrap();
    }
    for (what, value) in [
        ("sizeof(OpendriverHost)", size_of::<HostTable>()),
        ("OPENDRIVER_SETTING_TEXT", SETTING_TEXT as usize),
        ("OPENDRIVER_SETTING_INTEGER", SETTING_INTEGER as usize),
        ("OPENDRIVER_SETTING_BINARY", SETTING_BINARY as usize),
    ] {
        writeln!(text, "_Static_assert({what} == {value}, \"{what}\");").unwrap();
    }
    compile("gcc", "gcc", &text);
}
