//! What ships with the engine, as a config names it: `*` for all that a list does not name otherwise, and what a config switches
//! off.

use std::fmt;

use rejoinder_rules::Pack;
use serde::Serialize;

use super::{Config, KeyProblem, PluginConfig};

/// Stands in a list for the shipped packs, or plugins, that the list does not name otherwise.
pub(super) const ALL_OTHERS: &str = "*";

/// What ships with the engine and is in force by default, and a config switches off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SwitchedOff {
    /// Names of shipped packs.
    pub packs: Vec<String>,
    /// Names of shipped plugins.
    pub plugins: Vec<String>,
    /// Ids of rules.
    pub rules: Vec<String>,
}

impl SwitchedOff {
    /// Whether all is in force that is by default.
    pub const fn is_empty(&self) -> bool {
        self.packs.is_empty() && self.plugins.is_empty() && self.rules.is_empty()
    }

    /// Takes out the packs that the config's packs `named` bring along, since they extend them. What cannot be read brings nothing.
    pub fn keep_absent(&mut self, named: &[String]) {
        let is_shipped = |name: &String| Pack::shipped().any(|shipped| shipped == name);
        if self.packs.is_empty() || named.iter().all(is_shipped) {
            return;
        }
        let loaded = Pack::load(named).unwrap_or_default();
        self.packs.retain(|pack| loaded.iter().all(|one| one.name != *pack));
    }
}

impl fmt::Display for SwitchedOff {
    /// `the packs zh, ja; the plugin context; the rule en.thanks`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            named("pack", &self.packs, Some(Pack::shipped().count())),
            named("plugin", &self.plugins, Some(PluginConfig::shipped_names().count())),
            named("rule", &self.rules, None),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}

/// Names after what they are names of, as far as a line holds them; nothing where there is none. `all` is how many there are by
/// default.
fn named(noun: &str, names: &[String], all: Option<usize>) -> Option<String> {
    const MOST: usize = 7;
    let (shown, more) = names.split_at(names.len().min(MOST));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    let shown: Vec<String> = shown.iter().map(|name| beginning(name)).collect();
    match shown.as_slice() {
        [] => None,
        _ if all == Some(names.len()) => Some(format!("all shipped {noun}s")),
        [one] => Some(format!("the {noun} {one}")),
        shown => Some(format!("the {noun}s {}{more}", shown.join(", "))),
    }
}

/// A name as far as a line holds it: nobody bounds what a config says.
fn beginning(name: &str) -> String {
    const MOST: usize = 60;
    let cut: String = name.chars().take(MOST).collect();
    if cut.len() < name.len() { cut + "…" } else { cut }
}

impl Config {
    /// What the config switches off that is in force by default.
    pub fn switched_off(&self) -> SwitchedOff {
        let is_on = |pack: &str| self.rules.packs.iter().any(|name| name == pack);
        let runs = |plugin: &str| self.plugins.iter().any(|entry| entry.name.as_deref() == Some(plugin));
        SwitchedOff {
            packs: Pack::shipped().filter(|pack| !is_on(pack)).map(str::to_owned).collect(),
            plugins: PluginConfig::shipped_names().filter(|name| !runs(name)).map(str::to_owned).collect(),
            rules: self.rules.disable.clone(),
        }
    }

