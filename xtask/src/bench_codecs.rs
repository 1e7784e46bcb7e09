//! Whole files: `drv convert` against an application that does the same under Wine with the same driver, and ffmpeg beside them.
//!
//! All alternate in one run, so that what disturbs one disturbs the others. Drivers of both widths are measured: under Wine, 32-bit
//! drivers are run by 32-bit programs, in its own 64-bit process (wow64) as they are in ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::warm_wine::{WarmWine, windows_path};

/// How often each is run; the fastest counts.
const ROUNDS: usize = 3;

/// One conversion: what it is called, the word for its medium, the driver, the words for `drv convert`, those for the program
/// under Wine (its name, what comes before the files and what comes after), and those for ffmpeg, if it can.
struct Job {
    name: &'static str,
    medium: &'static str,
    driver: &'static str,
    ours: &'static [&'static str],
    program: &'static str,
    before: &'static [&'static str],
    after: &'static [&'static str],
    ffmpeg: &'static [&'static str],
}

const fn decode_sound(name: &'static str, medium: &'static str, driver: &'static str) -> Job {
    Job {
        name,
        medium,
        driver,
        ours: &["--to", "pcm"],
        program: "sound",
        before: &[],
        after: &[],
        ffmpeg: &["-f", "s16le"],
    }
}

const fn encode_sound(
    name: &'static str,
    driver: &'static str,
    ours: &'static [&'static str],
    after: &'static [&'static str],
    ffmpeg: &'static [&'static str],
) -> Job {
    Job {
        name,
        medium: "sound:Pcm:1:8000:28800000",
        driver,
        ours,
        program: "sound",
        before: &[],
        after,
        ffmpeg,
    }
}

const fn decode_pictures(
    name: &'static str,
    medium: &'static str,
    driver: &'static str,
    handler: &'static [&'static str],
    ffmpeg: &'static [&'static str],
) -> Job {
    Job {
        name,
        medium,
        driver,
        ours: &["--to", "avi"],
        program: "pictures",
        before: handler,
        after: &[],
        ffmpeg,
    }
}

const fn encode_pictures(name: &'static str, medium: &'static str) -> Job {
    Job {
        name,
        medium,
        driver: "msrle32.dll",
        ours: &["--to", "avi", "--video", "mrle", "--key-every", "1"],
        program: "pictures",
        before: &["mrle"],
        after: &["compress", "10000"],
        ffmpeg: &[],
    }
}

const BGR24: &[&str] = &["-f", "rawvideo", "-pix_fmt", "bgr24"];
const RGB555: &[&str] = &["-f", "rawvideo", "-pix_fmt", "rgb555le"];
const PALETTE: &[&str] = &["-f", "rawvideo", "-pix_fmt", "pal8"];

const SOUND: [Job; 10] = [
    decode_sound(
        "MS ADPCM, 44.1 kHz stereo",
        "sound:MsAdpcm:2:44100:158760000",
        "msadp32.acm",
    ),
    decode_sound(
        "IMA ADPCM, 44.1 kHz stereo",
        "sound:ImaAdpcm:2:44100:158760000",
        "imaadp32.acm",
    ),
    decode_sound(
        "MP3, 44.1 kHz stereo",
        "sound:Mp3:2:44100:158760000",
        "l3codeca.acm",
    ),
    decode_sound("A-law, 8 kHz", "sound:ALaw:1:8000:28800000", "msg711.acm"),
    decode_sound("mu-law, 8 kHz", "sound:MuLaw:1:8000:28800000", "msg711.acm"),
    decode_sound(
        "GSM 6.10, 8 kHz",
        "sound:Gsm:1:8000:28800000",
        "msgsm32.acm",
    ),
    encode_sound(
        "to IMA ADPCM, 8 kHz",
        "imaadp32.acm",
        &["--to", "wav", "--audio", "ima"],
        &["11000100401f0000d70f0000000104000200f901"],
        &["-c:a", "adpcm_ima_wav", "-f", "wav"],
    ),
    encode_sound(
        "to A-law, 8 kHz",
        "msg711.acm",
        &["--to", "wav", "--audio", "alaw"],
        &["06000100401f0000401f0000010008000000"],
        &["-c:a", "pcm_alaw", "-f", "wav"],
    ),
    encode_sound(
        "to mu-law, 8 kHz",
        "msg711.acm",
        &["--to", "wav", "--audio", "mulaw"],
        &["07000100401f0000401f0000010008000000"],
        &["-c:a", "pcm_mulaw", "-f", "wav"],
    ),
    encode_sound(
        "to GSM 6.10, 8 kHz",
        "msgsm32.acm",
        &["--to", "wav", "--audio", "gsm"],
        &["31000100401f0000590600004100000002004001"],
        &["-c:a", "libgsm_ms", "-f", "wav"],
    ),
];

