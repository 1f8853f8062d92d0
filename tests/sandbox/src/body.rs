//! Response bodies that arrive slowly or not to the end.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The connection is to be closed here and now.
#[derive(Debug)]
pub(crate) struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

/// Bytes that are sent at once, in steps, or only in part.
pub(crate) struct Shaped {
    rest: Bytes,
    step: usize,
    pause: Duration,
    cut: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Shaped {
    pub fn whole(bytes: Bytes) -> Self {
        Self { step: bytes.len(), rest: bytes, pause: Duration::ZERO, cut: false, sleep: None }
    }

    pub fn drip(bytes: Bytes, step: usize, pause: Duration) -> Self {
        Self { rest: bytes, step: step.max(1), pause, cut: false, sleep: None }
    }

    /// Half of the bytes, then [`Dropped`]. The pause lets the half leave before the connection goes.
    pub fn cut(bytes: &Bytes) -> Self {
        let half = bytes.slice(..bytes.len() / 2);
        Self { step: half.len().max(1), rest: half, pause: Duration::from_millis(20), cut: true, sleep: None }
    }
}

impl Body for Shaped {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        if self.rest.is_empty() && !self.cut {
            return Poll::Ready(None);
        }
        if !self.pause.is_zero() {
            let pause = self.pause;
            let pending = self.sleep.get_or_insert_with(|| Box::pin(sleep(pause)));
            if pending.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        if self.rest.is_empty() {
            return Poll::Ready(Some(Err(Dropped)));
        }
        let step = self.step.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(step)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        if self.cut { SizeHint::default() } else { SizeHint::with_exact(self.rest.len() as u64) }
    }
}
