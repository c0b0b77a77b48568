//! Facts about user, host and time.
//!
//! In: a user number, a moment. Out: names and calendar values.
//! Never: asks the name service: a static program has none, and a directory server must not be able
//! to change a decision.

use crate::model::{Answer, FactValue};

/// The name of a user by `/etc/passwd` (passwd(5)), or the number where it has none there.
#[must_use]
pub fn user_name(uid: u32) -> String {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| uid.to_string())
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
