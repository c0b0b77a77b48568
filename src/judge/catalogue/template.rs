//! Effect texts of rows: `[if MARK: ] [ACTION] KIND [ARGUMENT]` or `[if MARK: ] ACTION kind:name`.
//!
//! In: the text. Out: a [`Template`], which the reader of intents fills in.
//! Never: keeps a part that it does not understand.

use crate::model::{Action, ResourceKind};
use serde::Deserialize;

/// What an effect does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// This action.
    Action(Action),
    /// `create` where the target is missing, else `update`.
    Write,
}

/// How an argument becomes resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file; its tree with the mark `recursive`.
    Path,
    /// Always the tree.
    Tree,
    /// The tree if it is a folder, else the file.
    Whole,
    /// `https://name:port/…`.
    Url,
    /// `user@name:port`, with the default port.
    Host(u16),
    /// A path or `host:path`.
    Scp,
    /// `s3://bucket/key`, or a path.
    S3,
    /// SQL text.
    Sql,
    /// Text for bash, or for any POSIX shell.
    Sh {
        /// Read as a POSIX shell of unknown make.
        posix: bool,
    },
    /// Program text in the line.
    Code,
    /// Path of a program text.
    Script,
    /// A package of this type.
    Pkg(String),
    /// Name or URL of a git remote.
    GitRemote,
    /// `[+]src:dst`, pushed to `{remote}`.
    GitRefspec,
    /// `key=value` or a key of git's configuration.
    GitConfig,
    /// A mode of `chmod`.
    Mode,
    /// `@file` is read; anything else is text.
    AtFile,
    /// A script of `sed`.
    Sed,
    /// A program of `awk`.
    Awk,
    /// The arguments of `find`, all of them.
    Find,
    /// Name of an environment variable.
    EnvName,
    /// Number or name of a process.
    Pid,
    /// A unit of the service manager.
    Unit,
    /// Name of a container.
    Container,
    /// Name of an image.
    Image,
    /// Folder in which the rest of the row stands.
    Chdir,
    /// Folder in which the operands stand.
    ChdirOperands,
    /// Standard input is text for a shell.
    StdinSh {
        /// Read as a POSIX shell of unknown make.
        posix: bool,
    },
    /// Standard input is program text.
    StdinCode,
    /// Standard input is SQL.
    StdinSql,
    /// A plain value without effect.
    Any,
    /// Cannot be told.
    Opaque,
}

impl Kind {
    /// The kind of that name.
    fn parse(name: &str) -> Option<Self> {
        if let Some(kind) = name.strip_prefix("pkg:").filter(|t| !t.contains(['/', '{'])) {
            return Some(Self::Pkg(kind.to_owned()));
        }
        if let Some(port) = name.strip_prefix("host/") {
            return port.parse().ok().map(Self::Host);
        }
        Some(match name {
            "path" => Self::Path,
            "tree" => Self::Tree,
            "whole" => Self::Whole,
            "url" => Self::Url,
            "host" => Self::Host(22),
            "scp" => Self::Scp,
            "s3" => Self::S3,
            "sql" => Self::Sql,
            "sh" => Self::Sh { posix: false },
            "sh:posix" => Self::Sh { posix: true },
            "code" => Self::Code,
            "script" => Self::Script,
            "git-remote" => Self::GitRemote,
            "git-refspec" => Self::GitRefspec,
            "git-config" => Self::GitConfig,
            "mode" => Self::Mode,
            "at-file" => Self::AtFile,
            "sed" => Self::Sed,
            "awk" => Self::Awk,
            "find" => Self::Find,
            "env-name" => Self::EnvName,
            "pid" => Self::Pid,
            "unit" => Self::Unit,
            "container" => Self::Container,
            "image" => Self::Image,
            "chdir" => Self::Chdir,
            "chdir-operands" => Self::ChdirOperands,
            "stdin-sh" => Self::StdinSh { posix: false },
            "stdin-sh:posix" => Self::StdinSh { posix: true },
            "stdin-code" => Self::StdinCode,
            "stdin-sql" => Self::StdinSql,
            "any" => Self::Any,
            "opaque" => Self::Opaque,
            _ => return None,
        })
    }

