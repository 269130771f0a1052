//! The report as one page for a browser.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minijinja::context;

use super::templates::environment;
use super::value::RunReport;
use crate::look::LOOK_CSS;

const REPORT_CSS: &str = include_str!("../../templates/report.css");

/// The report as a page that needs nothing else: no script, no request. All texts of chats are escaped, and characters that would not be
/// seen are shown by their numbers.
///
/// # Panics
/// If a template does not fit the value, which the tests rule out.
pub fn html(report: &RunReport) -> String {
    let css = format!("{LOOK_CSS}\n{REPORT_CSS}");
    let hash = ring::digest::digest(&ring::digest::SHA256, css.as_bytes());
    let hash = BASE64_STANDARD.encode(hash.as_ref());
    let pages = environment();
    let page = pages.get_template("report.html").expect("the template is there");
    page.render(context! { report => report, css => css, hash => hash }).expect("the template fits the value")
}
