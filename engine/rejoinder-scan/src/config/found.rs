//! What a config may say that was found in the current folder, and that nobody named: a folder that somebody else made must not
//! run code, write files, read what lies elsewhere, or send chats away.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use rejoinder_host::pointer_step;
use rejoinder_rules::Pack;
use serde_json::Value;

use super::{Config, KeyProblem};
use crate::error::ConfigHint;

/// The name of a config that is used where it lies in the current folder.
pub const FOUND_CONFIG: &str = "rejoinder.toml";
const NAMES_OUTSIDE: &str = "name a file outside of its folder";

/// Checks a config as its file says it, with whole paths, that was found in `folder`.
///
/// # Errors
/// If the config says what only a named one may.
pub(super) fn check(config: &Config, folder: &Path) -> Result<(), KeyProblem> {
    if !config.plugin_dirs.is_empty() {
        return refused("/plugin-dirs", "name folders of plugins");
    }
    for (place, plugin) in config.plugins.iter().enumerate() {
        if plugin.path.is_some() {
            return refused(&format!("/plugin/{place}/path"), "load a plugin by its path");
        }
        if plugin.python.is_some() {
            return refused(&format!("/plugin/{place}/python"), "name the interpreter of a plugin");
        }
        if let Some(key) = outside_file(folder, &plugin.config) {
            let message = format!("{NAMES_OUTSIDE}, which this text would be if it were a path");
            return refused(&format!("/plugin/{place}/config{key}"), &message);
        }
    }
    for (place, name) in config.rules.packs.iter().enumerate() {
        let is_shipped = Pack::shipped().any(|shipped| shipped == name);
        if !is_shipped && files(&folder.join(name)).iter().any(|file| leaves(folder, file)) {
            return outside(&format!("/rules/packs/{place}"));
        }
    }
    let judge = &config.judge;
    if judge.api_key_env.is_some() {
        return refused("/judge/api-key-env", "take a key from the environment");
    }
    if let Some(place) = judge.base_urls().iter().position(|url| !is_here(url)) {
        let item = if judge.base_urls().len() > 1 { format!("/{place}") } else { String::new() };
        return refused(&format!("/judge/base-url{item}"), "send chats to another machine");
    }
    if judge.replies.is_some() {
        return refused("/judge/replies", "name a file that is written");
    }
    if judge.prompt.as_deref().is_some_and(|name| leaves(folder, &folder.join(name))) {
        return outside("/judge/prompt");
    }
    if judge.tokenizer.as_deref().is_some_and(|file| leaves(folder, file)) {
        return outside("/judge/tokenizer");
    }
    Ok(())
}

/// Checks a config whose file names the judge, with what the environment says over it.
///
/// # Errors
/// If the environment's key would go where the file says.
pub(super) fn check_key(config: &Config) -> Result<(), KeyProblem> {
    match config.judge.api_key_env {
        Some(_) => refused("/judge/base-url", "say where a key of the environment goes"),
        None => Ok(()),
    }
}

fn refused(pointer: &str, what: &str) -> Result<(), KeyProblem> {
    let message = format!("a config that was found, and not named, may not {what}");
    Err(KeyProblem::new(pointer, message).with_hint(ConfigHint::NameTheFile))
}

fn outside(pointer: &str) -> Result<(), KeyProblem> {
    refused(pointer, NAMES_OUTSIDE)
}

/// The place of a text in a plugin's config that would be a file outside of the folder, were it a path; which keys are paths
/// only the plugin says.
fn outside_file(folder: &Path, value: &Value) -> Option<String> {
    let inside = |key: &str, value| outside_file(folder, value).map(|place| pointer_step(key) + &place);
    match value {
        Value::String(text) => leaves(folder, &folder.join(text)).then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| inside(&index.to_string(), item))
        }
        Value::Object(table) => table.iter().find_map(|(key, value)| inside(key, value)),
        _ => None,
    }
}

/// The path, and where it is a folder, the files and links in it.
fn files(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    std::iter::once(path.to_owned()).chain(entries.map(|entry| entry.path())).collect()
}

/// Whether a path leads out of a folder, over links as well. A path that leads nowhere does not.
fn leaves(folder: &Path, path: &Path) -> bool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    path.canonicalize().is_ok_and(|path| !path.starts_with(&folder))
}

