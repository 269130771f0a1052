//! The plugins that this program holds, and the program as the host of one plugin.

use std::sync::OnceLock;

use rejoinder_host::Launcher;

/// The plugins that are linked in; a library of the same name in the search path takes the place of a linked plugin.
pub fn built_in() -> Vec<&'static rejoinder_plugin_abi::Plugin> {
    vec![
        &rejoinder_plugin_rephrase::PLUGIN,
        &rejoinder_plugin_context::PLUGIN,
        &rejoinder_plugin_scorer::PLUGIN,
    ]
}

static LAUNCHER: OnceLock<Launcher> = OnceLock::new();

/// Says how this program is started as the host of one plugin, where its executable file alone does not do it: an interpreter, say, that
/// has loaded the engine as a library. The first call counts.
pub fn host_plugins_by(launcher: Launcher) {
    let _ = LAUNCHER.set(launcher);
}

/// This program once more, as the host of one plugin.
pub fn launcher() -> Launcher {
    if let Some(launcher) = LAUNCHER.get() {
        return launcher.clone();
    }
    let program = std::env::current_exe().unwrap_or_else(|_| "rejoinder".into());
    Launcher { program, args: vec!["plugin-host".to_owned()] }
}
