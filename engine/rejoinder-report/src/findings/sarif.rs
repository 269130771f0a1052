//! Findings as SARIF 2.1.0, which code hosts and editors read.

use std::fmt::Write as _;

use rejoinder_core::diagnostic::{Diagnostic, Severity};
use rejoinder_rules::codes;
use serde_json::{Value, json};

use super::{message, plain_path};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The findings of one run of the program, whose version is `version`, as a SARIF log.
pub fn sarif(findings: &[Diagnostic], version: &str) -> Value {
    let mut met: Vec<&Diagnostic> = Vec::new();
    for finding in findings {
        if met.iter().all(|known| known.code != finding.code) {
            met.push(finding);
        }
    }
    met.sort_by_key(|finding| finding.code);
    let place = |code: &str| met.iter().position(|known| known.code == code);
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, place(finding.code))).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "rejoinder",
                    "version": version,
                    "rules": met.iter().map(|finding| reporting_rule(finding)).collect::<Vec<_>>(),
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// What SARIF calls a rule: the code of a finding.
fn reporting_rule(finding: &Diagnostic) -> Value {
    let code = finding.code;
    let help = match code.starts_with('W') {
        true => format!("The file works. A rule that is meant so says allow = [\"{code}\"]."),
        false => "Each finding says what to do about it.".to_owned(),
    };
    json!({
        "id": code,
        "shortDescription": { "text": codes::title(code).unwrap_or(code) },
        "help": { "text": help },
        "defaultConfiguration": { "level": level(finding.severity) },
    })
}

fn result(finding: &Diagnostic, rule: Option<usize>) -> Value {
    let region = json!({
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.line,
        "endColumn": finding.column + finding.width,
    });
    let location = json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(&finding.file) }, "region": region },
    });
    json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": message(finding) },
        "locations": [location],
    })
}

/// The path as a reference to a URI: relative, but where the user named a file by its whole path.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let is_drive = cfg!(windows) && path.chars().nth(1) == Some(':');
    let mut uri = String::with_capacity(path.len() + 8);
    if is_drive {
        uri += "file:///";
    } else if path.starts_with('/') {
        uri += "file://";
    }
    for byte in plain_path(&path).bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
