//! `exo profile prove`: what a profile never admits, or admits only if another does.
//!
//! In: a profile, claims. Out: `proved`, or an effect that `exo check` decides otherwise.
//! Never: calls proved what was only tried.

use super::load;
use crate::cli::args::surroundings;
use crate::cli::text::{out, printable};
use crate::cli::{NO, UNKNOWN, YES};
use crate::context::Live;
use crate::gate::{Error, Installation};
use crate::judge::catalogue::Catalogue;
use crate::judge::lint::{self, Claim, Proof, Terms, Witness};
use crate::judge::policy::Policy;
use crate::model::{Answer, Mode, Verdict};
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What `--help` adds.
pub(in crate::cli) const HELP: &str = "A proof goes through all resources and all values of facts, and speaks of the effects that exo \
decides. Code that a profile permits to run can do what the sandbox lets it; the output names the rules that permit that.\n\n\
Exit codes: 0 proved; 1 not so, with an effect that shows it; 2 neither could be shown.";

/// Arguments of `exo profile prove`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct ProveArgs {
    /// Its name, or the path of a file
    profile: String,
    /// That no such effect is ever allowed: `delete,update s3:**`; `*` is any action
    #[arg(long, value_name = "CLAIM", value_parser = Claim::parse, required_unless_present_any = ["implies", "equivalent"])]
    never: Vec<Claim>,
    /// That this other profile allows all that PROFILE allows
    #[arg(long, value_name = "OTHER")]
    implies: Vec<String>,
    /// That both allow the same
    #[arg(long, value_name = "OTHER")]
    equivalent: Vec<String>,
    /// Count what a person is asked about as allowed
    #[arg(long)]
    or_asked: bool,
    /// Take the facts as they are here and now, not as anything they could be
    #[arg(long)]
    here: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One claim and what came of it.
struct Told {
    claim: String,
    proof: Proof,
    /// The profile that admits, in a refutation.
    by: String,
    most: Verdict,
    /// Whether the sandbox keeps code from it as well.
    sealed: bool,
}

pub(super) fn prove(installation: &Installation, args: &ProveArgs) -> Result<u8, Error> {
    let policy = load(installation, &args.profile)?;
    let (env, _) = surroundings()?;
    let live = Live::new(env, Vec::new());
    let terms = Terms { here: args.here.then_some(&live as _), or_asked: args.or_asked };
    let most = if args.or_asked { Verdict::Ask } else { Verdict::Allow };
    let by = policy.name.clone();
    let mut all = Vec::new();
    for claim in &args.never {
        // What is not blocked is admitted, whatever the rules say.
        let proof = match policy.mode {
            Mode::Enforce => lint::never(&policy, claim, terms),
            Mode::Shadow => Proof::Refuted(Vec::new()),
        };
        let sealed = policy.mode == Mode::Enforce && lint::sealed(&policy, claim, terms);
        let claim = format!("never `{}`", claim.text);
        all.push(Told { claim, proof, by: by.clone(), most, sealed });
    }
    for (other, both) in
        args.implies.iter().map(|o| (o, false)).chain(args.equivalent.iter().map(|o| (o, true)))
    {
        let other = load(installation, other)?;
        let claim = format!("what {by} allows, {} allows", other.name);
        let proof = lint::implies(&policy, &other, terms);
        all.push(Told { claim, proof, by: by.clone(), most, sealed: false });
        if both {
            let claim = format!("what {} allows, {by} allows", other.name);
            let proof = lint::implies(&other, &policy, terms);
            all.push(Told { claim, proof, by: other.name.clone(), most, sealed: false });
        }
    }
    let catalogue = installation.catalogue()?;
    let code = all.iter().map(|t| code(&t.proof)).max().unwrap_or(YES);
    if args.json {
        let rows: Vec<Value> = all.iter().map(|t| t.to_json(&policy, &catalogue)).collect();
        let code_rules: Vec<&str> =
            lint::code_rules(&policy, args.or_asked).iter().map(|r| r.id.as_str()).collect();
        out(&format!(
            "{:#}\n",
            json!({"profile": policy.name, "sha256": policy.sha256(), "mode": policy.mode, "here": args.here,
                "or_asked": args.or_asked, "claims": rows, "code_rules": code_rules})
        ));
        return Ok(code);
    }
    let mut t = String::new();
    for told in &all {
        told.text(&mut t, &policy, &catalogue, args.here);
    }
    notes(&mut t, &policy, args);
    out(&t);
    Ok(code)
}

