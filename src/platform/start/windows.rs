//! By a named pipe, to a process that inherits no handle at all.
//!
//! `std::process` lets a child inherit every handle that can be: also our stdout, which an SDK reads to its
//! end, so that the SDK would wait for the end of the sign-in (rust-lang/rust#54760). So the process is
//! started by the system's own call, and gets the name of a pipe as an argument: no secret, and nobody else can
//! write there. Its environment is ours: winsafe has no sound way to give it another one.

use crate::platform::command_line;
use crate::secret::random_text;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use winsafe::guard::CloseHandlePiGuard;
use winsafe::{CreateProcess, GetSystemDirectory, STARTUPINFO, co};

/// The argument that names the pipe.
const PIPE: &str = "--starter=";
/// Variables that name a file, as read by us and by rustls-native-certs.
const FILES: [&str; 3] = ["AWS_CONFIG_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR"];
/// How often it is asked whether a child that says nothing has ended.
const ASK: Duration = Duration::from_millis(100);

/// The pipe, and who is to come.
pub struct Way {
    runtime: Runtime,
    pipe: NamedPipeServer,
    child: CloseHandlePiGuard,
    is_open: bool,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Way")
    }
}

pub fn start(command: &mut Command) -> io::Result<Way> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    // Nobody else knows the name; one who took it first is an error, and another user may not write to it.
    let name = format!(r"\\.\pipe\cognito-creds-{}", random_text::<16>().map_err(io::Error::other)?);
    let pipe = {
        let _inside = runtime.enter();
        ServerOptions::new().first_pipe_instance(true).access_outbound(false).create(&name)?
    };
    // From now on the system waits for the child; one that was there and went would be missed otherwise.
    let _ = runtime.block_on(async { timeout(Duration::ZERO, pipe.connect()).await });
    let child = create(command, &name)?;
    Ok(Way { runtime, pipe, child, is_open: false })
}

/// Without a window that flashes up, out of reach of the caller's Ctrl-C, and out of the caller's job,
/// where that lets it go: some tools end the job together with its first process.
fn create(command: &Command, pipe: &str) -> io::Result<CloseHandlePiGuard> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Option<Vec<&str>> = words.map(std::ffi::OsStr::to_str).collect();
    let words = words.ok_or(ErrorKind::InvalidFilename)?;
    let pipe = format!("{PIPE}{pipe}");
    let words: Vec<&str> = words.into_iter().chain([pipe.as_str()]).collect();
    let line = command_line::of(&words);
    let folder = folder(command);
    let apart = co::CREATE::NO_WINDOW | co::CREATE::NEW_PROCESS_GROUP;
    let start = |flags| {
        // With no streams named, the system would give the child ours after all.
        let mut info = STARTUPINFO::default();
        info.dwFlags = co::STARTF::USESTDHANDLES;
        CreateProcess(
            Some(words[0]),
            Some(&line),
            None,
            None,
            false,
            flags,
            &[],
            folder.as_deref(),
            &mut info,
        )
    };
    let started = start(apart | co::CREATE::BREAKAWAY_FROM_JOB).or_else(|_| start(apart));
    started.map_err(|error| io::Error::from_raw_os_error(error.raw().cast_signed()))
}

/// The system's folder in the place of the caller's, which could not be removed while the child runs, or while
/// a browser does that it opened. But where a file is named relative to the caller's folder, by one of the
/// variables or by what the command was to be told, the child stays there, so that the name keeps its meaning.
fn folder(command: &Command) -> Option<String> {
    let is_relative = |name: &&str| {
        std::env::var_os(name).is_some_and(|path| {
            let path = Path::new(&path);
            path.is_relative() && !path.starts_with("~") && path != Path::new("")
        })
    };
    let stays = FILES.iter().any(is_relative) || command.get_envs().next().is_some();
    if stays { None } else { GetSystemDirectory().ok() }
}

impl Read for Way {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { runtime, pipe, child, is_open } = self;
        let read = runtime.block_on(async {
            while !*is_open {
                match timeout(ASK, pipe.connect()).await {
                    Ok(connected) => connected.map(|()| *is_open = true)?,
                    Err(_) if child.hProcess.WaitForSingleObject(Some(0)) != Ok(co::WAIT::TIMEOUT) => {
                        return Ok(0);
                    }
                    Err(_) => {}
                }
            }
            loop {
                pipe.readable().await?;
                match pipe.try_read(buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    read => return read,
                }
            }
        });
        match read {
            // How the other end's closing reads here.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(0),
            read => read,
        }
    }
}

/// The child's side: says its line, if any, and gives up the pipe.
pub fn tell_starter(line: &str) {
    let pipe = std::env::args_os()
        .filter_map(|argument| argument.into_string().ok())
        .find_map(|argument| argument.strip_prefix(PIPE).map(str::to_owned));
    let Some(pipe) = pipe else { return };
    if let Ok(mut pipe) = OpenOptions::new().write(true).open(pipe) {
        // The caller may be gone already; the child goes on without it.
        let _ = pipe.write_all(line.as_bytes());
    }
}
