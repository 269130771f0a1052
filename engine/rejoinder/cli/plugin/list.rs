//! `rejoinder plugin list`: the plugins that a config could name, where each is, which of two with one name wins, and which of them the
//! config in force has. Only what is in force or linked in is loaded: a plugin's code runs only where somebody names it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use rejoinder_core::printable;
use rejoinder_host::{Description, LibraryOrigin, SearchPath};
use rejoinder_scan::config::{EffectiveConfig, ValueOrigin};
use rejoinder_scan::{ConfiguredPlugin, built_in, configured_plugins};
use serde::Serialize;

use super::super::args::OUTPUT;
use super::super::settings::{ConfigFileArgs, PluginFolderArgs, effective_config};
use super::super::{print, print_json};
use crate::failure::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    config: ConfigFileArgs,
    #[command(flatten)]
    plugins: PluginFolderArgs,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    json: bool,
}

#[derive(Debug, Default, Serialize)]
struct ListedPlugin {
    /// The name for a config: what the plugin says, or that of the file, in which `_` may stand for `-`.
    name: String,
    /// What the plugin says of itself; `None` if it was not loaded.
    version: Option<String>,
    about: Option<String>,
    /// What the plugin gives: `votes`, `scores`, `facts`; `None` if it was not loaded.
    gives: Option<String>,
    /// Where the plugin is.
    origin: String,
    /// Hash of the library; empty for a plugin that is linked in.
    blake3: String,
    /// Whether a config that names the plugin gets this one.
    wins: bool,
    /// How the config in force has the plugin; `None` if it does not.
    in_force: Option<String>,
    /// Why the plugin cannot be loaded; empty if nothing speaks against it.
    problem: String,
}

impl ListedPlugin {
    /// Puts in what a plugin says of itself.
    fn described(self, description: &Description) -> Self {
        Self {
            name: description.name.clone(),
            version: Some(description.version.clone()),
            about: Some(description.about.clone()),
            gives: Some(description.gives.to_string()),
            ..self
        }
    }
}

pub(in crate::cli) fn main(args: &ListArgs) -> Result<Exit, Failure> {
    let effective = effective_config(&args.config, &[&args.plugins])?;
    let mut rows = found(&effective)?;
    for plugin in configured_plugins(&effective) {
        put_in_force(&mut rows, &plugin);
    }
    if args.json {
        print_json(&serde_json::json!({ "plugins": rows }))?;
    } else {
        print(&text(&rows))?;
    }
    Ok(Exit::Ok)
}

/// What lies in the search path, and what is linked in, in the order in which a name is looked for.
fn found(effective: &EffectiveConfig) -> Result<Vec<ListedPlugin>, Failure> {
    let described = built_in().into_iter().map(rejoinder_host::describe).collect::<Result<Vec<_>, _>>();
    let linked = described.map_err(|e| Failure::invalid(e.to_string()))?;
    let names: Vec<String> = linked.iter().map(|plugin| plugin.name.clone()).collect();
    let libraries = SearchPath::new(effective.config.plugin_dirs.clone()).libraries(&names);
    let libraries = libraries.into_iter().map(|library| ListedPlugin {
        name: library.name,
        origin: library.path.display().to_string(),
        blake3: library.blake3,
        problem: library.problem,
        ..ListedPlugin::default()
    });
    let linked = linked.iter().map(|description| {
        ListedPlugin { origin: LibraryOrigin::BuiltIn.to_string(), ..ListedPlugin::default() }
            .described(description)
    });
    let mut taken = HashSet::new();
    let all = libraries.chain(linked);
    Ok(all.map(|row| ListedPlugin { wins: taken.insert(row.name.clone()), ..row }).collect())
}

/// Says of a plugin in force how it is, in its row, or in a new one before all others.
fn put_in_force(rows: &mut Vec<ListedPlugin>, plugin: &ConfiguredPlugin) {
    let in_force = Some(match (&plugin.origin, plugin.place) {
        (_, None) => "yes: the engine adds it, since a score decides".to_owned(),
        (ValueOrigin::Default, _) => "yes, by default: no [[plugin]] is configured".to_owned(),
        (origin, Some(place)) => format!("yes: plugin[{place}] ({origin})"),
    });
    let loaded = match plugin.loaded() {
        Ok(loaded) => loaded,
        Err(why) => {
            let (name, problem) = (plugin.named.clone(), why.to_string());
            let row = rows.iter_mut().find(|row| row.wins && row.name == name);
            match row {
                Some(row) => (row.in_force, row.problem) = (in_force, problem),
                None => rows.insert(
                    0,
                    ListedPlugin { name, wins: true, in_force, problem, ..ListedPlugin::default() },
                ),
            }
            return;
        }
    };
    let (origin, blake3) = match loaded.origin() {
        LibraryOrigin::File { path, blake3 } => (path.display().to_string(), blake3.clone()),
        LibraryOrigin::BuiltIn => (LibraryOrigin::BuiltIn.to_string(), String::new()),
    };
    let is_it = |row: &ListedPlugin| match loaded.origin() {
        LibraryOrigin::File { path, .. } => Path::new(&row.origin) == path,
        LibraryOrigin::BuiltIn => row.origin == origin && row.name == loaded.name(),
    };
    let place = rows.iter().position(is_it).unwrap_or_else(|| {
        rows.insert(0, ListedPlugin { origin, blake3, wins: true, ..ListedPlugin::default() });
        0
    });
    let row = std::mem::take(&mut rows[place]);
    rows[place] = ListedPlugin { in_force, ..row.described(loaded.description()) };
}

fn text(rows: &[ListedPlugin]) -> String {
    let mut out = String::new();
    for row in rows {
        let shadowed = if row.wins { "" } else { " (another of this name comes first)" };
        let version = row.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        let about = row.about.as_deref().map(|about| format!(": {about}")).unwrap_or_default();
        let _ = writeln!(out, "{}{shadowed}", printable(&format!("{}{version}{about}", row.name)));
        let unloaded = "not loaded: name it in a config, or see `rejoinder plugin inspect FILE`";
        let is_unknown = row.gives.is_none() && row.problem.is_empty();
        for (key, value) in [
            ("from", row.origin.as_str()),
            ("blake3", &row.blake3),
            ("gives", row.gives.as_deref().unwrap_or(if is_unknown { unloaded } else { "" })),
            ("in force", row.in_force.as_deref().unwrap_or("no")),
            ("problem", &row.problem),
        ] {
            if !value.is_empty() {
                let value = printable(value).replace('\n', "\n              ");
                let _ = writeln!(out, "    {key:<9} {value}");
            }
        }
    }
    out
}
