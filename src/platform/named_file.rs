//! Files that a person or a setting names, such as the AWS config file: anything may stand there.

use super::system;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// More than this is no config file and no CA bundle: 50 times what 1,000 profiles take.
const MOST: u64 = 16 << 20;

/// The whole of a file, links followed. Nothing is waited for: a pipe is refused, because whoever writes to
/// it may never do so, and because a sign-in in the background would read it a second time. The AWS CLI
/// takes none either (botocore wants a plain file).
///
/// # Errors
/// Of the system; `InvalidInput` with the reason for a pipe or a socket, `FileTooLarge` beyond 16 MiB.
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    let file = system::open_named(path)?;
    let length = file.metadata()?.len();
    if length > MOST {
        return Err(too_large());
    }
    // One byte more than needed lets the read end without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    // A device has no length and may have no end.
    if file.take(MOST + 1).read_to_end(&mut bytes)? as u64 > MOST {
        return Err(too_large());
    }
    Ok(bytes)
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", MOST >> 20))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;
    use std::fs::File;
    use std::process::Command;

    #[test]
    fn what_is_no_file_of_this_size_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, large) = (folder.path().join("pipe"), folder.path().join("large"));
        // rustix has no call for it on macOS.
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        File::create(&large).unwrap().set_len(MOST + 1).unwrap();
        let mut reasons = Snapshot::of("reasons", "named-files");
        for (case, path) in
            [("a pipe", pipe.as_path()), ("too large", &large), ("without an end", Path::new("/dev/zero"))]
        {
            reasons.tell(case, &read_named(path).unwrap_err().to_string());
        }
        reasons.compare();
    }
}
