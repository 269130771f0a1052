//! Which later turns each plugin is asked about: by the config, else by what the plugin wishes.

use rejoinder_core::language::Language;
use rejoinder_host::{Asks, LoadedPlugin, Registry, Selection};
use rejoinder_rules::Selector;

use super::Engine;
use crate::config::{Candidates, PluginConfig};

/// What a scan knows of a turn before any plugin is asked to vote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnMarks {
    /// Whether some rule other than a reject rule marked the turn.
    pub is_candidate: bool,
    /// Which plugins' own conditions the turn meets: a bit a condition.
    pub(crate) selected: u64,
}

/// The later turns that a plugin is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedTurns {
    /// None: the plugin gives facts alone, which rules ask for.
    None,
    /// Those that a rule marked.
    Marked,
    /// Those that a rule marked; all where a score decides.
    MarkedOrScored,
    /// All.
    All,
    /// Those that meet the plugin's own condition, which has this place among such conditions.
    Selected(usize),
}

/// Why a plugin was not asked about a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// The plugin gives facts alone, which rules ask for.
    FactsAlone,
    /// No rule marked the turn.
    Unmarked,
    /// The turn does not meet the plugin's own condition, in words.
    NotSelected(String),
}

/// What each plugin is asked about, and the conditions that are compiled beside the rules.
pub(super) struct PluginAsks {
    pub(super) turns: Vec<AskedTurns>,
    pub(super) selectors: Vec<Selector>,
}

impl PluginAsks {
    /// What the plugins of a config are asked about.
    ///
    /// # Errors
    /// The place of a plugin whose condition cannot be used, and why.
    pub(super) fn of(configs: &[PluginConfig], registry: &Registry) -> Result<Self, (usize, String)> {
        let mut asks = Self { turns: Vec::new(), selectors: Vec::new() };
        for (place, (config, plugin)) in configs.iter().zip(registry.plugins()).enumerate() {
            let turns = asks.of_plugin(config, plugin).map_err(|why| (place, why))?;
            asks.turns.push(turns);
        }
        Ok(asks)
    }

    fn of_plugin(&mut self, config: &PluginConfig, plugin: &LoadedPlugin) -> Result<AskedTurns, String> {
        let description = plugin.description();
        if !description.gives.is_asked() {
            return match config.candidates {
                None => Ok(AskedTurns::None),
                Some(_) => {
                    Err("it gives facts alone, which rules ask for: leave `candidates` out".to_owned())
                }
            };
        }
        Ok(match (config.candidates, &description.asks) {
            (Some(Candidates::Rules), _) | (None, Asks::Marked) => AskedTurns::Marked,
            (Some(Candidates::All), _) | (None, Asks::All) => AskedTurns::All,
            (None, Asks::Default) => AskedTurns::MarkedOrScored,
            (None, Asks::Selected(selection)) => {
                if self.selectors.len() == Selector::MOST {
                    return Err(format!("more than {} plugins have conditions of their own", Selector::MOST));
                }
                self.selectors.push(selector(selection)?);
                AskedTurns::Selected(self.selectors.len() - 1)
            }
        })
    }
}

/// The condition as the rules' automaton takes it; languages were checked when the plugin was loaded.
fn selector(selection: &Selection) -> Result<Selector, String> {
    let Selection { phrases, languages, min_words, max_words } = selection;
    let languages = languages.iter().filter_map(|code| code.parse::<Language>().ok()).collect();
    Selector::new(phrases, languages, *min_words, max_words.unwrap_or(0)).map_err(|place| {
        let phrase = phrases[place].escape_debug();
        format!("its own condition on turns has the phrase `{phrase}`, in which no word stands")
    })
}

impl Engine {
    /// The later turns that a plugin is asked about, as things stand: the plugin whose score decides is asked about all.
    pub fn asked_turns(&self, plugin: usize) -> AskedTurns {
        let is_scored = self.asks_about_all || self.cuts.is_some();
        match self.asked[plugin] {
            _ if is_scored && self.scorer == Some(plugin) => AskedTurns::All,
            AskedTurns::MarkedOrScored if is_scored => AskedTurns::All,
            AskedTurns::MarkedOrScored => AskedTurns::Marked,
            turns => turns,
        }
    }

    /// Whether a plugin is asked to vote on a turn.
    pub fn asks(&self, plugin: usize, marks: TurnMarks) -> bool {
        match self.asked_turns(plugin) {
            AskedTurns::None => false,
            AskedTurns::Marked | AskedTurns::MarkedOrScored => marks.is_candidate,
            AskedTurns::All => true,
            AskedTurns::Selected(place) => marks.selected >> place & 1 == 1,
        }
    }

    /// Whether some plugin is asked to vote on a turn.
    pub fn asks_some(&self, marks: TurnMarks) -> bool {
        (0..self.asked.len()).any(|plugin| self.asks(plugin, marks))
    }

    /// Why a plugin was not asked to vote on a turn; `None` where it was.
    pub fn not_asked(&self, plugin: usize, marks: TurnMarks) -> Option<NotAsked> {
        if self.asks(plugin, marks) {
            return None;
        }
        Some(match (self.asked_turns(plugin), &self.registry.plugins()[plugin].description().asks) {
            (AskedTurns::None, _) => NotAsked::FactsAlone,
            (AskedTurns::Selected(_), Asks::Selected(selection)) => {
                NotAsked::NotSelected(selection.to_string())
            }
            _ => NotAsked::Unmarked,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_cannot_be_used_is_refused_with_what_is_wrong() {
        let of_phrase = Selection { phrases: vec!["fine".into(), "\u{200b}".into()], ..Selection::default() };
        assert!(selector(&Selection::default()).is_ok());
        let refused = selector(&of_phrase).unwrap_err();
        assert!(refused.contains("the phrase `\\u{200b}`, in which no word stands"), "{refused}");
    }
}