    /// Whether it takes its action from the effect text.
    const fn needs_action(&self) -> bool {
        matches!(
            self,
            Self::Path
                | Self::Tree
                | Self::Whole
                | Self::Url
                | Self::Host(_)
                | Self::Scp
                | Self::S3
                | Self::Pkg(_)
                | Self::GitRemote
                | Self::AtFile
                | Self::EnvName
                | Self::Pid
                | Self::Unit
                | Self::Container
                | Self::Image
        )
    }
}

/// A value that a template holds a place for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Var {
    /// The folder.
    Cwd,
    /// The argument as it was given.
    Arg,
    /// A fact of the world by its name.
    Fact(&'static str),
    /// The value of a flag.
    Flag(String, Option<String>),
    /// An operand by place.
    Operand(usize, Option<String>),
    /// Destinations of the refspecs.
    Ref,
}

/// A piece of text in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands; wildcards count.
    Text(String),
    /// Filled in.
    Var(Var),
}

/// What an effect acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An argument, read by a kind; with pieces, these are the argument.
    Kind(Kind, Option<Vec<Piece>>),
    /// A resource spelled out.
    Resource(ResourceKind, Vec<Piece>),
}

/// One effect of a row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template {
    /// Only with (`true`) or without this mark.
    pub when: Option<(bool, String)>,
    /// What is done; kinds that fix their own action have `None`.
    pub action: Option<Do>,
    /// To what.
    pub target: Target,
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (when, rest) = condition(&text)?;
        let (first, tail) = rest.split_once(' ').map_or((rest, ""), |(a, b)| (a, b.trim()));
        let action = if first == "write" {
            Some(Do::Write)
        } else if tail.is_empty() {
            None
        } else {
            Action::parse(first).map(Do::Action)
        };
        let body = if action.is_some() { tail } else { rest };
        let (word, argument) = body.split_once(' ').map_or((body, None), |(a, b)| (a, Some(b)));
        if let Some(kind) = Kind::parse(word) {
            if kind.needs_action() && action.is_none() {
                return Err(format!("effect `{text}` needs an action in front of `{word}`"));
            }
            let argument = argument.map(pieces).transpose()?;
            return Ok(Self { when, action, target: Target::Kind(kind, argument) });
        }
        let unknown = || format!("effect `{text}`: `{body}` is neither a kind nor a resource");
        let (kind, name) = body.split_once(':').ok_or_else(unknown)?;
        let kind = ResourceKind::parse(kind).ok_or_else(unknown)?;
        if action.is_none() {
            return Err(format!("effect `{text}` needs an action in front of `{body}`"));
        }
        Ok(Self { when, action, target: Target::Resource(kind, pieces(name)?) })
    }
}

/// `if MARK: ` and `unless MARK: ` in front.
fn condition(text: &str) -> Result<(Option<(bool, String)>, &str), String> {
    let (with, rest) = if let Some(rest) = text.strip_prefix("if ") {
        (true, rest)
    } else if let Some(rest) = text.strip_prefix("unless ") {
        (false, rest)
    } else {
        return Ok((None, text));
    };
    let (mark, rest) =
        rest.split_once(": ").ok_or_else(|| format!("effect `{text}`: no `: ` after the mark"))?;
    Ok((Some((with, mark.to_owned())), rest))
}

/// Splits at `{…}`.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        if !before.is_empty() {
            out.push(Piece::Text(before.to_owned()));
        }
        let (name, tail) =
            after.split_once('}').ok_or_else(|| format!("`{text}`: `{{` without `}}`"))?;
        out.push(Piece::Var(
            variable(name).ok_or_else(|| format!("`{text}`: unknown variable `{{{name}}}`"))?,
        ));
        rest = tail;
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.to_owned()));
    }
    Ok(out)
}

fn variable(name: &str) -> Option<Var> {
    let (name, default) =
        name.split_once('|').map_or((name, None), |(n, d)| (n, Some(d.to_owned())));
    if let Some(flag) = name.strip_prefix("flag:") {
        return Some(Var::Flag(flag.to_owned(), default));
    }
    if let Some(place) = name.strip_prefix("operand:") {
        return place.parse().ok().map(|p| Var::Operand(p, default));
    }
    Some(match name {
        "cwd" => Var::Cwd,
        "arg" => Var::Arg,
        "home" => Var::Fact("home"),
        "tmp" => Var::Fact("tmp"),
        "git.branch" => Var::Fact("git.branch"),
        "git.root" => Var::Fact("git.root"),
        "remote" => Var::Operand(0, Some("*".to_owned())),
        "ref" => Var::Ref,
        _ => return None,
    })
}
