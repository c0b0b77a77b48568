//! Names of the environment that change what programs do.
//!
//! In: the name of a variable. Out: whether programs run by it, take it for consent or trust, keep their
//! history by it, or keep a secret in it.
//! Never: looks at a value.

/// Names of the environment that make programs run, load or look for something else.
/// `*` at the end matches any rest.
const EXECUTING: &[&str] = &[
    "LD_*",
    "HOME",
    "XDG_CONFIG_HOME",
    "BASH_ENV",
    "ENV",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS2",
    "PS4",
    "SHELLOPTS",
    "BASHOPTS",
    "BASH_FUNC_*",
    "IFS",
    "PATH",
    "CDPATH",
    "GIT_*",
    "SSH_ASKPASS",
    "PAGER",
    "MANPAGER",
    "EDITOR",
    "VISUAL",
    "BROWSER",
    "LESSOPEN",
    "LESSCLOSE",
    "LESS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NPM_CONFIG_*",
    "npm_config_*",
    "PYTHONSTARTUP",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PIP_*",
    "UV_*",
    "PERL5*",
    "PERLLIB",
    "RUBYOPT",
    "RUBYLIB",
    "GEM_*",
    "LUA_*",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "CLASSPATH",
    "RUSTC*",
    "RUSTDOC",
    "RUSTFLAGS",
    "CARGO_*",
    "MAKEFLAGS",
    "MFLAGS",
    "GNUMAKEFLAGS",
    "SHELL",
    "TAR_OPTIONS",
    "GZIP",
    "RSYNC_RSH",
    "CVS_RSH",
    "MAKEFILES",
    "RIPGREP_CONFIG_PATH",
    "GCONV_PATH",
    "PYTHONUSERBASE",
    "PYTHONBREAKPOINT",
    "WGETRC",
    "CURL_HOME",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "AWS_PAGER",
    "AWS_CONFIG_FILE",
    "GH_PAGER",
    "GH_BROWSER",
    "GH_EDITOR",
    "SYSTEMD_PAGER",
    "OPENSSL_*",
    "SUDO_ASKPASS",
    "GOFLAGS",
    "GOROOT",
    "ZDOTDIR",
    "FPATH",
    "TERMINFO",
    "INPUTRC",
    "BASH_LOADABLES_PATH",
    "LESSEDIT",
    "KUBECONFIG",
    "VIMINIT",
    "EXINIT",
    "LUA_INIT*",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "PGSERVICEFILE",
    "PSQLRC",
    "MYSQL_HOME",
    "DEBUGINFOD_URLS",
    "FZF_DEFAULT_*",
    "HELM_PLUGINS",
    "TF_CLI_CONFIG_FILE",
    "TF_PLUGIN_CACHE_DIR",
    "ANSIBLE_CONFIG",
    "ANSIBLE_*_PLUGINS",
];

/// Names that only look like those above.
const NOT_EXECUTING: &[&str] = &[
    "CARGO_TERM_COLOR",
    "CARGO_INCREMENTAL",
    "CARGO_TARGET_DIR",
    "CARGO_NET_OFFLINE",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_TERMINAL_PROMPT",
    "GIT_AUTHOR_DATE",
];

/// Names by which programs take consent that is not the agent's to give, or trust and talk to another
/// place than a person set up.
const CONSENTING: &[&str] = &[
    "PRISMA_USER_CONSENT_*",
    "TF_CLI_ARGS*",
    "TF_DATA_DIR",
    "*_BASE_URL",
    "*_API_BASE",
    "*_PROXY",
    "*_proxy",
    "AWS_ENDPOINT_URL*",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "PYTHONHTTPSVERIFY",
    "GIT_SSL_*",
    "GNUTLS_*",
    "KUBECONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "DISABLE_DATABASE_ENVIRONMENT_CHECK",
    "DANGEROUSLY_*",
    "I_KNOW_*",
    "*_AUTO_APPROVE",
    "*_SKIP_CONFIRM*",
    "*_ALLOW_ROOT",
    "*_ALLOW_SUPERUSER",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GEMINI_CONFIG_DIR",
];

/// Names by which shells keep a history of what was run.
const HISTORY: &[&str] = &["HISTFILE", "HISTSIZE", "HISTFILESIZE", "HISTCONTROL", "HISTIGNORE"];

/// Ends of names that hold secrets, as words between underscores or as the end of one.
const SECRET_ENDS: &[&str] = &["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "APIKEY"];
/// Words in names that hold secrets.
const SECRET_WORDS: &[&str] =
    &["KEY", "PASS", "CREDENTIAL", "CREDENTIALS", "PAT", "SECRETS", "TOKENS"];

/// What a filter of the environment looks for when it looks for secrets, or for who gave them.
const SECRET_PARTS: &[&str] = &[
    "KEY",
    "TOKEN",
    "SECRET",
    "PASS",
    "CRED",
    "AUTH",
    "API",
    "AWS",
    "OPENAI",
    "ANTHROPIC",
    "GITHUB",
    "GH_",
    "NPM",
    "STRIPE",
    "DATABASE",
    "PGP",
    "BEARER",
    "PRIVATE",
];

/// Whether programs run, load or look for something else because of a variable.
pub(super) fn executes(name: &str) -> bool {
    let first = name.as_bytes().first();
    let mut like = EXECUTING.iter().filter(|p| p.as_bytes().first() == first);
    like.any(|p| named(p, name)) && !NOT_EXECUTING.contains(&name)
}

/// Whether programs take it for consent, or for whom to trust or to talk to.
pub(super) fn consents(name: &str) -> bool {
    CONSENTING.iter().any(|p| named(p, name))
}

/// Whether shells keep their history by it.
pub(super) fn keeps_history(name: &str) -> bool {
    HISTORY.contains(&name)
}

/// Whether a variable of that name holds a secret.
pub(super) fn holds_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper
        .split('_')
        .any(|w| SECRET_WORDS.contains(&w) || SECRET_ENDS.iter().any(|e| w.ends_with(e)))
}

/// Whether a pattern over the environment looks for such names. One that matches anything does not look
/// for any of them; the environment that a profile passes on is chosen to hold none.
pub(super) fn looks_for_secrets(pattern: &str) -> bool {
    let upper = pattern.to_ascii_uppercase();
    SECRET_PARTS.iter().any(|part| upper.contains(part))
}

/// Whether a pattern means a name of the environment: one `*` in it matches any text.
pub(super) fn named(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) => {
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        }
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_what_programs_do_with_them() {
        assert!(
            executes("LD_PRELOAD") && executes("ANSIBLE_STRATEGY_PLUGINS") && !executes("LANG")
        );
        assert!(consents("https_proxy") && consents("OPENAI_BASE_URL") && !consents("BASE"));
        for secret in ["GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "api_key"] {
            assert!(holds_secret(secret), "{secret}");
        }
        for plain in ["PATH", "MONKEYS", "TOKENIZERS_PARALLELISM", "KEYBOARD", "PWD"] {
            assert!(!holds_secret(plain), "{plain}");
        }
        assert!(looks_for_secrets("api_key") && !looks_for_secrets("^PATH="));
    }
}
