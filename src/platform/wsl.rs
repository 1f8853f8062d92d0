//! Linux inside Windows (WSL): whether this is it, and which programs of Windows can be started from here.
//!
//! Read only where a browser is to be opened or a person is told something, never by a call that has
//! its credentials.

use std::fs;
use std::path::{Path, PathBuf};

/// The names under which WSL tells the kernel to run programs of Windows; with systemd it is the second.
const ENTRIES: [&str; 2] =
    ["/proc/sys/fs/binfmt_misc/WSLInterop", "/proc/sys/fs/binfmt_misc/WSLInterop-late"];
/// Where each session's way to Windows lies.
const SOCKETS: &str = "/run/WSL";
/// The variable that names this session's.
pub const SOCKET: &str = "WSL_INTEROP";
/// The variable of whatever Windows started here: a terminal, an editor. Services and SSH sessions lack it.
pub const SESSION: &str = "WSL_DISTRO_NAME";

/// What the machine shows of itself.
#[derive(Debug, Clone, Copy, Default)]
struct Seen<'a> {
    /// `/proc/sys/kernel/osrelease`.
    kernel: &'a str,
    /// Whether a variable or the folder of WSL is there.
    marks: bool,
    /// The kernel's entries for programs of Windows, those that are there.
    entries: &'a [String],
    /// `/proc/self/mounts`.
    mounts: &'a str,
}

/// A Linux that runs inside Windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wsl {
    /// Whether programs of Windows can be started from here; `/etc/wsl.conf` can forbid it.
    pub interop: bool,
    /// Where drive C: of Windows is mounted.
    drives: Vec<PathBuf>,
}

impl Wsl {
    /// A program of `Windows\System32`.
    ///
    /// Only on the drive C:, because only root mounts, and what another drive has under this name, one on a
    /// USB stick too, may be anybody's. Owner and mode say nothing there, for WSL shows every file as ours
    /// and open to all. The rare Windows that lives on another drive is not found.
    /// `PATH` is not asked, since `/etc/wsl.conf` can keep Windows' folders out of it, and can mount
    /// the drives at another place than `/mnt`.
    pub fn system_program(&self, file: &str) -> Option<PathBuf> {
        let folders = self.drives.iter().map(|drive| drive.join("Windows/System32"));
        folders.map(|folder| folder.join(file)).find(|path| path.is_file())
    }
}

/// This machine, if it is a Linux inside Windows; `var` reads the environment.
pub fn here(var: impl Fn(&str) -> Option<String>) -> Option<Wsl> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    if !is_of_microsoft(&kernel) {
        return None;
    }
    let marks = [SESSION, SOCKET].iter().any(|name| var(name).is_some()) || Path::new(SOCKETS).is_dir();
    let entries: Vec<_> = ENTRIES.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    judge(Seen { kernel: &kernel, marks, entries: &entries, mounts: &mounts })
}

/// WSL 1 says `4.4.0-19041-Microsoft`, WSL 2 `6.6.87.2-microsoft-standard-WSL2`.
fn is_of_microsoft(kernel: &str) -> bool {
    kernel.to_ascii_lowercase().contains("microsoft")
}

/// A container in WSL has the kernel, but neither variables nor folder: Windows is not within its reach.
fn judge(seen: Seen<'_>) -> Option<Wsl> {
    let interop = seen.entries.iter().any(|entry| entry.lines().next() == Some("enabled"));
    (is_of_microsoft(seen.kernel) && seen.marks).then(|| Wsl { interop, drives: drives(seen.mounts) })
}

/// Where the drive C: is mounted (proc_pid_mounts(5)), by what WSL mounts it as: `drvfs` in WSL 1, 9p or
/// virtiofs in WSL 2.
fn drives(mounts: &str) -> Vec<PathBuf> {
    let mut drives: Vec<PathBuf> = Vec::new();
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [source, point, kind, options, ..] = fields[..] else { continue };
        let point = PathBuf::from(unescaped(point));
        // What is mounted last at a place is what is there.
        drives.retain(|earlier| *earlier != point);
        let is_c = match kind {
            "drvfs" => is_root_of_c(source),
            "9p" => path_of_9p(options).is_some_and(is_root_of_c),
            "virtiofs" => is_tag_of_c(source),
            _ => false,
        };
        if is_c {
            drives.push(point);
        }
    }
    drives
}

/// Whether the whole drive is meant, not a folder of it.
fn is_root_of_c(path: &str) -> bool {
    unescaped(path).trim_end_matches('\\').eq_ignore_ascii_case("C:")
}

/// What of Windows is mounted: `aname=drvfs;path=C:\;uid=1000`.
fn path_of_9p(options: &str) -> Option<&str> {
    let name = options.split(',').find_map(|option| option.strip_prefix("aname=drvfs;"))?;
    name.split(';').find_map(|part| part.strip_prefix("path="))
}

