//! The files of the page, which are part of the program.

use rejoinder_report::look::LOOK_CSS;

use crate::server::WebReply;

/// The file at a path; `None` where there is none.
pub(crate) fn file(path: &str) -> Option<WebReply> {
    match path {
        "" => Some(WebReply::file("text/html; charset=utf-8", include_str!("../page/index.html"))),
        "look.css" => Some(WebReply::file("text/css; charset=utf-8", LOOK_CSS)),
        "review.css" => Some(WebReply::file("text/css; charset=utf-8", include_str!("../page/review.css"))),
        "review.js" => {
            Some(WebReply::file("text/javascript; charset=utf-8", include_str!("../page/review.js")))
        }
        _ => None,
    }
}
