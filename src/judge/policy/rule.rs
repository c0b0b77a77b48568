//! Rules: which effects they speak of, and when.
//!
//! In: a rule as it is written. Out: a validated [`Rule`].
//! Never: decides between rules.

use super::PolicyError;
use super::bound::fits;
use super::file::{Place, RuleKeys};
use super::template::{Template, Values, is_number};
use super::words::nearest;
use crate::model::{Action, ActionSet, FactValue, Glob, Resource, ResourceKind, Verdict, is_name};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use toml::{Spanned, Value};

/// Ids that decisions use for themselves.
const RESERVED: &[&str] = &["default", "supervised", "identity"];

/// One rule of a profile.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name, unique over the profile and its parents.
    pub id: String,
    /// `Allow` of a permit, `Ask`, or `Deny` of a forbid.
    pub effect: Verdict,
    /// The actions it speaks of.
    pub actions: ActionSet,
    /// The resources, as they are written.
    pub resources: Vec<String>,
    /// Why it is there, in its author's words.
    pub why: String,
    /// What the agent can do instead.
    pub hint: String,
    /// Lines that it must decide.
    pub examples: Vec<String>,
    /// Lines that it must not decide.
    pub counter_examples: Vec<String>,
    /// The profile that it stands in.
    pub profile: String,
    /// Path of that file, for messages.
    pub path: String,
    /// Line of its `id` there.
    pub line: usize,
    pub(super) patterns: Vec<Pattern>,
    conditions: Vec<Condition>,
}

impl Rule {
    /// The word of its table: `permit`, `ask` or `forbid`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.effect {
            Verdict::Allow => "permit",
            Verdict::Ask => "ask",
            Verdict::Deny => "forbid",
        }
    }

    /// Actions and resources in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let actions: Vec<&str> = self.actions.iter().map(Action::name).collect();
        format!("{} on {}", actions.join(" "), self.resources.join(" "))
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let actions: Vec<&str> = self.actions.iter().map(Action::name).collect();
        serde_json::json!({"id": self.id, "kind": self.kind(), "actions": actions, "resources": self.resources,
            "why": self.why, "hint": self.hint, "examples": self.examples, "counter_examples": self.counter_examples,
            "profile": self.profile, "line": self.line})
    }

    /// File and line.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.path, self.line)
    }

    /// Whether all of its `when` holds. What is not known to be true does not make a permit; what is
    /// `not` so because it is absent does make an ask or a forbid.
    ///
    /// # Errors
    /// A fact could not be found out.
    pub fn holds(&self, values: &Values) -> Result<bool, String> {
        for c in &self.conditions {
            if !c.holds(values.get(&c.fact)?, self.effect) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Its resources, in the order they are written.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// What its `when` says.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Names of the facts that it depends on.
    pub fn facts(&self) -> BTreeSet<&str> {
        let variables = self.patterns.iter().flat_map(|p| p.template.variables());
        variables.chain(self.conditions.iter().map(|c| c.fact.as_str())).collect()
    }
}

/// One resource of a rule.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// `None`: of any kind.
    pub(super) kind: Option<ResourceKind>,
    template: Template,
    fixed: Option<Arc<Glob>>,
}

impl Pattern {
    /// Reads a resource as rules write it: `file:{cwd}/**`.
    ///
    /// # Errors
    /// What is wrong with it, and the fix.
    pub fn parse(text: &str) -> Result<Self, String> {
        pattern(text)
    }

    /// Its kind; `None`: any.
    #[must_use]
    pub const fn kind(&self) -> Option<ResourceKind> {
        self.kind
    }

    /// Its variables, in order: name, and whether `/` follows.
    pub fn variables(&self) -> impl Iterator<Item = (&str, bool)> {
        self.template.places()
    }

    /// The glob with each variable replaced by what `put` gives for its number. `None` where that is
    /// no glob.
    #[must_use]
    pub fn shape(&self, put: &dyn Fn(usize) -> String) -> Option<Glob> {
        match &self.fixed {
            Some(glob) => Some(Glob::clone(glob)),
            None => Glob::parse(&self.template.replace(put)).ok(),
        }
    }

    /// The plain text before its first variable; `None` where there is a wildcard in it, or no variable.
    #[must_use]
    pub fn lead(&self) -> Option<&str> {
        self.template.lead()
    }

    /// Whether the rule speaks of this resource: a permit must cover all of it, an ask or a forbid
    /// need only meet it.
    ///
    /// # Errors
    /// A variable's fact could not be found out.
    pub fn speaks_of(
        &self,
        resource: &Resource,
        effect: Verdict,
        values: &Values,
    ) -> Result<bool, String> {
        if self.kind.is_some_and(|k| k != resource.kind) {
            return Ok(false);
        }
        if self.fixed.is_none() && !self.template.may_begin(values, resource.name.prefix())? {
            return Ok(false);
        }
        Ok(self.glob(values)?.is_some_and(|glob| fits(&glob, &resource.name, effect)))
    }

