//! The languages of plugins, and the files that a plugin in each begins with.

use clap::ValueEnum;

/// A language in which a plugin can be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PluginLanguage {
    Rust,
    C,
    Python,
}

/// What a new plugin consists of. In paths, texts and steps stand `{{name}}`, the plugin's name, and `{{crate}}`, the name of its
/// library without prefix and suffix.
pub(super) struct Template {
    /// Path in the new folder, and text: a file of `plugins/templates/` each.
    pub files: &'static [(&'static str, &'static str)],
    /// What to type next, in the new folder.
    pub steps: &'static [&'static str],
    /// Whether the plugin is built with the crates for authors.
    pub needs_sdk: bool,
}

const CASES: &str = include_str!("../../../../../plugins/templates/cases.toml");

const RUST: Template = Template {
    files: &[
        ("Cargo.toml", include_str!("../../../../../plugins/templates/rust/Cargo.toml.in")),
        ("src/lib.rs", include_str!("../../../../../plugins/templates/rust/src/lib.rs.in")),
        ("cases.toml", CASES),
        ("README.md", include_str!("../../../../../plugins/templates/rust/README.md.in")),
    ],
    steps: &[
        "cargo test",
        "cargo build --release",
        "rejoinder plugin check target/release/{{library}} --cases cases.toml",
    ],
    needs_sdk: true,
};

const C: Template = Template {
    files: &[
        ("{{crate}}.c", include_str!("../../../../../plugins/templates/c/plugin.c.in")),
        ("Makefile", include_str!("../../../../../plugins/templates/c/Makefile.in")),
        ("cases.toml", CASES),
        ("README.md", include_str!("../../../../../plugins/templates/c/README.md.in")),
        ("rejoinder_plugin.h", include_str!("../../../../../plugins/abi/include/rejoinder_plugin.h")),
    ],
    steps: &["make", "make check"],
    needs_sdk: false,
};

const PYTHON: Template = Template {
    files: &[
        ("{{crate}}.py", include_str!("../../../../../plugins/templates/python/plugin.py.in")),
        ("cases.toml", CASES),
        ("README.md", include_str!("../../../../../plugins/templates/python/README.md.in")),
    ],
    steps: &["rejoinder plugin check {{crate}}.py --cases cases.toml"],
    needs_sdk: false,
};

impl PluginLanguage {
    pub(super) const fn template(self) -> Template {
        match self {
            Self::Rust => RUST,
            Self::C => C,
            Self::Python => PYTHON,
        }
    }
}
