//! Effects, and the intent that holds all of them.
//!
//! In: what the judge read. Out: values to decide over and to show.
//! Never: holds a permission.

use super::{Action, Resource};
use serde_json::{Value, json};

/// One thing a payload can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What is done.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// Which command of the payload does it: an index into `Intent::commands`.
    pub command: usize,
    /// Where in the command this comes from, for people: `operand 1`, `flag -o`, `redirection >`.
    pub source: String,
}

/// One simple command of the payload, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The words, joined for display; a part that is not known before it runs shows as `…`.
    pub text: String,
    /// The catalogue row that told its effects; `None` where no row matched.
    pub tool: Option<String>,
}

/// The complete set of effects of a payload. What could not be understood is in it as `opaque`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// Every effect, in the order they were found, none twice.
    pub effects: Vec<Effect>,
    /// Every simple command, the wrapped ones too.
    pub commands: Vec<Command>,
}

impl Intent {
    /// The form that entries and `explain` show.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let effects: Vec<Value> = self
            .effects
            .iter()
            .map(|e| {
                json!({"action": e.action.name(), "resource": e.resource.to_string(),
                    "command": e.command, "source": e.source})
            })
            .collect();
        let commands: Vec<Value> =
            self.commands.iter().map(|c| json!({"text": c.text, "tool": c.tool})).collect();
        json!({"effects": effects, "commands": commands})
    }
}