    /// Its glob; `None` where a variable in it has no value.
    pub(super) fn glob(&self, values: &Values) -> Result<Option<Arc<Glob>>, String> {
        match &self.fixed {
            Some(glob) => Ok(Some(Arc::clone(glob))),
            None => Ok(self.template.glob(values)?.map(Arc::new)),
        }
    }
}

/// What a `when` says of one fact: all tests must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The fact's name.
    pub fact: String,
    /// The tests.
    pub tests: Vec<Test>,
}

/// One test of a fact's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Is one of these.
    In(Vec<FactValue>),
    /// Is none of these.
    Not(Vec<FactValue>),
    /// Is this or greater.
    Min(FactValue),
    /// Is this or less.
    Max(FactValue),
    /// Matches.
    Like(Glob),
}

impl Condition {
    /// Whether it holds of this value (`None`: absent) in a rule of this effect.
    #[must_use]
    pub fn holds(&self, value: Option<&FactValue>, effect: Verdict) -> bool {
        match value {
            Some(value) => self.tests.iter().all(|t| t.holds(value)),
            None => {
                let only_not = self.tests.iter().all(|t| matches!(t, Test::Not(_)));
                only_not && effect != Verdict::Allow
            }
        }
    }
}

impl Test {
    fn holds(&self, value: &FactValue) -> bool {
        match self {
            Self::In(list) => list.contains(value),
            Self::Not(list) => !list.contains(value),
            Self::Min(bound) => at_most(bound, value),
            Self::Max(bound) => at_most(value, bound),
            Self::Like(glob) => glob.matches(&value.to_string()),
        }
    }
}

fn at_most(a: &FactValue, b: &FactValue) -> bool {
    match (a, b) {
        (FactValue::Integer(a), FactValue::Integer(b)) => a <= b,
        (FactValue::Text(a), FactValue::Text(b)) => a <= b,
        _ => false,
    }
}

/// Validates one rule.
pub(super) fn compile(
    place: Place<'_>,
    line: usize,
    effect: Verdict,
    keys: RuleKeys,
) -> Result<Rule, PolicyError> {
    let id = keys.id.get_ref().clone();
    let fail = |span: &Range<usize>, key: &str, message: String| {
        place.error(span, format!("rule `{id}`, key `{key}`: {message}"))
    };
    if !is_name(&id) {
        let message = "an id is 1 to 64 of a-z, 0-9 and `-`".to_owned();
        return Err(fail(&keys.id.span(), "id", message));
    }
    if RESERVED.contains(&id.as_str()) {
        let message = "exo uses this id itself; choose another".to_owned();
        return Err(fail(&keys.id.span(), "id", message));
    }
    if keys.actions.get_ref().is_empty() {
        let message = "empty: the rule would never apply; name an action".to_owned();
        return Err(fail(&keys.actions.span(), "actions", message));
    }
    if keys.resources.get_ref().is_empty() {
        let message = "empty: the rule would never apply; name a resource, or `**` for any";
        return Err(fail(&keys.resources.span(), "resources", message.to_owned()));
    }
    let mut actions = ActionSet::default();
    for word in keys.actions.get_ref() {
        match (word.get_ref().as_str(), effect) {
            ("*", Verdict::Allow) => {
                let message = "`*` may not be permitted; name each action".to_owned();
                return Err(fail(&word.span(), "actions", message));
            }
            ("*", _) => actions = Action::ALL.into_iter().collect(),
            (name, _) => actions
                .insert(action(name).map_err(|message| fail(&word.span(), "actions", message))?),
        }
    }
    let patterns = keys.resources.get_ref().iter().map(|text| {
        pattern(text.get_ref()).map_err(|message| fail(&text.span(), "resources", message))
    });
    let patterns = patterns.collect::<Result<_, _>>()?;
    let conditions = keys.when.iter().map(|(fact, value)| {
        condition(fact, value).map_err(|message| fail(&value.span(), "when", message))
    });
    let conditions = conditions.collect::<Result<_, _>>()?;
    let resources = keys.resources.into_inner().into_iter().map(Spanned::into_inner).collect();
    Ok(Rule {
        id,
        effect,
        actions,
        resources,
        why: keys.why,
        hint: keys.hint,
        examples: keys.examples,
        counter_examples: keys.counter_examples,
        profile: place.source.name.clone(),
        path: place.source.path.clone(),
        line,
        patterns,
        conditions,
    })
}

