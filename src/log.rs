//! Messages for `-v`: our own crate's, to stderr. A dependency's debug line can hold a header, so
//! none of theirs is ever printed.

use crate::output;
use log::{LevelFilter, Log, Metadata, Record};

struct Logger;

static LOGGER: Logger = Logger;

/// Turns messages on: `-v` says what is done, `-vv` how.
pub fn init(verbosity: u8) {
    let level = match verbosity {
        0 => return,
        1 => LevelFilter::Info,
        _ => LevelFilter::Debug,
    };
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("cognito_creds")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = crate::error::foreign(&record.args().to_string());
            output::stderr(&format!("{}: {text}", record.level().as_str().to_lowercase()));
        }
    }

    fn flush(&self) {}
}
