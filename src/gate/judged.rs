//! From payload to decision: the first half of the pipeline, which runs nothing and writes nothing.
//!
//! In: an installation, an agent, a payload, exo's environment. Out: a [`Judged`], which holds every
//! input of the decision and the decision.
//! Never: writes, runs, or decides by anything that is not in it.

use super::{Error, Installation};
use crate::context::{Live, user_name};
use crate::enforce::exec::environment;
use crate::judge::catalogue::Catalogue;
use crate::judge::decide::decide;
use crate::judge::intent;
use crate::judge::policy::Policy;
use crate::model::{
    Answer, Decision, Digest, Effect, Intent, Payload, ProfileRef, Request, StdinKind, Subject,
    What, World,
};
use crate::subject;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Instant;

/// One agent's profile, the catalogue and the machine: what stays the same from payload to payload.
#[derive(Debug)]
pub struct Bench {
    /// The profile with its parents.
    pub policy: Policy,
    /// What tools do.
    pub catalogue: Catalogue,
    /// The facts.
    pub world: Live,
    /// The environment that the command will get.
    pub environment: Vec<(OsString, OsString)>,
    /// SHA-256 of the catalogue.
    pub catalogue_sha256: Digest,
    profile: ProfileRef,
    subject: Subject,
}

/// A payload with its decision.
#[derive(Debug)]
pub struct Judged {
    /// Everything that was decided over.
    pub request: Request,
    /// What was decided.
    pub decision: Decision,
    /// Hash of the facts.
    pub state_hash: Digest,
    /// The profile that decided.
    pub profile: ProfileRef,
    /// The catalogue that told the effects.
    pub catalogue_sha256: Digest,
    /// Nanoseconds that reading, gathering and deciding took.
    pub decide_ns: u64,
}

impl Bench {
    /// Loads what judging for this agent needs.
    ///
    /// # Errors
    /// A profile or catalogue that is missing or wrong; a subject that cannot be.
    pub fn new(
        installation: &Installation,
        agent: &str,
        env: &BTreeMap<OsString, OsString>,
    ) -> Result<Self, Error> {
        let policy = installation.policy(agent)?;
        let catalogue = installation.catalogue()?;
        let environment = environment(policy.environment(), env.clone());
        let path = environment.iter().find(|(name, _)| name == "PATH").map(|(_, v)| v.as_os_str());
        let search: Vec<PathBuf> = std::env::split_paths(path.unwrap_or(OsStr::new("")))
            .filter(|dir| dir.is_absolute())
            .collect();
        let session = env.get(OsStr::new("EXO_SESSION")).map(|s| s.to_string_lossy());
        let user = user_name(nix::unistd::getuid().as_raw());
        let subject = subject::prove(&policy.name, policy.sponsor(), user, session.as_deref())?;
        let profile = ProfileRef { name: policy.name.clone(), sha256: policy.sha256() };
        let catalogue_sha256 = catalogue.sha256();
        let world = Live::new(env.clone(), search);
        Ok(Self { policy, catalogue, world, environment, catalogue_sha256, profile, subject })
    }

    /// Judges one payload.
    ///
    /// # Errors
    /// A current folder that no longer exists.
    pub fn judge(&self, payload: Payload) -> Result<Judged, Error> {
        self.judged(payload, |bench, payload| {
            let bound = bench.policy.bind(&bench.world);
            intent::read(payload, &bench.catalogue, &bench.world, bound.reach())
        })
    }

    /// Judges bare effects, as if a payload had them and no others.
    ///
    /// # Errors
    /// As of [`Self::judge`].
    pub fn judge_effects(&self, effects: Vec<Effect>) -> Result<Judged, Error> {
        let payload = Payload { what: What::Argv(Vec::new()), stdin: StdinKind::Closed };
        self.judged(payload, |bench, _| {
            // Asked for the snapshot alone.
            let _ = bench.policy.values(&bench.world);
            Intent { effects, commands: Vec::new() }
        })
    }

    fn judged(
        &self,
        payload: Payload,
        read: impl FnOnce(&Self, &Payload) -> Intent,
    ) -> Result<Judged, Error> {
        if let Answer::Failed(why) = self.world.ask("cwd") {
            return Err(Error::Cwd(why));
        }
        let began = Instant::now();
        // Every fact that deciding needs is asked here, and so is in the snapshot.
        let intent = read(self, &payload);
        let snapshot = self.world.take_snapshot();
        let subject = self.subject.clone();
        let request = Request { subject, payload, intent, snapshot };
        let decision = decide(&self.policy, &request);
        let decide_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Ok(Judged {
            state_hash: request.snapshot.state_hash(),
            request,
            decision,
            profile: self.profile.clone(),
            catalogue_sha256: self.catalogue_sha256,
            decide_ns,
        })
    }
}

impl Judged {
    /// What `check --json` prints; the names are stable.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Text, numbers and lists of them: there is always such a value.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Serialize for Judged {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(11))?;
        map.serialize_entry("catalogue_sha256", &self.catalogue_sha256)?;
        map.serialize_entry("decide_ns", &self.decide_ns)?;
        map.serialize_entry("effects", &self.decision.effects)?;
        map.serialize_entry("errors", &self.decision.errors)?;
        map.serialize_entry("facts", &self.request.snapshot.known())?;
        map.serialize_entry("hint", &self.decision.hint)?;
        map.serialize_entry("identity", &self.decision.identity)?;
        map.serialize_entry("profile", &self.profile)?;
        map.serialize_entry("state_hash", &self.state_hash)?;
        map.serialize_entry("subject", &self.request.subject)?;
        map.serialize_entry("verdict", &self.decision.verdict)?;
        map.end()
    }
}
