//! The operating systems, as values: a difference that is only in words, folders or commands is a
//! function of one, so that every system's answer is tested on each.

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Os {
    /// Linux, WSL included.
    Linux,
    /// macOS.
    MacOs,
    /// A Unix that is neither.
    OtherUnix,
    /// Windows.
    Windows,
}

impl Os {
    /// The one that this program was built for.
    pub const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else if cfg!(target_os = "linux") {
        Self::Linux
    } else {
        Self::OtherUnix
    };
}
