//! Command lines that show an effect.
//!
//! In: an effect with facts. Out: a plain command that has it and that the policy decides so, where one
//! of the forms below does.
//! Never: shows a line that was not judged.

use super::moment::of_line;
use super::{Fixture, Witness};
use crate::judge::catalogue::Catalogue;
use crate::judge::decide::decide;
use crate::judge::policy::Policy;
use crate::model::{Action, Answer, Effect, FactValue, ResourceKind, Verdict, World};

/// Action, kind, and a line: `{}` is the resource's name, `{0}` and `{1}` what stands before and behind
/// its first `/`.
const LINES: &[(Action, ResourceKind, &str)] = &[
    (Action::Read, ResourceKind::File, "cat {}"),
    (Action::Reveal, ResourceKind::File, "cat {}"),
    (Action::Create, ResourceKind::File, "touch {}"),
    (Action::Update, ResourceKind::File, "touch {}"),
    (Action::Persist, ResourceKind::File, "touch {}"),
    (Action::Delete, ResourceKind::File, "rm {}"),
    (Action::Delete, ResourceKind::File, "rm -r {}"),
    (Action::Opaque, ResourceKind::File, "{}"),
    (Action::Execute, ResourceKind::Code, "python3 {}"),
    (Action::Execute, ResourceKind::Code, "python3 -c 'import x'"),
    (Action::Connect, ResourceKind::Host, "curl https://{}"),
    (Action::Read, ResourceKind::Git, "git log"),
    (Action::Connect, ResourceKind::Git, "git fetch {0}"),
    (Action::Create, ResourceKind::Git, "git push {0} {1}"),
    (Action::Update, ResourceKind::Git, "git push {0} {1}"),
    (Action::Delete, ResourceKind::Git, "git push {0} :{1}"),
    (Action::Read, ResourceKind::S3, "aws s3 ls s3://{}"),
    (Action::Delete, ResourceKind::S3, "aws s3 rm s3://{}"),
    (Action::Connect, ResourceKind::Pkg, "pip install {1}"),
    (Action::Connect, ResourceKind::Pkg, "npm install {1}"),
    (Action::Delete, ResourceKind::Process, "kill {}"),
    (Action::Administer, ResourceKind::Host, "sudo ls"),
];

/// A line that has the witness's effect, all of whose effects are admitted (at most this strictly).
#[must_use]
pub fn line(
    policy: &Policy,
    catalogue: &Catalogue,
    witness: &Witness,
    most: Verdict,
) -> Option<String> {
    let name = witness.resource.name.as_literal()?;
    // A name that a shell would read otherwise is not worth a line.
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._:-@".contains(c);
    if name.starts_with('-') || !name.chars().all(plain) {
        return None;
    }
    let (before, behind) = name.split_once('/').unwrap_or((name, name));
    LINES
        .iter()
        .filter(|(action, kind, _)| *action == witness.action && *kind == witness.resource.kind)
        .map(|(_, _, l)| l.replace("{}", name).replace("{0}", before).replace("{1}", behind))
        .find(|line| shows(policy, catalogue, witness, line, most))
}

fn shows(
    policy: &Policy,
    catalogue: &Catalogue,
    witness: &Witness,
    line: &str,
    most: Verdict,
) -> bool {
    let request = of_line(policy, catalogue, line, &Assumed { witness });
    let is = |e: &Effect| e.action == witness.action && e.resource == witness.resource;
    let decision = decide(policy, &request);
    request.intent.effects.iter().any(is)
        && decision.errors.is_empty()
        && decision.effects.iter().all(|e| e.verdict <= most)
}

/// The fixture's world with the witness's facts; the resource is there unless it is to be created.
struct Assumed<'a> {
    witness: &'a Witness,
}

impl World for Assumed<'_> {
    fn ask(&self, name: &str) -> Answer {
        let here = self.witness.resource.name.as_literal().unwrap_or_default();
        let place = name.strip_prefix("path:").or_else(|| name.strip_prefix("link:"));
        match (self.witness.facts.get(name), place) {
            (Some(answer), _) => answer.clone(),
            (None, Some(path)) if path == here => {
                let kind = if self.witness.action == Action::Create { "missing" } else { "file" };
                Answer::Known(FactValue::Text(format!("{kind} {path}")))
            }
            _ => Fixture.ask(name),
        }
    }
}
