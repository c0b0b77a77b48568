//! The presets of a sandbox: what programs of a kind need, as data.
//!
//! In: a preset's name. Out: paths, and which of read, write, execute each is for.
//! Never: names a file that holds a credential.
//!
//! A path with a final `?` may be missing. Folders are trees. Each path costs the kernel a rule
//! (about 3 µs), so broad harmless trees are named rather than their many parts.

/// May be read.
pub(super) const R: u8 = 1;
/// May be changed.
pub(super) const W: u8 = 2;
/// May be executed.
pub(super) const X: u8 = 4;

/// Name, and its paths with what each is for.
pub(super) type Preset = (&'static str, &'static [(u8, &'static str)]);

/// All presets.
pub(super) const PRESETS: &[Preset] = &[
    ("@system", SYSTEM),
    ("@dev", DEV),
    ("@tmp", TMP),
    ("@toolchains", TOOLCHAINS),
    ("@caches", CACHES),
];

/// What a program needs to start and to run. Of `/etc` only parts without secrets.
const SYSTEM: &[(u8, &str)] = &[
    (R | X, "/usr"),                 // programs, libraries, data
    (R | X, "/bin?"),                // links into /usr, or folders of their own
    (R | X, "/sbin?"),               // the same
    (R | X, "/lib?"),                // loader and libraries
    (R | X, "/lib32?"),              // the same, other word sizes
    (R | X, "/lib64?"),              // the loader's usual place
    (R, "/proc"),                    // /proc/self, cpuinfo, meminfo: runtimes do not start without
    (R, "/sys/devices/system/cpu?"), // how many processors
    (R, "/sys/fs/cgroup?"),          // how many of them this group may use
    (R, "/sys/kernel/mm?"),          // page sizes, asked by allocators
    (R, "/etc/ld.so.cache?"),        // the loader
    (R, "/etc/ld.so.preload?"),      // the loader
    (R, "/etc/ld.so.conf?"),         // ldconfig, linkers
    (R, "/etc/ld.so.conf.d?"),       // the same
    (R, "/etc/nsswitch.conf?"),      // names of users and hosts
    (R, "/etc/passwd?"),             // names of users
    (R, "/etc/group?"),              // names of groups
    (R, "/etc/hosts?"),              // names of hosts
    (R, "/etc/host.conf?"),          // the same
    (R, "/etc/gai.conf?"),           // order of addresses
    (R, "/etc/resolv.conf?"),        // name servers; often a link into /run
    (R, "/run/systemd/resolve?"),    // what that link points to
    (R, "/run/resolvconf?"),         // the same
    (R, "/etc/protocols?"),          // names of protocols
    (R, "/etc/services?"),           // names of ports
    (R, "/etc/localtime?"),          // time zone
    (R, "/etc/timezone?"),           // its name
    (R, "/etc/os-release?"),         // which system this is
    (R, "/etc/debian_version?"),     // the same
    (R, "/etc/alternatives?"),       // links that commands go through
    (R, "/etc/ssl/certs?"),          // certificates that are trusted; /etc/ssl/private is not here
    (R, "/etc/ssl/openssl.cnf?"),    // settings of the TLS library
    (R, "/etc/ca-certificates?"),    // certificates that are trusted
    (R, "/etc/pki/tls/certs?"),      // the same on other systems
    (R, "/etc/pki/ca-trust?"),       // the same
    (R, "/etc/gitconfig?"),          // git
    (R, "/etc/bash.bashrc?"),        // bash
    (R, "/etc/profile?"),            // login shells
    (R, "/etc/profile.d?"),          // the same
    (R, "/etc/inputrc?"),            // line editing
    (R, "/etc/terminfo?"),           // terminals
    (R, "/etc/mime.types?"),         // types of files
    (R, "/etc/magic?"),              // the same
    (R, "/etc/locale.alias?"),       // languages
    (R, "/etc/default/locale?"),     // the same
    (R, "/etc/fonts?"),              // documents, plots
];

/// Devices that hold nothing.
const DEV: &[(u8, &str)] = &[
    (R | W, "/dev/null"),    // the sink
    (R | W, "/dev/zero?"),   // zeros
    (R | W, "/dev/full?"),   // a full disk, for tests
    (R, "/dev/random?"),     // entropy
    (R, "/dev/urandom?"),    // entropy
    (R | W, "/dev/tty?"),    // the terminal of the session
    (R | W, "/dev/ptmx?"),   // a terminal of one's own
    (R | W, "/dev/pts?"),    // the same
    (R | W, "/dev/shm?"),    // semaphores and shared memory
    (R, "/dev/fd?"),         // a link to /proc/self/fd
    (R, "/dev/stdin?"),      // the same
    (R | W, "/dev/stdout?"), // the same
    (R | W, "/dev/stderr?"), // the same
];

/// Folders for what is thrown away.
const TMP: &[(u8, &str)] = &[
    (R | W | X, "{tmp}?"),    // TMPDIR, or /tmp; builds run what they put there
    (R | W | X, "/var/tmp?"), // the same, kept longer
];

/// Compilers, runtimes and their packages. Of tools that keep credentials beside their programs
/// (cargo, npm, pip, gradle) only the parts that hold none.
const TOOLCHAINS: &[(u8, &str)] = &[
    (R | X, "/usr/local?"),                   // what the administrator installed
    (R | X, "/opt?"),                         // the same
    (R | X, "{home}/.cargo/bin?"),            // cargo and what it installed
    (R | X, "{home}/.cargo/registry?"),       // sources of crates
    (R | X, "{home}/.cargo/git?"),            // the same
    (R, "{home}/.cargo/config.toml?"),        // settings; the token is in credentials.toml
    (R, "{home}/.cargo/config?"),             // the same
    (R, "{home}/.cargo/env?"),                // what login shells source
    (R | X, "{env.CARGO_HOME}/bin?"),         // the same where CARGO_HOME is set
    (R | X, "{env.CARGO_HOME}/registry?"),    // the same
    (R | X, "{env.CARGO_HOME}/git?"),         // the same
    (R, "{env.CARGO_HOME}/config.toml?"),     // the same
    (R | X, "{home}/.rustup/toolchains?"),    // compilers
    (R, "{home}/.rustup/settings.toml?"),     // which of them
    (R | X, "{env.RUSTUP_HOME}/toolchains?"), // the same where RUSTUP_HOME is set
    (R, "{env.RUSTUP_HOME}/settings.toml?"),  // the same
    (R | X, "{home}/.local/bin?"),            // pip, pipx, uv and people
    (R | X, "{home}/.local/lib?"),            // packages of Python
    (R | X, "{home}/.local/share/uv?"),       // Pythons of uv
    (R | X, "{home}/.local/share/pnpm?"),     // pnpm
    (R | X, "{home}/.local/share/mise?"),     // mise
    (R | X, "{home}/.pyenv?"),                // Pythons of pyenv
    (R | X, "{home}/.nvm?"),                  // Nodes of nvm
    (R | X, "{home}/.volta?"),                // Nodes of volta
    (R | X, "{home}/.bun/bin?"),              // bun
    (R | X, "{home}/.deno/bin?"),             // deno
    (R | X, "{home}/.rbenv?"),                // Rubies
    (R | X, "{home}/.sdkman/candidates?"),    // Javas
    (R | X, "{home}/go/bin?"),                // what go installed
    (R | X, "{home}/go/pkg?"),                // sources of modules
    (R, "{home}/.gitconfig?"),                // name and mail of the committer
    (R, "{home}/.config/git/config?"),        // the same; .config/git/credentials is not here
    (R, "{home}/.config/git/ignore?"),        // what git leaves out
];

/// What package managers keep between runs. These folders are shared with the person, and not every
/// client checks again what it unpacked there: who may write here can change what that person builds
/// later. A profile that must exclude this leaves the preset out.
const CACHES: &[(u8, &str)] = &[
    (R | W | X, "{home}/.cargo/registry?"),             // crates
    (R | W | X, "{home}/.cargo/git?"),                  // crates from git
    (R | W, "{home}/.cargo/.package-cache?"),           // cargo's lock
    (R | W, "{home}/.cargo/.package-cache-mutate?"),    // cargo's lock
    (R | W, "{home}/.cargo/.global-cache?"),            // when what was used
    (R | W | X, "{env.CARGO_HOME}/registry?"),          // the same where CARGO_HOME is set
    (R | W | X, "{env.CARGO_HOME}/git?"),               // the same
    (R | W, "{env.CARGO_HOME}/.package-cache?"),        // the same
    (R | W, "{env.CARGO_HOME}/.package-cache-mutate?"), // the same
    (R | W, "{env.CARGO_HOME}/.global-cache?"),         // the same
    (R | W | X, "{home}/.npm?"), // npm's cache, logs, npx; tokens are in .npmrc
    (R | W | X, "{home}/.cache/pip?"), // pip
    (R | W | X, "{home}/.cache/uv?"), // uv
    (R | W | X, "{home}/.cache/yarn?"), // yarn
    (R | W | X, "{home}/.cache/pnpm?"), // pnpm
    (R | W | X, "{home}/.cache/node?"), // corepack
    (R | W | X, "{home}/.cache/go-build?"), // go
    (R | W | X, "{home}/.cache/pre-commit?"), // pre-commit
    (R | W | X, "{home}/go/pkg?"), // sources of modules
];
