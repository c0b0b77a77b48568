//! Scripts that a file of the repository gives names to: `npm run NAME`.
//!
//! In: the name, the folder, the fact that holds the script's text. Out: the file as code that runs, and what
//! can be read of the script.
//! Never: takes a script for harmless because its text is: the file itself counts as code.

use super::Reader;
use super::args::Arg;
use super::call::Call;
use crate::judge::shell::Dialect;
use crate::model::Action;

/// What npm runs besides a script, by the beginning of its name (npm-run-script(1)).
const AROUND: [&str; 3] = ["pre", "", "post"];

impl Reader<'_> {
    /// A script of the `package.json` in the folder of the call.
    pub(super) fn npm_script(&mut self, call: &Call, name: &Arg) {
        let file = Arg::literal("package.json");
        self.script(&file, &call.state, &call.source);
        let path = self.place(&file, &call.state, true).path();
        let (Some(name), Some(path)) = (name.known(), path) else { return };
        for around in AROUND {
            let answer = self.world.ask(&format!("script:{path}#{around}{name}"));
            let Some(text) = answer.text() else { continue };
            let before = self.intent.effects.len();
            let mut inner = call.state.other_shell();
            self.deeper(|r| r.text(text.as_bytes(), Dialect::Posix, &mut inner, &call.input));
            // What is not understood in it is code of the file, which is named already.
            let mut at = 0;
            self.intent.effects.retain(|e| {
                at += 1;
                at <= before || e.action != Action::Opaque
            });
        }
    }
}