/// `drvfsC0`, or `drvfsaC0` for a session of an administrator; older ones have no number.
fn is_tag_of_c(tag: &str) -> bool {
    let drive = tag.strip_prefix("drvfs").map(|tag| tag.strip_prefix('a').unwrap_or(tag));
    let number = drive.and_then(|drive| drive.strip_prefix('C'));
    number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

/// A field of the mount table, in which blanks and backslashes are written as `\040` and `\134` (getmntent(3)).
fn unescaped(field: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(field.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WSL2: &str = "6.6.87.2-microsoft-standard-WSL2\n";
    const ON: &str = "enabled\ninterpreter /init\nflags: PF\noffset 0\nmagic 4d5a\n";
    /// Of a WSL 2, shortened.
    const MOUNTS: &str = "/dev/sdc / ext4 rw,relatime 0 0
none /mnt/wsl tmpfs rw,relatime 0 0
drivers /usr/lib/wsl/drivers 9p ro,aname=drivers;fmask=222;dmask=222,trans=fd 0 0
D:\\134 /mnt/d 9p rw,noatime,aname=drvfs;path=D:\\;uid=1000;gid=1000;symlinkroot=/mnt/,trans=fd 0 0
C:\\134 /mnt/c 9p rw,noatime,aname=drvfs;path=C:\\;uid=1000;gid=1000;symlinkroot=/mnt/,trans=fd 0 0
";

    #[test]
    fn a_kernel_of_microsoft_with_the_marks_of_wsl_is_wsl() {
        let on = [ON.to_owned()];
        let seen = Seen { kernel: WSL2, marks: true, entries: &on, mounts: MOUNTS };
        let drives = vec![PathBuf::from("/mnt/c")];
        assert_eq!(judge(seen), Some(Wsl { interop: true, drives }));
        assert!(judge(Seen { kernel: "4.4.0-19041-Microsoft\n", ..seen }).is_some());
        assert_eq!(judge(Seen { kernel: "6.1.0-37-amd64\n", ..seen }), None);
    }

    #[test]
    fn a_container_inside_wsl_has_its_kernel_and_not_its_windows() {
        let on = [ON.to_owned()];
        assert_eq!(judge(Seen { kernel: WSL2, marks: false, entries: &on, mounts: MOUNTS }), None);
    }

    #[test]
    fn programs_of_windows_start_only_where_the_kernel_is_told_how() {
        let interop = |entries: &[&str]| {
            let entries: Vec<_> = entries.iter().map(|text| (*text).to_owned()).collect();
            judge(Seen { kernel: WSL2, marks: true, entries: &entries, mounts: "" }).unwrap().interop
        };
        assert!(interop(&[ON]) && interop(&["disabled\n", ON]));
        assert!(!interop(&[]) && !interop(&["disabled\ninterpreter /init\n"]));
    }

    #[test]
    fn only_the_mounted_drive_c_counts_wherever_it_is() {
        let first = |mounts: &str| drives(mounts).first().cloned();
        assert_eq!(first("drvfs /c 9p rw,aname=drvfs;path=C:\\134;uid=0 0 0\n"), Some("/c".into()));
        assert_eq!(first("C: /mnt/c drvfs rw,noatime,uid=1000 0 0\n"), Some("/mnt/c".into()));
        assert_eq!(first("drvfsaC /mnt/my\\040c virtiofs rw 0 0\n"), Some("/mnt/my c".into()));
        assert_eq!(first("drvfsD0 /mnt/d virtiofs rw 0 0\ndrvfsC1 /c virtiofs rw 0 0\n"), Some("/c".into()));
        for other in [
            "none /mnt/c tmpfs rw 0 0\n",
            "C:\\134 /mnt/c 9p rw,aname=host 0 0\n",
            "me@host:/C: /mnt/c fuse.sshfs rw,aname=drvfs 0 0\n",
            "C: /mnt/c drvfs rw 0 0\ntmpfs /mnt/c tmpfs rw 0 0\n",
            "C:\n",
            "D: /mnt/c drvfs rw,noatime,uid=1000 0 0\n",
            "drvfsaD0 /mnt/c virtiofs rw 0 0\n",
            "drvfsa /mnt/c virtiofs rw 0 0\n",
            "drvfsCloud /mnt/c virtiofs rw 0 0\n",
            "E:\\134 /mnt/c 9p rw,aname=drvfs;path=E:\\134;uid=0 0 0\n",
            "C:\\134 /mnt/c 9p rw,aname=drvfs;path=C:\\134stick;uid=0 0 0\n",
        ] {
            assert_eq!(first(other), None, "{other}");
        }
    }

    #[test]
    fn a_program_that_is_not_on_a_drive_of_windows_is_not_found() {
        let drive = tempfile::tempdir().unwrap();
        let folder = drive.path().join("Windows/System32");
        fs::create_dir_all(&folder).unwrap();
        let wsl = Wsl { interop: true, drives: vec!["/nowhere".into(), drive.path().to_owned()] };
        assert_eq!(wsl.system_program("rundll32.exe"), None);
        fs::write(folder.join("rundll32.exe"), "").unwrap();
        assert_eq!(wsl.system_program("rundll32.exe"), Some(folder.join("rundll32.exe")));
        assert_eq!(Wsl { drives: Vec::new(), ..wsl }.system_program("rundll32.exe"), None);
    }
}