const PICTURES: [Job; 10] = [
    decode_pictures(
        "Cinepak, 640x480",
        "video:Cinepak:640:480:300",
        "iccvid.dll",
        &["cvid"],
        BGR24,
    ),
    decode_pictures(
        "Cinepak, 1920x1080",
        "video:Cinepak:1920:1080:60",
        "iccvid.dll",
        &["cvid"],
        BGR24,
    ),
    decode_pictures(
        "Video 1 of 16 bits, 640x480",
        "video:Video1:640:480:300",
        "msvidc32.dll",
        &["cram"],
        RGB555,
    ),
    decode_pictures(
        "Video 1 of 16 bits, 1920x1080",
        "video:Video1:1920:1080:60",
        "msvidc32.dll",
        &["cram"],
        RGB555,
    ),
    decode_pictures(
        "Video 1 of 8 bits, 640x480",
        "video:PaletteVideo1:640:480:300",
        "msvidc32.dll",
        &["cram"],
        PALETTE,
    ),
    decode_pictures(
        "Video 1 of 8 bits, 1920x1080",
        "video:PaletteVideo1:1920:1080:60",
        "msvidc32.dll",
        &["cram"],
        PALETTE,
    ),
    decode_pictures(
        "RLE of 8 bits, 640x480",
        "video:Rle8:640:480:300",
        "msrle32.dll",
        &["mrle"],
        PALETTE,
    ),
    decode_pictures(
        "RLE of 8 bits, 1920x1080",
        "video:Rle8:1920:1080:60",
        "msrle32.dll",
        &["mrle"],
        PALETTE,
    ),
    encode_pictures("to RLE of 8 bits, 640x480", "video:Rgb8:640:480:300"),
    encode_pictures("to RLE of 8 bits, 1920x1080", "video:Rgb8:1920:1080:60"),
];

/// Measures and prints the tables.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    let bench = Bench::new(shell)?;
    println!("\none hour of sound, whole processes, fastest of {ROUNDS}, alternating\n");
    bench.table(shell, &SOUND)?;
    println!(
        "\n300 pictures of 640x480, 60 of 1920x1080, whole processes, fastest of {ROUNDS}, alternating\n"
    );
    bench.table(shell, &PICTURES)?;
    println!("\nour own share, in one process\n");
    cmd!(
        shell,
        "cargo bench --quiet --package opendriver-tests --bench share"
    )
    .quiet()
    .run()?;
    println!("\n8 films of Cinepak, 640x480, 300 pictures each\n");
    bench.batch(shell)
}

struct Bench {
    drv: PathBuf,
    programs: PathBuf,
    drivers: PathBuf,
    /// Where files are written: memory, where the system has a file system for that.
    output: tempfile::TempDir,
    wine: WarmWine,
}

/// How wide addresses are, by the names that compilers and folders of drivers have for it.
#[derive(Clone, Copy)]
struct World {
    compiler: &'static str,
    folder: &'static str,
}

const WORLDS: [World; 2] = [
    World {
        compiler: "x86_64-w64-mingw32-gcc",
        folder: "x86_64",
    },
    World {
        compiler: "i686-w64-mingw32-gcc",
        folder: "i386",
    },
];

impl Bench {
    fn new(shell: &Shell) -> Result<Self> {
        let programs = shell.current_dir().join("target/bench");
        cmd!(
            shell,
            "cargo build --quiet --release --package opendriver-cli --bin drv"
        )
        .quiet()
        .run()?;
        let drivers = shell.current_dir().join("target/drivers");
        for World { compiler, folder } in WORLDS {
            shell.create_dir(programs.join(folder))?;
            for (program, libraries) in [
                ("sound", ["-lwinmm", "-lmsacm32"].as_slice()),
                ("pictures", &["-lwinmm", "-lmsvfw32", "-lavifil32"]),
            ] {
                let to = programs.join(folder).join(program).with_extension("exe");
                cmd!(
                    shell,
                    "{compiler} -O2 -o {to} tests/oracle/{program}.c {libraries...}"
                )
                .quiet()
                .run()?;
            }
            let drivers = drivers.join(folder);
            ensure!(
                drivers.is_dir(),
                "{} is missing; get it with: cargo xtask drivers",
                drivers.display()
            );
        }
        let memory = Path::new("/dev/shm");
        let output = match memory.is_dir() {
            true => tempfile::tempdir_in(memory)?,
            false => tempfile::tempdir_in(&programs)?,
        };
        Ok(Self {
            drv: shell.current_dir().join("target/release/drv"),
            wine: WarmWine::start(&programs, &drivers.join("wine"))?,
            programs,
            drivers,
            output,
        })
    }