fn action(name: &str) -> Result<Action, String> {
    Action::parse(name).ok_or_else(|| {
        if matches!(name, "send" | "upload") {
            return format!(
                "unknown action `{name}`; write `connect` on `host:`, or `create` on `s3:`"
            );
        }
        let names = || Action::ALL.into_iter().map(Action::name);
        match nearest(name, names()) {
            Some(near) => format!("unknown action `{name}`; did you mean `{near}`?"),
            None => {
                let known = names().collect::<Vec<_>>().join(", ");
                format!("unknown action `{name}`; known are: {known}")
            }
        }
    })
}

fn pattern(text: &str) -> Result<Pattern, String> {
    if text == "**" {
        let (template, fixed) = (Template::default(), Glob::parse("**").ok().map(Arc::new));
        return Ok(Pattern { kind: None, template, fixed });
    }
    // The kind is read before the variables, so that a value cannot change it.
    let (word, name) = text.split_once(':').unwrap_or((text, ""));
    let Some(kind) = ResourceKind::parse(word) else {
        let known = ResourceKind::ALL.map(ResourceKind::name);
        return Err(match nearest(word, known.into_iter()) {
            Some(near) if text.contains(':') => {
                format!("`{text}`: unknown kind `{word}`; did you mean `{near}:`?")
            }
            _ if text.starts_with(['/', '{', '~']) => {
                format!("`{text}` has no kind; write `file:{text}`")
            }
            _ => format!("`{text}` has no known kind; known are: {}", known.join(", ")),
        });
    };
    let template = Template::parse(name)?;
    let sample = Glob::parse(&template.with("x")).map_err(|e| e.to_string())?;
    let anchored = name.starts_with(['/', '{']) || name.starts_with("**");
    match kind {
        ResourceKind::File if name.starts_with('~') => {
            return Err(format!("`{text}`: write `{{home}}` for the home folder"));
        }
        ResourceKind::File if !anchored => {
            return Err(format!(
                "`{text}`: files are named by absolute path; write `file:{{cwd}}/{name}`"
            ));
        }
        _ => {}
    }
    let fixed = template.variables().next().is_none().then(|| Arc::new(sample));
    Ok(Pattern { kind: Some(kind), template, fixed })
}

fn condition(fact: &str, value: &Spanned<Value>) -> Result<Condition, String> {
    let number = is_number(fact)?;
    let one = |v: &Value| scalar(fact, number, v);
    let many = |v: &Value| match v {
        Value::Array(items) => items.iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    };
    let tests = match value.get_ref() {
        Value::Table(table) => table
            .iter()
            .map(|(key, v)| match (key.as_str(), v) {
                ("in", Value::Array(_)) => Ok(Test::In(many(v)?)),
                ("in", _) => Err(format!("`{fact}`: `in` takes a list")),
                ("not", _) => Ok(Test::Not(many(v)?)),
                ("min", _) => Ok(Test::Min(one(v)?)),
                ("max", _) => Ok(Test::Max(one(v)?)),
                ("glob", Value::String(text)) => {
                    Glob::parse(text).map(Test::Like).map_err(|e| format!("`{fact}`: {e}"))
                }
                ("glob", _) => Err(format!("`{fact}`: `glob` takes a text")),
                _ => Err(format!(
                    "`{fact}`: unknown condition `{key}`; known are: in, not, min, max, glob"
                )),
            })
            .collect::<Result<Vec<_>, _>>()?,
        Value::Array(_) => return Err(format!("`{fact}`: write {{ in = […] }} for a list")),
        single => vec![Test::In(vec![one(single)?])],
    };
    if tests.is_empty() {
        return Err(format!("`{fact}`: an empty condition says nothing; remove it"));
    }
    Ok(Condition { fact: fact.to_owned(), tests })
}

fn scalar(fact: &str, number: bool, value: &Value) -> Result<FactValue, String> {
    match value {
        Value::Integer(i) if number => Ok(FactValue::Integer(*i)),
        _ if number => Err(format!("`{fact}` is a whole number; write one without quotes")),
        Value::Datetime(d) if fact == "time.now" => utc(d).map(FactValue::Text),
        Value::Datetime(d) => Ok(FactValue::Text(d.to_string())),
        Value::String(s) => Ok(FactValue::Text(s.clone())),
        _ => Err(format!("`{fact}` is a text; write it in quotes")),
    }
}

/// The text of a time in UTC to the second, which compares as the times do.
pub(super) fn utc(time: &toml::value::Datetime) -> Result<String, String> {
    let whole = time.time.is_some_and(|t| t.nanosecond.unwrap_or(0) == 0);
    let zulu = time.offset == Some(toml::value::Offset::Z);
    match (time.date, time.time) {
        (Some(d), Some(t)) if whole && zulu => Ok(format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            d.year,
            d.month,
            d.day,
            t.hour,
            t.minute,
            t.second.unwrap_or(0)
        )),
        _ => Err(format!("`{time}` is no time in UTC; write it as 2027-06-30T00:00:00Z")),
    }
}
