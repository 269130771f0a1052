//! What `rejoinder plugin-host` is, for the tests of this crate.

fn main() -> std::io::Result<()> {
    rejoinder_host::serve(&[&rejoinder_plugin_misfit::PLUGIN, &rejoinder_plugin_rephrase::PLUGIN])
}
