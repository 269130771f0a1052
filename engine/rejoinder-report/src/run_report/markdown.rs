//! The report as Markdown: the figures, and no text of a chat.

use minijinja::context;

use super::templates::environment;
use super::value::RunReport;

/// The report as Markdown, for pull requests and cards of data sets. Examples and lines that were set aside are left out: what a chat
/// says has no place there.
///
/// # Panics
/// If the template does not fit the value, which the tests rule out.
pub fn markdown(report: &RunReport) -> String {
    let pages = environment();
    let page = pages.get_template("report.md").expect("the template is there");
    page.render(context! { report => report }).expect("the template fits the value")
}