    fn table(&self, shell: &Shell, jobs: &[Job]) -> Result<()> {
        let media = media(shell, jobs.iter().map(|job| job.medium))?;
        println!(
            "| what | 64 bits | Wine, 64 bits | ratio | 32 bits | Wine, 32 bits | ratio | 32 to 64 bits | ffmpeg |"
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for (job, medium) in jobs.iter().zip(media) {
            let output = self.output.path().join("output");
            let mut commands = Vec::new();
            for world in WORLDS {
                commands.push(self.ours(job, world, &medium, &output));
                commands.push(self.theirs(job, world, &medium, &output));
            }
            if !job.ffmpeg.is_empty() {
                let mut ffmpeg = Command::new("ffmpeg");
                ffmpeg
                    .args(["-nostdin", "-v", "error", "-y", "-i"])
                    .arg(&medium);
                ffmpeg.args(["-vsync", "0"]).args(job.ffmpeg).arg(&output);
                commands.push(ffmpeg);
            }
            let mut fastest = [Duration::MAX; 5];
            for _ in 0..ROUNDS {
                for (command, fastest) in commands.iter_mut().zip(&mut fastest) {
                    *fastest = time(command)?.min(*fastest);
                    fs::remove_file(&output).with_context(|| format!("{command:?}"))?;
                }
            }
            let [ours, theirs, ours_32, theirs_32, ffmpeg] = fastest;
            let ratio = |long: Duration, short: Duration| long.as_secs_f64() / short.as_secs_f64();
            let ffmpeg = match ffmpeg {
                Duration::MAX => String::new(),
                time => seconds(time),
            };
            println!(
                "| {} | {} | {} | {:.2} | {} | {} | {:.2} | {:.2} | {ffmpeg} |",
                job.name,
                seconds(ours),
                seconds(theirs),
                ratio(theirs, ours),
                seconds(ours_32),
                seconds(theirs_32),
                ratio(theirs_32, ours_32),
                ratio(ours_32, ours),
            );
        }
        Ok(())
    }

    fn ours(&self, job: &Job, world: World, medium: &Path, output: &Path) -> Command {
        let mut command = Command::new(&self.drv);
        command
            .arg("convert")
            .arg(medium)
            .arg(output)
            .args(job.ours);
        command.arg("--driver").arg(self.driver(job, world));
        command
    }

    fn theirs(&self, job: &Job, world: World, medium: &Path, output: &Path) -> Command {
        let program = self.programs.join(world.folder).join(job.program);
        let mut command = self.wine.command(&program.with_extension("exe"));
        command.arg(windows_path(&self.driver(job, world)));
        command.args(job.before);
        command.args([windows_path(medium), windows_path(output)]);
        command.args(job.after);
        command
    }

    fn driver(&self, job: &Job, world: World) -> PathBuf {
        self.drivers.join(world.folder).join(job.driver)
    }

    /// Many files, one after the other and two at once.
    fn batch(&self, shell: &Shell) -> Result<()> {
        let film = media(shell, ["video:Cinepak:640:480:300"])?.remove(0);
        let films = self.output.path().join("films");
        fs::create_dir(&films)?;
        for number in 0..8 {
            fs::copy(&film, films.join(format!("{number}.avi")))?;
        }
        let converted = self.output.path().join("converted");
        let mut fastest = [Duration::MAX; 2];
        for _ in 0..ROUNDS {
            for (fastest, jobs) in fastest.iter_mut().zip(["1", "2"]) {
                let mut command = Command::new(&self.drv);
                command.args(["convert", "--to", "raw", "--jobs", jobs, "--batch"]);
                command.arg(&films).arg("--out").arg(&converted);
                command
                    .arg("--driver")
                    .arg(self.drivers.join("x86_64/iccvid.dll"));
                *fastest = time(&mut command)?.min(*fastest);
                fs::remove_dir_all(&converted)?;
            }
        }
        let [one, two] = fastest;
        let ratio = one.as_secs_f64() / two.as_secs_f64();
        println!("| `--jobs 1` | `--jobs 2` | ratio |\n| ---: | ---: | ---: |");
        println!("| {} | {} | {ratio:.2} |", seconds(one), seconds(two));
        Ok(())
    }
}

/// Has test media made, and answers where they are.
fn media<'a>(shell: &Shell, words: impl IntoIterator<Item = &'a str>) -> Result<Vec<PathBuf>> {
    let words: Vec<&str> = words.into_iter().collect();
    let paths = cmd!(
        shell,
        "cargo run --quiet --package opendriver-tests --example media -- {words...}"
    )
    .quiet()
    .read()?;
    Ok(paths.lines().map(PathBuf::from).collect())
}

/// How long a process takes from start to end.
fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    // Not even errors are read: what Wine starts beside the program would hold a pipe open.
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let elapsed = start.elapsed();
    let status = status.with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(elapsed)
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
