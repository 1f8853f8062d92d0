//! Commands to paste that look at this machine or change it, in the words of its system. Those for Windows
//! mean the same in PowerShell and in cmd.exe, and use nothing that Windows does not bring along.

use crate::platform::Os;
use crate::shell::word_on;
use std::path::Path;

/// Who may do what with a file or folder.
pub fn look_at(os: Os, path: &Path) -> String {
    on_path(os, "ls -ld", "icacls", path)
}

/// The same of what a folder holds, or of a file that a link leads to.
pub fn look_into(os: Os, path: &Path) -> String {
    on_path(os, "ls -l", "icacls", path)
}

/// One line of a file; on Windows all of them, with their numbers.
pub fn line_of(os: Os, line: usize, path: &Path) -> String {
    on_path(os, &format!("sed -n {line}p"), "findstr /n \"^\"", path)
}

/// An editor, at a line where it takes one: vi, vim, nano and emacs take `+N`.
pub fn edit(os: Os, line: usize, path: &Path) -> String {
    on_path(os, &format!("\"${{EDITOR:-vi}}\" +{line}"), "notepad", path)
}

/// Takes the byte order mark from the beginning of a file.
pub fn without_mark(os: Os, path: &Path) -> String {
    if os != Os::Windows {
        return on_path(os, r"sed -i.bak '1s/^\xEF\xBB\xBF//'", "", path);
    }
    // Reading leaves it out, writing puts none there.
    let path = path.display().to_string().replace('\'', "''");
    let line = format!("[IO.File]::WriteAllText('{path}', [IO.File]::ReadAllText('{path}'))");
    format!("powershell -NoProfile -Command {}", word_on(os, &line))
}

/// The processes that have a file open; on Windows those of this program.
pub fn who_uses(os: Os, path: &Path) -> String {
    match os {
        Os::Windows => r#"tasklist /fi "imagename eq cognito-creds.exe""#.to_owned(),
        Os::Linux | Os::MacOs | Os::OtherUnix => on_path(os, "fuser -v", "", path),
    }
}

/// The ranges of ports that the system keeps to itself, as Hyper-V, WSL and Docker have it do.
pub fn reserved_ports() -> String {
    "netsh int ipv4 show excludedportrange protocol=tcp".to_owned()
}

/// What a process is.
pub fn process(os: Os, id: u32) -> String {
    match os {
        Os::Windows => format!("tasklist /fi \"pid eq {id}\""),
        Os::Linux | Os::MacOs | Os::OtherUnix => format!("ps -fp {id}"),
    }
}

/// Where the certificates of a PEM file begin, and so whether there are any.
pub fn certificates_in(os: Os, path: &Path) -> String {
    on_path(os, "grep -n BEGIN", "findstr /n BEGIN", path)
}

/// Windows' short name of a folder (GetShortPathName), in which there are no blanks.
pub fn short_name(folder: &Path) -> String {
    let folder = folder.display().to_string().replace('\'', "''");
    let line = format!("(New-Object -ComObject Scripting.FileSystemObject).GetFolder('{folder}').ShortPath");
    format!("powershell -NoProfile -Command {}", word_on(Os::Windows, &line))
}

/// What a command's name leads to.
pub fn which(os: Os, name: &str) -> String {
    on_path(os, "command -v", "where.exe", Path::new(name))
}

/// How much room a folder has.
pub fn room_at(os: Os, path: &Path) -> String {
    on_path(os, "df", "fsutil volume diskfree", path)
}

/// Takes away a file that stands in the place of a folder.
pub fn remove(os: Os, path: &Path) -> String {
    match os {
        // `del` is a word of cmd.exe alone; PowerShell would take its options for paths.
        Os::Windows => format!("cmd /c del {}", word_on(os, &path.display().to_string())),
        Os::Linux | Os::MacOs | Os::OtherUnix => on_path(os, "rm", "", path),
    }
}

/// Sets a variable, which is no secret; on Windows for windows that are opened from then on.
pub fn set_variable(os: Os, name: &str, value: &str) -> String {
    match os {
        Os::Windows => format!("setx {name} {value}"),
        Os::Linux | Os::MacOs | Os::OtherUnix => format!("export {name}={value}"),
    }
}

/// Has a person type a secret into a variable; in PowerShell on Windows, where no words do it in both shells.
pub fn type_variable(os: Os, name: &str) -> String {
    match os {
        Os::Windows => {
            format!("$Env:{name} = [Net.NetworkCredential]::new('', (Read-Host -AsSecureString)).Password")
        }
        Os::Linux | Os::MacOs | Os::OtherUnix => format!("read -rs {name} && export {name}"),
    }
}

fn on_path(os: Os, unix: &str, windows: &str, path: &Path) -> String {
    let command = if os == Os::Windows { windows } else { unix };
    format!("{command} {}", word_on(os, &path.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs that Windows brings along; none of them is a word of one shell alone.
    const BROUGHT: [&str; 10] = [
        "cmd",
        "findstr",
        "fsutil",
        "icacls",
        "notepad",
        "powershell",
        "setx",
        "tasklist",
        "where.exe",
        "$Env:X",
    ];

    fn all(os: Os, path: &Path) -> Vec<String> {
        vec![
            look_at(os, path),
            look_into(os, path),
            line_of(os, 3, path),
            edit(os, 3, path),
            without_mark(os, path),
            who_uses(os, path),
            process(os, 42),
            certificates_in(os, path),
            which(os, "tool"),
            room_at(os, path),
            remove(os, path),
            set_variable(os, "X", "Y"),
            type_variable(os, "X"),
        ]
    }

    #[test]
    fn windows_is_told_to_run_what_it_has() {
        for command in all(Os::Windows, Path::new(r"C:\Users\me\AppData\Local\x")) {
            assert!(BROUGHT.contains(&command.split(' ').next().unwrap()), "{command}");
        }
    }

    #[test]
    fn a_path_is_one_word_on_every_system() {
        for command in all(Os::Windows, Path::new(r"C:\a b\it's")).iter().filter(|c| c.contains("C:")) {
            let is_quoted = command.contains(r#""C:\a b\it's""#) || command.contains(r"'C:\a b\it''s'");
            assert!(is_quoted, "{command}");
        }
        for os in [Os::Linux, Os::MacOs, Os::OtherUnix] {
            for command in all(os, Path::new("/a b")).iter().filter(|c| c.contains("/a")) {
                assert!(command.ends_with(" '/a b'"), "{command}");
            }
        }
    }
}
