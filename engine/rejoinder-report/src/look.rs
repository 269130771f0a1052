//! The look of all pages.

/// The style sheet that every page begins with: colours and fonts as custom properties, light and dark, what has the focus, and how
/// chat text and characters that cannot be seen are shown.
pub const LOOK_CSS: &str = include_str!("../templates/look.css");