const fn code(proof: &Proof) -> u8 {
    match proof {
        Proof::Proved => YES,
        Proof::Refuted(_) => NO,
        Proof::Unknown(_) => UNKNOWN,
    }
}

/// What a proof does not speak of.
fn notes(t: &mut String, policy: &Policy, args: &ProveArgs) {
    if policy.mode == Mode::Shadow {
        let _ = writeln!(t, "note: in shadow mode nothing is blocked, whatever is decided");
    }
    for rule in lint::code_rules(policy, args.or_asked) {
        let _ = writeln!(
            t,
            "note: code may run ({}, rule {}): what it does inside is held by the sandbox alone",
            rule.summary(),
            rule.id
        );
    }
}

/// `exo check` with the witness's effect and facts, as words.
pub(super) fn check_words(agent: &str, w: &Witness) -> Vec<String> {
    let mut words: Vec<String> =
        ["exo", "check", "--as", agent, "--effect"].map(str::to_owned).to_vec();
    words.push(format!("{} {}", w.action, w.resource));
    for (name, answer) in &w.facts {
        let value = match answer {
            Answer::Known(value) => value.to_string(),
            Answer::Absent | Answer::Failed(_) => String::new(),
        };
        words.extend(["--fact".to_owned(), format!("{name}={value}")]);
    }
    words
}

/// Words as a shell would read them back.
pub(super) fn shell(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._:-=,@{}".contains(c);
    let quoted = |w: &String| {
        if !w.is_empty() && w.chars().all(plain) {
            w.clone()
        } else {
            format!("'{}'", w.replace('\'', "'\\''"))
        }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

impl Told {
    fn line(&self, policy: &Policy, catalogue: &Catalogue, w: &Witness) -> Option<String> {
        if self.by == policy.name { lint::line(policy, catalogue, w, self.most) } else { None }
    }

    fn to_json(&self, policy: &Policy, catalogue: &Catalogue) -> Value {
        let (answer, found, why) = match &self.proof {
            Proof::Proved => ("proved", [].as_slice(), None),
            Proof::Refuted(found) => ("refuted", found.as_slice(), None),
            Proof::Unknown(why) => ("unknown", [].as_slice(), Some(why)),
        };
        let found: Vec<Value> = found
            .iter()
            .map(|w| {
                let facts: serde_json::Map<String, Value> = w
                    .facts
                    .iter()
                    .map(|(name, a)| {
                        let value = match a {
                            Answer::Known(v) => v.to_json(),
                            _ => Value::Null,
                        };
                        (name.clone(), value)
                    })
                    .collect();
                json!({"action": w.action.name(), "resource": w.resource.to_string(), "rule": w.rule, "other_rule": w.other,
                    "facts": facts, "check": check_words(&self.by, w), "line": self.line(policy, catalogue, w)})
            })
            .collect();
        json!({"claim": self.claim, "answer": answer, "why": why, "sealed": self.sealed, "effects": found})
    }

    fn text(&self, t: &mut String, policy: &Policy, catalogue: &Catalogue, here: bool) {
        let found = match &self.proof {
            Proof::Proved => {
                let facts = if here { "under the facts at hand" } else { "whatever the facts are" };
                let sealed = if self.sealed { "; nor does the sandbox open any of it" } else { "" };
                let _ = writeln!(t, "proved: {}, {facts}{sealed}", self.claim);
                return;
            }
            Proof::Unknown(why) => {
                let _ = writeln!(t, "unknown: {}: {}", self.claim, printable(why));
                return;
            }
            Proof::Refuted(found) => found,
        };
        let _ = writeln!(t, "not so: {}", self.claim);
        for w in found {
            let other = w.other.as_ref().map(|by| format!("; there: {by}")).unwrap_or_default();
            let _ = writeln!(
                t,
                "  {} {} (rule {}{other})",
                w.action,
                printable(&w.resource.to_string()),
                w.rule
            );
            let _ = writeln!(t, "    {}", printable(&shell(&check_words(&self.by, w))));
            if let Some(line) = self.line(policy, catalogue, w) {
                let _ = writeln!(t, "    which is what `{}` does then", printable(&line));
            }
        }
    }
}
