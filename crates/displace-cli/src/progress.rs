//! A bar for work longer than a second, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::OnceCell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shows how far a piece of work has come, once it has taken a second.
pub(crate) struct Progress {
    what: String,
    since: Instant,
    bar: OnceCell<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(what: String) -> Self {
        Self { what, since: Instant::now(), bar: OnceCell::new() }
    }

    /// `done` of `total` bytes.
    pub(crate) fn at(&self, done: u64, total: u64) {
        if self.since.elapsed() < Duration::from_secs(1) || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {eta}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.with_message(self.what.clone())
        });
        bar.set_position(done);
    }

    /// Runs a piece of work whose parts cannot be counted, with a spinner once it has taken a second.
    pub(crate) fn spin<T: Send>(what: &str, work: impl FnOnce() -> T + Send) -> T {
        if !std::io::stderr().is_terminal() {
            return work();
        }
        let (done, wait) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if wait.recv_timeout(Duration::from_secs(1)) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
                let bar = ProgressBar::new_spinner().with_message(what.to_owned());
                bar.enable_steady_tick(Duration::from_millis(100));
                // Returns when the work is done and the sender is dropped.
                let _ = wait.recv();
                bar.finish_and_clear();
            });
            let result = work();
            drop(done);
            result
        })
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
