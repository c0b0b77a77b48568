//! Fail points: places at which a test build dies on demand, so that a crash there can be tried.
//!
//! In: a name. Out: nothing, or no process. Without the feature `fail-points` this does nothing.
//! Never: is in a release build.

/// Aborts the process if `EXO_FAIL_POINT` is this name, in a build with the feature `fail-points`.
#[cfg(feature = "fail-points")]
pub fn fail_point(name: &str) {
    if std::env::var_os("EXO_FAIL_POINT").is_some_and(|v| v == name) {
        std::process::abort();
    }
}

/// Nothing: this build has no fail points.
#[cfg(not(feature = "fail-points"))]
pub const fn fail_point(_name: &str) {}

/// Seconds by which a test build moves its clock.
#[cfg(feature = "fail-points")]
pub(super) fn clock_offset() -> i64 {
    let text = std::env::var("EXO_TEST_CLOCK_OFFSET").unwrap_or_default();
    text.parse().unwrap_or(0)
}

/// None: this build has no clock of its own.
#[cfg(not(feature = "fail-points"))]
pub(super) const fn clock_offset() -> i64 {
    0
}
