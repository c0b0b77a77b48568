//! Names of files that one command of a pipeline prints and the next takes for its arguments.
//!
//! In: the words of a command, and the effects it was found to have. Out: the trees that all the names
//! it prints lie in, and how they are separated.
//! Never: takes the output of a command for names unless it prints nothing else.

use super::Reader;
use super::state::{Input, State};
use crate::judge::shell::{Node, Word};
use crate::model::{Action, Glob, ResourceKind};

/// Names that come in on standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Globs over absolute paths that take in each of them.
    pub(super) trees: Vec<String>,
    /// Whether they end in a NUL, which no name holds; else in a newline.
    pub(super) nul: bool,
}

/// Primaries of find that print something else than a name, or run something that may.
const NO_NAMES: [&str; 8] =
    ["-exec", "-execdir", "-ok", "-okdir", "-printf", "-ls", "-fls", "-files0-from"];

impl Reader<'_> {
    /// What a command of a pipeline hands to the next. `before`: how many effects there were.
    pub(super) fn handed(&self, node: &Node, before: usize, state: &State, input: &Input) -> Input {
        let names = match node {
            Node::Simple(s) if s.assignments.is_empty() && s.redirections.is_empty() => {
                let words: Option<Vec<String>> = s.words.iter().map(Word::literal).collect();
                words.and_then(|words| {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    self.printed(&words, before, state, input)
                })
            }
            _ => None,
        };
        names.map_or(Input::Piped, Input::Names)
    }

    fn printed(
        &self,
        words: &[&str],
        before: usize,
        state: &State,
        input: &Input,
    ) -> Option<Names> {
        let (tool, rest) = words.split_first()?;
        if let (Input::Names(names), true) = (input, passes_lines(tool, rest)) {
            return Some(names.clone()).filter(|n| !n.nul);
        }
        let has = |long: &[&str]| rest.iter().any(|w| long.contains(w));
        let letters = |only: &str, one: char| {
            rest.iter().any(|w| {
                let cluster = w.strip_prefix('-').filter(|c| !c.starts_with('-'));
                cluster.is_some_and(|c| c.contains(one) && c.chars().all(|l| only.contains(l)))
            })
        };
        let nul = match *tool {
            "find" => {
                let odd = |w: &&str| NO_NAMES.contains(w) || w.starts_with("-fprint");
                if rest.iter().any(odd) || has(&["-print"]) && has(&["-print0"]) {
                    return None;
                }
                has(&["-print0"])
            }
            "fd" | "fdfind" => {
                let odd = |w: &&&str| w.starts_with('-') && !w.starts_with("--");
                let short = rest.iter().filter(odd).any(|w| w.contains(['x', 'X', 'l']));
                let long = ["--exec", "--list", "--form"];
                if short || rest.iter().any(|w| long.iter().any(|l| w.starts_with(l))) {
                    return None;
                }
                has(&["-0", "--print0"])
            }
            "rg" => {
                const PLAIN: &str = "lniwFSsuv0.H";
                let listed = letters(PLAIN, 'l')
                    || has(&["--files", "--files-with-matches", "--files-without-match"]);
                if !listed || rest.iter().any(|w| w.starts_with("--pre") || *w == "--json") {
                    return None;
                }
                has(&["--null"]) || letters(PLAIN, '0')
            }
            "grep" | "egrep" | "fgrep" => {
                const PLAIN: &str = "rRlLiIEFwnvPZsxaH";
                let listed = letters(PLAIN, 'l')
                    || letters(PLAIN, 'L')
                    || has(&["--files-with-matches", "--files-without-match"]);
                if !listed {
                    return None;
                }
                has(&["--null"]) || letters(PLAIN, 'Z')
            }
            "git" => return self.tracked(rest, state),
            "ls" => {
                let plain =
                    |w: &&str| w.starts_with('-') && w.chars().all(|c| "-1aAtrSUX".contains(c));
                let cwd = state.cwd.as_deref().filter(|_| rest.iter().all(plain))?;
                let cwd = Glob::escape(cwd.trim_end_matches('/'));
                return Some(Names { trees: vec![format!("{cwd}/*")], nul: false });
            }
            _ => return None,
        };
        // Where it looked is where its names lie; a command that does more prints more.
        let mut trees = Vec::new();
        for effect in self.intent.effects.iter().skip(before) {
            let looks = matches!(effect.action, Action::Read | Action::Reveal);
            if !looks || effect.resource.kind != ResourceKind::File {
                return None;
            }
            trees.push(effect.resource.name.as_str().to_owned());
        }
        Some(Names { trees, nul }).filter(|n| !n.trees.is_empty())
    }

    /// git names files by their path in the work tree, and puts odd ones in quotes.
    fn tracked(&self, rest: &[&str], state: &State) -> Option<Names> {
        let (verb, rest) = rest.split_first()?;
        let listed = match *verb {
            "ls-files" => !rest.iter().any(|w| {
                matches!(
                    *w,
                    "-s" | "--stage" | "-u" | "--unmerged" | "-t" | "-v" | "-f" | "--debug"
                ) || w.starts_with("--format")
            }),
            "diff" => rest.contains(&"--name-only"),
            "grep" => {
                rest.iter().any(|w| matches!(*w, "-l" | "--files-with-matches" | "--name-only"))
            }
            _ => false,
        };
        let root = self.world.ask("git.root").text().map(str::to_owned)?;
        let inside = state.cwd.as_deref()?.strip_prefix(&root)?;
        let here = inside.is_empty() || inside.starts_with('/');
        let nul = rest.iter().any(|w| matches!(*w, "-z" | "--null"));
        let trees = vec![format!("{}/**", Glob::escape(&root))];
        (listed && here).then_some(Names { trees, nul })
    }

    /// The trees that the arguments lie in which a command takes from its input; `None` where they may
    /// be anything. A name with a blank or a quote becomes other arguments than the file it means, so
    /// that no such name may stand in the tree where names are not ended by a NUL.
    pub(super) fn argument_trees(&self, input: &Input, nul: bool) -> Option<Vec<String>> {
        let Input::Names(names) = input else { return None };
        if names.nul != nul {
            return None;
        }
        let plain = |tree: &String| {
            let root = tree.trim_end_matches("**").trim_end_matches('*').trim_end_matches('/');
            let root = super::args::one_name(root)?;
            let root = if root.is_empty() { "/".to_owned() } else { root };
            (self.world.ask(&format!("names:{root}")).text() == Some("plain")).then_some(())
        };
        if !nul && names.trees.iter().any(|t| plain(t).is_none()) {
            return None;
        }
        Some(names.trees.clone())
    }
}

/// Whether a command only drops or sorts the lines of its input.
fn passes_lines(tool: &str, rest: &[&str]) -> bool {
    let flags = |letters: &str| {
        rest.iter().all(|w| {
            w.strip_prefix('-')
                .is_some_and(|f| !f.is_empty() && f.chars().all(|c| letters.contains(c)))
        })
    };
    match tool {
        "sort" => flags("urnVfb"),
        "uniq" => rest.is_empty(),
        "head" | "tail" => match rest {
            ["-n", n] => n.chars().all(|c| c.is_ascii_digit()),
            _ => flags("n0123456789"),
        },
        "grep" | "egrep" | "fgrep" => {
            let operands = rest.iter().filter(|w| !w.starts_with('-')).count();
            let plain = |w: &&&str| w.chars().all(|c| "-viEFwxP".contains(c));
            operands == 1 && rest.iter().filter(|w| w.starts_with('-')).all(|w| plain(&w))
        }
        _ => false,
    }
}
