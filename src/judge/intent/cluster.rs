//! What kubectl's operands name: kinds and names of objects in a cluster.
//!
//! In: the operands of a call, its flags `--context` and `-n`. Out: `k8s:context/namespace/kind/name`.
//! Never: takes a kind that is not known before the line runs for one that holds no secret.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use crate::judge::catalogue::Doing;
use crate::model::{Action, Glob, ResourceKind};

/// Kinds by the names that kubectl takes for them (`kubectl api-resources`): plural, then singular and
/// short ones. Every other word stands for itself.
const KINDS: &[&[&str]] = &[
    &["pods", "pod", "po"],
    &["services", "service", "svc"],
    &["deployments", "deployment", "deploy"],
    &["replicasets", "replicaset", "rs"],
    &["replicationcontrollers", "replicationcontroller", "rc"],
    &["statefulsets", "statefulset", "sts"],
    &["daemonsets", "daemonset", "ds"],
    &["jobs", "job"],
    &["cronjobs", "cronjob", "cj"],
    &["configmaps", "configmap", "cm"],
    &["secrets", "secret"],
    &["serviceaccounts", "serviceaccount", "sa"],
    &["ingresses", "ingress", "ing"],
    &["networkpolicies", "networkpolicy", "netpol"],
    &["persistentvolumeclaims", "persistentvolumeclaim", "pvc"],
    &["horizontalpodautoscalers", "horizontalpodautoscaler", "hpa"],
    &["poddisruptionbudgets", "poddisruptionbudget", "pdb"],
    &["endpoints", "endpoint", "ep"],
    &["endpointslices", "endpointslice"],
    &["events", "event", "ev"],
    &["limitranges", "limitrange", "limits"],
    &["resourcequotas", "resourcequota", "quota"],
    &["leases", "lease"],
    &["roles", "role"],
    &["rolebindings", "rolebinding"],
];

/// The same of kinds that stand in no namespace.
const CLUSTER_KINDS: &[&[&str]] = &[
    &["namespaces", "namespace", "ns", "projects", "project"],
    &["nodes", "node", "no"],
    &["persistentvolumes", "persistentvolume", "pv"],
    &["clusterroles", "clusterrole"],
    &["clusterrolebindings", "clusterrolebinding"],
    &["customresourcedefinitions", "customresourcedefinition", "crd", "crds"],
    &["storageclasses", "storageclass", "sc"],
    &["priorityclasses", "priorityclass", "pc"],
    &["ingressclasses", "ingressclass"],
    &["componentstatuses", "componentstatus", "cs"],
    &["certificatesigningrequests", "certificatesigningrequest", "csr"],
    &["apiservices", "apiservice"],
    &["mutatingwebhookconfigurations", "mutatingwebhookconfiguration"],
    &["validatingwebhookconfigurations", "validatingwebhookconfiguration"],
];

/// Second words of `kubectl create secret generic` and `create service clusterip`.
const SUBKINDS: [&str; 7] =
    ["generic", "tls", "docker-registry", "clusterip", "nodeport", "loadbalancer", "externalname"];

/// A kind as its plural, and whether it stands in a namespace.
fn kind_of(word: &str) -> (String, bool) {
    let word = word.to_ascii_lowercase();
    // `deployments.v1.apps`: the group tells apart only what the catalogue does not know.
    let base = word.split('.').next().unwrap_or_default();
    for (table, inside) in [(KINDS, true), (CLUSTER_KINDS, false)] {
        let row = table.iter().find(|names| names.contains(&base));
        if let Some(plural) = row.and_then(|names| names.first()) {
            return ((*plural).to_owned(), inside);
        }
    }
    (word, true)
}

impl Reader<'_> {
    /// The objects that the operands name: `KIND[,KIND] [NAME…]`, `KIND/NAME…`, or with a default kind
    /// `NAME` alone. With `get` for a default they may be printed in full. `k=v` and `k-` change labels and the like. Without operands: all.
    pub(super) fn objects(&mut self, call: &Call, action: Option<Doing>, default: &str) {
        let prints = default == "get";
        let default = if prints { "" } else { default };
        let context = call.flag("--context").map_or("*", Arg::glob).to_owned();
        let all = call.marks.contains("all-namespaces");
        let namespace = if all { "*" } else { call.flag("-n").map_or("*", Arg::glob) }.to_owned();
        let place = |kind: &str, name: &str| match kind_of(kind) {
            (kind, true) => (format!("{context}/{namespace}/{kind}/{name}"), kind),
            // All that is in a namespace goes with it.
            (kind, _) if kind == "namespaces" && action == Some(Doing::Act(Action::Delete)) => {
                (format!("{context}/{name}/**"), kind)
            }
            (kind, _) if kind == "namespaces" => (format!("{context}/{name}/{kind}/{name}"), kind),
            (kind, _) => (format!("{context}/-/{kind}/{name}"), kind),
        };
        let words: Option<Vec<&str>> = call.operands.iter().map(Arg::known).collect();
        let mut found: Vec<(String, String)> = Vec::new();
        let words = words.map(|words| {
            let changes = |w: &&str| w.contains('=') || w.ends_with('-');
            words.into_iter().filter(|w| !changes(w)).collect::<Vec<_>>()
        });
        match words.as_deref() {
            None | Some([]) => {
                // Any kind, secrets among them.
                found.push((format!("{context}/{namespace}/**"), "secrets".to_owned()));
            }
            Some([first, ..]) if !default.is_empty() => {
                let (kind, name) = first.split_once('/').unwrap_or((default, *first));
                found.push(place(kind, &Glob::escape(name)));
            }
            Some(words) if words.iter().any(|w| w.contains('/')) => {
                for word in words {
                    let (kind, name) = word.split_once('/').unwrap_or((*word, "*"));
                    let name = if name == "*" { name.to_owned() } else { Glob::escape(name) };
                    found.push(place(&Glob::escape(kind), &name));
                }
            }
            Some([kinds, names @ ..]) => {
                let making = action == Some(Doing::Act(Action::Create));
                let names = match names {
                    [sub, rest @ ..] if making && SUBKINDS.contains(sub) => rest,
                    names => names,
                };
                for kind in kinds.split(',') {
                    let kind = Glob::escape(kind);
                    if names.is_empty() {
                        found.push(place(&kind, "*"));
                    }
                    for name in names.iter().take(if making { 1 } else { names.len() }) {
                        found.push(place(&kind, &Glob::escape(name)));
                    }
                }
            }
        }
        let known = words.is_some_and(|w| !w.is_empty());
        for (glob, kind) in found {
            let shown = prints && kind == "secrets" && shows_values(call, known);
            let action = if shown { Some(Doing::Act(Action::Reveal)) } else { action };
            self.on(action, ResourceKind::K8s, &glob, &call.source);
        }
    }
}

/// Whether a reading call prints objects in full; `known`: what kinds they are. Only `-o wide` and
/// `-o name` print no more than a table does.
fn shows_values(call: &Call, known: bool) -> bool {
    let table = |v: &Option<Arg>| {
        v.as_ref().is_some_and(|v| matches!(v.known(), Some("wide" | "name" | "")))
    };
    let full = call.given.iter().any(|(name, value)| match name.as_str() {
        "-o" => !table(value),
        "--template" => true,
        _ => false,
    });
    // Words that are not known before the line runs may hold `-o yaml`.
    full || (!known && call.operands.iter().any(|o| o.many || o.any))
}
