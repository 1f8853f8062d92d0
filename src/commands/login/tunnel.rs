//! The `ssh` line that leads from the person's own machine to the port of a sign-in.

use crate::profile::Environment;
use crate::profile::redirect_uri::RedirectUri;
use crate::shell;
use std::net::IpAddr;

/// What stands for the machine where its address can't be known.
const UNKNOWN: &str = "THIS-MACHINE";

/// The line, in an SSH session; `None` elsewhere.
///
/// ssh binds the port on both loopback addresses of the person's machine (`-L` without a bind address,
/// `GatewayPorts no`), so that only the far end needs the redirect's own host. The port has to be the same on
/// both ends: it is part of the registered address.
pub fn line(env: &dyn Environment, redirect: &RedirectUri) -> Option<String> {
    let connection = env.var("SSH_CONNECTION")?;
    let server = Server::from(&connection);
    let (port, host) = (redirect.port(), redirect.host());
    let user = env.var("USER").or_else(|| env.var("LOGNAME")).filter(|user| is_plain(user));
    let user = user.map_or_else(String::new, |user| user + "@");
    let way = format!("{port}:{host}:{port}");
    let place = format!("{user}{}", server.address);
    let at = server.port.filter(|port| *port != 22).map_or_else(String::new, |port| format!("-p {port} "));
    Some(format!("ssh -N -L {} {at}{}", shell::word(&way), shell::word(&place)))
}

/// Whether a user name may stand in a line that a person runs on another machine: the portable characters
/// (POSIX.1-2024, XBD 3.412), and no beginning that ssh would read as an option.
fn is_plain(user: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    user.bytes().next().is_some_and(word) && user.bytes().all(|byte| word(byte) || b".-".contains(&byte))
}

/// The server's end of the connection.
struct Server {
    address: String,
    port: Option<u16>,
}

impl Server {
    /// Reads "client-address client-port server-address server-port" (ssh(1), ENVIRONMENT).
    fn from(connection: &str) -> Self {
        let words: Vec<&str> = connection.split(' ').collect();
        let [_, _, address, port] = words[..] else { return Self::unknown() };
        // The zone of a link-local address (fe80::1%eth0) is this machine's, not the person's.
        let bare = address.split('%').next().unwrap_or(address);
        let Ok(address) = bare.parse::<IpAddr>() else { return Self::unknown() };
        Self { address: address.to_canonical().to_string(), port: port.parse().ok() }
    }

    fn unknown() -> Self {
        Self { address: UNKNOWN.to_owned(), port: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(connection: &str, user: Option<&str>, redirect: &str) -> Option<String> {
        let env = |name: &str| match name {
            "SSH_CONNECTION" => (!connection.is_empty()).then(|| connection.to_owned()),
            "USER" => user.map(str::to_owned),
            _ => None,
        };
        line(&env, &RedirectUri::parse(redirect).unwrap())
    }

    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn the_line_leads_to_the_redirects_own_host_and_port() {
        for (connection, user, redirect, wanted) in [
            (
                "203.0.113.9 50000 10.0.0.7 22",
                Some("ada"),
                "http://localhost:8080",
                "ssh -N -L 8080:localhost:8080 ada@10.0.0.7",
            ),
            (
                "203.0.113.9 50000 10.0.0.7 2222",
                None,
                "http://127.0.0.1:80/cb",
                "ssh -N -L 80:127.0.0.1:80 -p 2222 10.0.0.7",
            ),
            (
                "2001:db8::9 50000 2001:db8::7 22",
                Some("ada"),
                "http://[::1]:8080/",
                "ssh -N -L '8080:[::1]:8080' ada@2001:db8::7",
            ),
            ("::1 50000 ::ffff:10.0.0.7 22", None, "http://localhost:1", "ssh -N -L 1:localhost:1 10.0.0.7"),
            ("fe80::9%eth0 5 fe80::7%eth0 22", None, "http://localhost:1", "ssh -N -L 1:localhost:1 fe80::7"),
            (
                "UNKNOWN 65535 UNKNOWN 65535",
                Some("ada"),
                "http://localhost:1",
                "ssh -N -L 1:localhost:1 ada@THIS-MACHINE",
            ),
            ("x; reboot", Some("a b"), "http://localhost:1", "ssh -N -L 1:localhost:1 THIS-MACHINE"),
        ] {
            assert_eq!(told(connection, user, redirect).as_deref(), Some(wanted), "{connection}");
        }
    }

    /// The line is run on another machine than the one whose variables it is made of.
    #[test]
    #[cfg_attr(all(test, windows), ignore = "the paths and shells of Unix")]
    fn a_user_name_that_ssh_would_take_for_an_option_is_left_out() {
        let connection = "203.0.113.9 50000 10.0.0.7 22";
        for user in ["-oProxyCommand=id", "-l", "", ".x", "a@b", "a b", "a:b", "a/b", "a\nb", "é", "$(id)"] {
            assert_eq!(
                told(connection, Some(user), "http://localhost:1").as_deref(),
                Some("ssh -N -L 1:localhost:1 10.0.0.7"),
                "{user}"
            );
        }
        for user in ["ada", "_www", "Ada.L-1_x", "7of9"] {
            assert_eq!(
                told(connection, Some(user), "http://localhost:1"),
                Some(format!("ssh -N -L 1:localhost:1 {user}@10.0.0.7"))
            );
        }
    }

    #[test]
    fn without_ssh_there_is_no_line() {
        assert_eq!(told("", Some("ada"), "http://localhost:8080"), None);
    }
}
