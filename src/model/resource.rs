//! Resources: what an effect acts on, as a URI by kind.
//!
//! In: text such as `file:/r/src/*` or a kind and a name. Out: a `Resource`.
//! Never: looks whether the resource exists.

use super::glob::{Glob, GlobError};
use std::fmt;

/// The kinds of resource. Closed, like the actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// `file:/abs`: a file, folder or device by absolute path.
    File,
    /// `code:/abs`: a program text that an interpreter runs; `code:inline` when it stands in the line,
    /// `code:remote` when the line fetches it.
    Code,
    /// `host:name:port`.
    Host,
    /// `git:remote/ref`; for the local repository the remote is `.`.
    Git,
    /// `sql:host/schema.table`.
    Sql,
    /// `s3:bucket/key`.
    S3,
    /// `aws:service/resource`.
    Aws,
    /// `k8s:context/namespace/kind/name`.
    K8s,
    /// `container:name`.
    Container,
    /// `image:name`.
    Image,
    /// `pkg:type/name` as in package-url (`pkg:cargo/serde`, `pkg:npm/left-pad`, `pkg:deb/curl`).
    Pkg,
    /// `service:unit`.
    Service,
    /// `process:pid-or-name`.
    Process,
    /// `env:NAME`.
    Env,
    /// `secret:name`.
    Secret,
    /// `mcp:server/tool`.
    Mcp,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::File,
        Self::Code,
        Self::Host,
        Self::Git,
        Self::Sql,
        Self::S3,
        Self::Aws,
        Self::K8s,
        Self::Container,
        Self::Image,
        Self::Pkg,
        Self::Service,
        Self::Process,
        Self::Env,
        Self::Secret,
        Self::Mcp,
    ];

    /// The word before the colon.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Code => "code",
            Self::Host => "host",
            Self::Git => "git",
            Self::Sql => "sql",
            Self::S3 => "s3",
            Self::Aws => "aws",
            Self::K8s => "k8s",
            Self::Container => "container",
            Self::Image => "image",
            Self::Pkg => "pkg",
            Self::Service => "service",
            Self::Process => "process",
            Self::Env => "env",
            Self::Secret => "secret",
            Self::Mcp => "mcp",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// Why a text is no resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// No `kind:` in front, or one that is not in the closed set.
    #[error(
        "`{0}` names no resource kind; write one of file, code, host, git, sql, s3, aws, k8s, container, image, pkg, service, process, env, secret, mcp before the colon"
    )]
    Kind(String),
    /// The part after the colon is no glob.
    #[error(transparent)]
    Glob(#[from] GlobError),
}

/// What an effect acts on. A name without wildcards is one resource; with wildcards it stands for each
/// of them (`rm *.o`), and `**` for any (`rm "$unknown"`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its type.
    pub kind: ResourceKind,
    /// Its name within the type.
    pub name: Glob,
}

impl Resource {
    /// Reads `kind:glob`.
    ///
    /// # Errors
    /// An unknown kind, or a bad glob.
    pub fn parse(text: &str) -> Result<Self, ResourceError> {
        let unknown = || ResourceError::Kind(text.to_owned());
        let (kind, name) = text.split_once(':').ok_or_else(unknown)?;
        let kind = ResourceKind::parse(kind).ok_or_else(unknown)?;
        Ok(Self { kind, name: Glob::parse(name)? })
    }

    /// The one resource of that exact name.
    #[must_use]
    pub fn exact(kind: ResourceKind, name: &str) -> Self {
        Self { kind, name: Glob::literal(name) }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_print_as_they_are_read() {
        for text in
            ["file:/r/*.o", "host:example.org:443", "git:origin/agent/x", "sql:w/a.b", "file:**"]
        {
            assert_eq!(Resource::parse(text).unwrap().to_string(), text);
        }
        assert!(matches!(Resource::parse("/etc/passwd"), Err(ResourceError::Kind(_))));
        assert!(matches!(Resource::parse("ftp:x"), Err(ResourceError::Kind(_))));
    }
}
