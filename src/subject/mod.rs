//! Who asks. At this stage: the agent that the caller names, as the Unix user the kernel says he is.
//!
//! In: an agent name, the profile's sponsor, the environment. Out: a [`Subject`].
//! Never: raises the assurance above what was proved.

use crate::model::{Assurance, Subject, is_name};

/// Longest session name.
const MAX_SESSION: usize = 128;

/// Why there is no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The agent's name cannot be the name of a profile.
    #[error(
        "`{0}` is not the name of an agent: use lower-case letters, digits and `-`, 64 at most"
    )]
    Name(String),
    /// `EXO_SESSION` holds something else than a short printable word.
    #[error("EXO_SESSION is not a name: use at most 128 printable ASCII characters without spaces")]
    Session,
}

/// The subject of this process: the agent as asserted, the user as the kernel has it.
///
/// # Errors
/// An agent name that no profile can have; a session name that is no short word.
pub fn prove(
    agent: &str,
    sponsor: &str,
    user: String,
    session: Option<&str>,
) -> Result<Subject, SubjectError> {
    check_name(agent)?;
    let session = session.unwrap_or_default();
    let printable = |c: char| c.is_ascii_graphic();
    if session.len() > MAX_SESSION || !session.chars().all(printable) {
        return Err(SubjectError::Session);
    }
    Ok(Subject {
        agent: agent.to_owned(),
        sponsor: sponsor.to_owned(),
        user,
        uid: nix::unistd::getuid().as_raw(),
        assurance: Assurance::Asserted,
        session: session.to_owned(),
    })
}

/// Whether a name can be an agent's, and so the stem of a profile's file: no dots, no slashes.
///
/// # Errors
/// A name with other characters, an empty one, one over 64.
pub fn check_name(agent: &str) -> Result<(), SubjectError> {
    if is_name(agent) { Ok(()) } else { Err(SubjectError::Name(agent.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_profile_folder_are_refused() {
        for bad in ["", "../base", "a/b", "Base", "a.b", "ä", &"a".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert!(check_name("coding-agent").is_ok());
    }

    #[test]
    fn what_the_caller_says_is_no_more_than_asserted() {
        let s = prove("ci", "dana@example.com", "agent".into(), Some("build-7")).unwrap();
        assert_eq!((s.assurance, s.session.as_str()), (Assurance::Asserted, "build-7"));
        assert_eq!(s.uid, nix::unistd::getuid().as_raw());
        assert_eq!(prove("ci", "", "a".into(), Some("two words")), Err(SubjectError::Session));
    }
}
