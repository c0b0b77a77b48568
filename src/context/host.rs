//! Facts about user, host and time.
//!
//! In: a user number, a moment. Out: names and calendar values.
//! Never: asks the name service: a static program has none, and a directory server must not be able
//! to change a decision.

use crate::model::{Answer, FactValue};

/// The name of a user by `/etc/passwd` (passwd(5)), or the number where it has none there.
#[must_use]
pub fn user_name(uid: u32) -> String {
    passwd(uid, 0).unwrap_or_else(|| uid.to_string())
}

/// The home that `/etc/passwd` gives a user, whatever HOME says.
pub(super) fn user_home(uid: u32) -> Option<String> {
    passwd(uid, 5).filter(|home| home.starts_with('/'))
}

/// A field of a user's line.
fn passwd(uid: u32, field: usize) -> Option<String> {
    let text = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.clone().nth(2)?.parse() == Ok(uid)).then(|| fields.nth(field).map(str::to_owned))?
    })
}

/// The host's own name.
pub(super) fn host_name() -> Answer {
    match nix::unistd::gethostname().map(std::ffi::OsString::into_string) {
        Ok(Ok(name)) => Answer::Known(FactValue::Text(name)),
        Ok(Err(_)) => Answer::Failed("the host name is not UTF-8".to_owned()),
        Err(e) => Answer::Failed(format!("gethostname: {e}")),
    }
}

/// The answer to `time.WHAT` at that moment, in local time but for `time.now`.
pub(super) fn time(what: &str, now: &jiff::ZonedDateTime) -> Answer {
    let number = |n: i8| Answer::Known(FactValue::Integer(i64::from(n)));
    let text = |t: String| Answer::Known(FactValue::Text(t));
    match what {
        "now" => text(now.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        "date" => text(now.strftime("%Y-%m-%d").to_string()),
        "weekday" => text(now.strftime("%a").to_string().to_lowercase()),
        "hour" => number(now.hour()),
        "minute" => number(now.minute()),
        _ => Answer::Failed(format!("`time.{what}` is not the name of a fact")),
    }
}
