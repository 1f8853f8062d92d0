//! The sandbox's own time, so that its clients can run under another one.

use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::macros::format_description;

/// System time plus an offset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// Seconds added to everything that is judged or issued.
    pub offset: i64,
    /// Seconds added in `Date` headers instead, when they are to tell something else.
    pub date_offset: Option<i64>,
}

impl Clock {
    /// Seconds since the epoch.
    pub fn now(&self) -> i64 {
        let real =
            SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
        real.cast_signed() + self.offset
    }

    /// The `Date` header (RFC 9110 §5.6.7).
    pub fn date_header(&self) -> String {
        let seconds = self.now() - self.offset + self.date_offset.unwrap_or(self.offset);
        moment(seconds)
            .format(format_description!(
                "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
            ))
            .unwrap_or_default()
    }
}

/// `2026-11-21T02:30:19Z`.
pub(crate) fn iso8601(seconds: i64) -> String {
    moment(seconds)
        .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"))
        .unwrap_or_default()
}

/// Reads `20261121T023019Z`, the form of `X-Amz-Date`.
pub(crate) fn parse_amz_date(text: &str) -> Option<i64> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    Some(time::PrimitiveDateTime::parse(text, format).ok()?.assume_utc().unix_timestamp())
}

fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
