//! Who has the port that the listener wants: asked only when every registered port is taken.
//!
//! Linux tells through `/proc` (proc(5)): `/proc/net/tcp` and `tcp6` give the socket's inode and its
//! owner, `/proc/PID/fd` the process, where this user may look. Elsewhere nothing is known.

use crate::error::foreign;
use crate::platform::Os;
use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who holds a port, as far as it can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A process of this user, or any if we are root.
    Process {
        /// The kernel's name for it, at most 15 bytes.
        name: String,
        /// Its process id.
        id: u32,
    },
    /// A process that can't be seen, of the user with this id.
    User(u32),
    /// Nothing is known.
    Unknown,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { name, id } => write!(f, "{name} (process {id})"),
            Self::User(id) => write!(f, "a program of user {id}"),
            Self::Unknown => f.write_str("another program"),
        }
    }
}

/// Who holds `port` on a loopback or wildcard address.
pub(crate) fn of(port: u16) -> Holder {
    let mut sockets: Vec<Socket> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(Socket::parse).collect::<Vec<_>>())
        .filter(|socket| socket.port == port && is_in_the_way(socket.address))
        .collect();
    sockets.sort_by_key(|socket| !socket.listens);
    sockets
        .iter()
        .find_map(process_with)
        .or_else(|| sockets.iter().find_map(|socket| hidden_with(socket.user)))
        .or_else(|| sockets.first().map(|socket| Holder::User(socket.user)))
        .unwrap_or(Holder::Unknown)
}

/// The command that shows who has a port on this system.
pub(crate) fn who_listens(port: u16) -> String {
    who_listens_on(Os::HERE, port)
}

fn who_listens_on(os: Os, port: u16) -> String {
    match os {
        Os::Windows => format!("netstat -ano | findstr :{port}"),
        Os::Linux => format!("sudo ss -ltnp 'sport = :{port}'"),
        Os::MacOs | Os::OtherUnix => format!("sudo lsof -nP -iTCP:{port} -sTCP:LISTEN"),
    }
}

/// Whether a socket there keeps us from binding the loopback address.
fn is_in_the_way(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_unspecified() || address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST
}

/// A line of `/proc/net/tcp` or `tcp6`.
#[derive(Debug, PartialEq, Eq)]
struct Socket {
    address: IpAddr,
    port: u16,
    listens: bool,
    user: u32,
    inode: u64,
}

impl Socket {
    /// `sl local_address rem_address st tx:rx tr:tm->when retrnsmt uid timeout inode …`; the heading
    /// and what has no inode any more (TIME_WAIT) read as none.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_whitespace();
        let (address, port) = fields.nth(1)?.split_once(':')?;
        let listens = fields.nth(1)? == "0A";
        let user = fields.nth(3)?.parse().ok()?;
        let inode = fields.nth(1)?.parse().ok().filter(|inode| *inode != 0)?;
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(Self { address: address_of(address)?, port, listens, user, inode })
    }
}

/// An address as the kernel prints it: 32-bit words in the machine's byte order.
fn address_of(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = hex.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for at in 0..4 {
                bytes[at * 4..at * 4 + 4].copy_from_slice(&word(at)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

/// The process that has the socket open.
fn process_with(socket: &Socket) -> Option<Holder> {
    let wanted = format!("socket:[{}]", socket.inode);
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let id: u32 = process.file_name().to_str()?.parse().ok()?;
        let mut files = fs::read_dir(process.path().join("fd")).ok()?.flatten();
        files.find(|file| {
            fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == wanted.as_str())
        })?;
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        let name =
            Some(foreign(&name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "a program".to_owned());
        Some(Holder::Process { name, id })
    })
}

/// The one process of this program that runs for the same user and can't be looked into, as none of ours
/// can ([`crate::platform::keep_out_of_dumps`]): most likely a sign-in of another profile.
fn hidden_with(user: u32) -> Option<Holder> {
    let own_name = fs::read_to_string("/proc/self/comm").ok()?;
    let mut found = fs::read_dir("/proc").ok()?.flatten().filter_map(|process| {
        let id: u32 = process.file_name().to_str()?.parse().ok()?;
        let read = |file: &str| fs::read_to_string(process.path().join(file)).unwrap_or_default();
        let is_like_us = read("comm") == own_name && id != std::process::id();
        let is_hidden = || fs::read_dir(process.path().join("fd")).is_err();
        (is_like_us && user_in(&read("status")) == Some(user) && is_hidden()).then_some(id)
    });
    let (id, None) = (found.next()?, found.next()) else { return None };
    Some(Holder::Process { name: foreign(&own_name), id })
}

/// The effective user in `/proc/PID/status`: `Uid:` real, effective, saved, of the file system.
fn user_in(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().nth(1)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_a_process_is_read() {
        assert_eq!(user_in("Name:\tx\nUid:\t1000\t1001\t0\t0\nGid:\t7\t7\t7\t7\n"), Some(1001));
        assert_eq!(user_in("Name:\tUid: 7\n"), None);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernels_tables_are_read() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0000 100 0 0 10 0";
        assert_eq!(
            Socket::parse(line),
            Some(Socket {
                address: Ipv4Addr::LOCALHOST.into(),
                port: 8080,
                listens: true,
                user: 1000,
                inode: 31337
            })
        );
        let line = line.replace("0100007F", "00000000000000000000000001000000");
        assert_eq!(Socket::parse(&line).unwrap().address, Ipv6Addr::LOCALHOST);
        for line in
            ["", "  sl  local_address rem_address   st tx_queue rx_queue tr", "0: é:1F90 x 0A a b c 0 0 1"]
        {
            assert_eq!(Socket::parse(line), None, "{line}");
        }
    }

    #[test]
    fn only_addresses_that_conflict_with_loopback_are_in_the_way() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("0.0.0.0", true),
            ("::1", true),
            ("::", true),
            ("::ffff:127.0.0.1", true),
            ("127.0.0.53", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(is_in_the_way(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn each_system_has_its_command_that_shows_who_has_a_port() {
        for (os, tool) in [(Os::Linux, "sudo ss "), (Os::MacOs, "sudo lsof "), (Os::Windows, "netstat ")] {
            let command = who_listens_on(os, 8080);
            assert!(command.starts_with(tool) && command.contains(":8080"), "{command}");
        }
    }

    #[test]
    fn a_process_of_ours_is_named_where_the_system_tells() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = of(socket.local_addr().unwrap().port());
        match Os::HERE {
            Os::Linux => {
                let name = fs::read_to_string("/proc/self/comm").unwrap().trim().to_owned();
                assert_eq!(holder, Holder::Process { name, id: std::process::id() });
            }
            _ => assert_eq!(holder, Holder::Unknown),
        }
    }
}