    /// Puts names in the place of each `*`. Returns, for each plugin of the list as it is now, the place in the list as it was.
    pub(crate) fn name_shipped(&mut self) -> Vec<usize> {
        let packs: Vec<Option<&str>> = self.rules.packs.iter().map(|name| Some(name.as_str())).collect();
        let pack_of = |(place, shipped): (usize, Option<&'static str>)| match shipped {
            Some(name) => name.to_owned(),
            None => self.rules.packs[place].clone(),
        };
        self.rules.packs = expanded(&packs, &Pack::shipped().collect::<Vec<_>>()).map(pack_of).collect();
        let plugins: Vec<Option<&str>> = self.plugins.iter().map(|entry| entry.name.as_deref()).collect();
        let places: Vec<(usize, Option<&'static str>)> =
            expanded(&plugins, &PluginConfig::shipped_names().collect::<Vec<_>>()).collect();
        let plugin_of = |&(place, shipped): &(usize, Option<&'static str>)| {
            let entry = self.plugins[place].clone();
            match shipped {
                Some(name) => PluginConfig { name: Some(name.to_owned()), ..entry },
                None => entry,
            }
        };
        self.plugins = places.iter().map(plugin_of).collect();
        places.into_iter().map(|(place, _)| place).collect()
    }

    /// The names of the packs, with the shipped ones in the place of `*`.
    pub fn pack_names(&self) -> Vec<String> {
        let mut named = self.clone();
        named.name_shipped();
        named.rules.packs
    }

    /// That no list says `*` twice.
    pub(super) fn check_stars(&self) -> Result<(), KeyProblem> {
        let second = |is_star: &mut dyn Iterator<Item = bool>| {
            is_star.enumerate().filter(|(_, is)| *is).map(|(place, _)| place).nth(1)
        };
        let twice = |pointer: String| Err(KeyProblem::new(pointer, "`*` stands here twice: once is enough"));
        if let Some(place) = second(&mut self.rules.packs.iter().map(|name| name == ALL_OTHERS)) {
            return twice(format!("/rules/packs/{place}"));
        }
        match second(&mut self.plugins.iter().map(PluginConfig::stands_for_others)) {
            Some(place) => twice(format!("/plugin/{place}/name")),
            None => Ok(()),
        }
    }
}

/// A list with the shipped names that it does not name otherwise in the place of `*`: for each item its place in the list as it
/// was, and the shipped name where `*` stood there.
fn expanded<'n>(
    names: &'n [Option<&'n str>],
    shipped: &'n [&'static str],
) -> impl Iterator<Item = (usize, Option<&'static str>)> + 'n {
    let others = || shipped.iter().copied().filter(|&name| !names.contains(&Some(name)));
    names.iter().enumerate().flat_map(move |(place, name)| -> Vec<(usize, Option<&'static str>)> {
        match *name {
            Some(ALL_OTHERS) => others().map(|name| (place, Some(name))).collect(),
            _ => vec![(place, None)],
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Config {
        Config::from_toml(&format!("format = 1\n{toml}")).unwrap()
    }

    fn plugins(config: &Config) -> Vec<&str> {
        config.plugins.iter().map(|entry| entry.name.as_deref().unwrap_or("by path")).collect()
    }

    #[test]
    fn a_config_that_says_nothing_of_plugins_and_packs_takes_none_away() {
        assert_eq!(read(""), Config::default());
        assert_eq!(read("for = \"all\"").switched_off(), SwitchedOff::default());
        assert_eq!(plugins(&read("plugin = []")), [""; 0]);
    }

    #[test]
    fn a_star_stands_for_the_shipped_plugins_that_are_not_named_otherwise_and_keeps_its_place() {
        let star = "[[plugin]]\nname = \"*\"\n";
        let mine = "[[plugin]]\npath = \"mine.so\"\n";
        assert_eq!(plugins(&read(star)), ["rephrase", "context"]);
        assert_eq!(plugins(&read(&format!("{mine}{star}"))), ["by path", "rephrase", "context"]);
        let named = "[[plugin]]\nname = \"rephrase\"\nmax-faults = 3\n";
        let config = read(&format!("{star}{mine}{named}"));
        assert_eq!(plugins(&config), ["context", "by path", "rephrase"]);
        assert_eq!(config.plugins[2].max_faults, 3);
        let apart = read("[[plugin]]\nname = \"*\"\nisolation = \"process\"\n");
        assert!(apart.plugins.iter().all(|entry| entry.isolation == Some(super::super::Isolation::Process)));
    }

    #[test]
    fn a_star_stands_for_the_shipped_packs_that_are_not_named_otherwise() {
        let config = read("[rules]\npacks = [\"de\", \"*\", \"./mine.toml\"]\n");
        let mut shipped: Vec<&str> = Pack::shipped().filter(|name| *name != "de").collect();
        shipped.insert(0, "de");
        shipped.push("./mine.toml");
        assert_eq!(config.rules.packs, shipped);
        assert!(config.switched_off().is_empty());
    }

    #[test]
    fn what_a_config_switches_off_is_told_in_one_line() {
        let told = |toml: &str| read(toml).switched_off().to_string();
        assert_eq!(
            told(
                "[rules]\npacks = [\"en\", \"es\", \"fr\", \"de\", \"pt\", \"ru\"]\n[[plugin]]\nname = \"rephrase\"\n"
            ),
            "the packs zh, ja; the plugin context"
        );
        assert_eq!(told("plugin = []\n[rules]\npacks = []\n"), "all shipped packs; all shipped plugins");
        assert_eq!(told("[rules]\ndisable = [\"en.a\"]\n"), "the rule en.a");
        let many: Vec<String> = (0..9).map(|n| format!("\"r{n}\"")).collect();
        let told = told(&format!("[rules]\ndisable = [{}]\n", many.join(", ")));
        assert_eq!(told, "the rules r0, r1, r2, r3, r4, r5, r6 and 2 more");
    }

    #[test]
    fn a_star_that_cannot_be_is_refused_at_its_place() {
        for (toml, place, expected) in [
            ("[rules]\npacks = [\"*\", \"*\"]\n", ":3:15", "once is enough"),
            ("[[plugin]]\nname = \"*\"\n[[plugin]]\nname = \"*\"\n", ":5:1", "once is enough"),
            ("[[plugin]]\nname = \"*\"\nconfig = { threshold = 1 }\n", ":4:1", "`config` is for one"),
            ("[[plugin]]\nname = \"*\"\npath = \"x.so\"\n", ":4:1", "`path` is for one"),
            ("[[plugin]]\nname = \"../x\"\n", ":3:1", "letters, digits"),
        ] {
            let error = Config::from_toml(&format!("format = 1\n{toml}")).unwrap_err().to_string();
            assert!(error.contains(place) && error.contains(expected), "{toml}: {error}");
        }
    }
}