/// Whether an address is one of this machine, whoever reads it: what is spelled in any other way is not.
fn is_here(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let is_loopback = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback()),
        None => host == "localhost" || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback()),
    };
    is_loopback && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_everybody_reads_as_this_machine_is_here() {
        for here in [
            "http://127.0.0.1:8000/v1",
            "https://127.1.2.3/v1",
            "http://localhost/v1",
            "http://localhost:80",
            "http://[::1]:8000/v1",
            "http://[::1]",
        ] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in [
            "http://example.org/v1",
            "http://localhost.example.org/v1",
            "http://127.0.0.1.example.org/v1",
            "http://127.0.0.1@example.org/v1",
            "http://example.org\\@127.0.0.1/v1",
            "http://127.0.0.1\t.example.org/v1",
            "http://127.0.0.1:80\t80.example.org/v1",
            "http://0177.0.0.1/v1",
            "http://2130706433/v1",
            "http://0.0.0.0/v1",
            "http://[::]/v1",
            "http://[::ffff:1.2.3.4]/v1",
            "http://[::1].example.org/v1",
            "http://10.0.0.1/v1",
            "http:///v1",
            "http:127.0.0.1/v1",
        ] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }

    /// What the check says of a config in a new folder, in which `prepare` has put files.
    fn refusal(toml: &str, prepare: impl FnOnce(&Path)) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("downloaded");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(dir.path().join("secret.toml"), "format = 1\n").unwrap();
        std::fs::write(folder.join("mine.toml"), "format = 1\n").unwrap();
        prepare(&folder);
        let file = folder.join(FOUND_CONFIG);
        std::fs::write(&file, format!("format = 1\n{toml}")).unwrap();
        let error = super::super::EffectiveConfig::load_found(&file).err()?;
        assert_eq!(error.hint, Some(ConfigHint::NameTheFile), "{error}");
        assert!(super::super::EffectiveConfig::load(Some(&file)).is_ok(), "named, it may: {toml}");
        let text = error.to_string();
        let place = text.split("rejoinder.toml:").nth(1).unwrap().split_whitespace().next().unwrap();
        Some(place.to_owned())
    }

    #[test]
    fn what_a_found_config_may_not_say_is_refused_at_its_place() {
        for (toml, place) in [
            ("plugin-dirs = [\".\"]\n", "2:1"),
            ("[[plugin]]\nname = \"*\"\n[[plugin]]\npath = \"x.so\"\n", "5:1"),
            ("[[plugin]]\nname = \"scorer\"\nconfig = { model = \"../secret.toml\" }\n", "4:12"),
            ("[[plugin]]\nname = \"mine\"\npython = \"python3\"\n", "4:1"),
            ("[[plugin]]\nname = \"x\"\nconfig = { a = [{ \"b/c\" = \"../secret.toml\" }] }\n", "4:19"),
            ("[rules]\npacks = [\"*\", \"../secret.toml\"]\n", "3:15"),
            ("[rules]\npacks = [\"..\"]\n", "3:10"),
            ("[judge]\napi-key-env = \"PATH\"\n", "3:1"),
            ("[judge]\nbase-url = \"http://example.org/v1\"\n", "3:1"),
            ("[judge]\nbase-url = [\"http://localhost/v1\", \"http://example.org/v1\"]\n", "3:36"),
            ("[judge]\nreplies = \"replies.sqlite\"\n", "3:1"),
            ("[judge]\nprompt = \"../secret.toml\"\n", "3:1"),
            ("[judge]\ntokenizer = \"../secret.toml\"\n", "3:1"),
        ] {
            assert_eq!(refusal(toml, |_| {}).as_deref(), Some(place), "{toml}");
        }
    }

    #[test]
    fn what_lies_in_its_folder_and_on_this_machine_a_found_config_may_name() {
        for toml in [
            "",
            "[rules]\npacks = [\"*\", \"./mine.toml\", \"sub/../mine.toml\"]\n",
            "[rules]\npacks = [\".\"]\n",
            "[[plugin]]\nname = \"rephrase\"\nisolation = \"process\"\n[[plugin]]\nname = \"of-mine\"\n",
            "[judge]\nbase-url = \"http://localhost:8000/v1\"\nprompt = \"./mine.toml\"\ntokenizer = \"mine.toml\"\n",
        ] {
            assert_eq!(
                refusal(toml, |folder| std::fs::create_dir(folder.join("sub")).unwrap()),
                None,
                "{toml}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_folder_is_no_way_out_of_it() {
        let link = |folder: &Path| {
            for name in ["link", "link.toml"] {
                std::os::unix::fs::symlink("../secret.toml", folder.join(name)).unwrap();
            }
        };
        for (toml, place) in [
            ("[rules]\npacks = [\"./link.toml\"]\n", "3:10"),
            ("[rules]\npacks = [\".\"]\n", "3:10"),
            ("[rules]\npacks = [\"link\"]\n", "3:10"),
            ("[judge]\nprompt = \"./link.toml\"\n", "3:1"),
        ] {
            assert_eq!(refusal(toml, link).as_deref(), Some(place), "{toml}");
        }
    }
}
