//! Forgets conversations: what a run and its exports hold of them goes, and all that is about others stays, byte for byte.
//!
//! Each file and each fact of the ledger that holds text of chats, or tells of a turn, or might seem to, and what becomes of it:
//!
//! | where | what | what becomes of it |
//! |---|---|---|
//! | the input files | the conversations themselves | not changed, only named; their numbers stand in the manifest, and the reader gives them to nobody |
//! | `input/` (copy of standard input) | the conversations themselves | overwritten by blanks, so that all other places stay; joined records and tables are told of |
//! | `parts/`, `judged/` | feedback: id, span, other columns | the rows go |
//! | `spool/` | questions: windows of the dialogue | the rows go, after the replies |
//! | `quarantine/`, `faults/`, `faults.jsonl` | records that were set aside, failures of plugins | the rows go |
//! | `audit.json`, `review/draws/`, `asked.json` | drawn turns, with windows of the dialogue or by their addresses | the turns go; the figures of certificates stay |
//! | `review/labels/` | what people said of turns, with spans | the lines go |
//! | `replies.sqlite`, or the shared store | replies, which may quote turns | replies about the turns alone go, unless another conversation has the same words; of shared ones the quotes; the file is written anew |
//! | ledger: `groups …` | places of rows among those of a stretch | places move up; groups that were asked about are dissolved |
//! | ledger: `grouped`, attempts | keys of requests, which are hashes of prompts | the keys go; what was spent stays |
//! | ledger: `tallies:…`, `judged tallies` | examples and disputes by address, values of groups | the turns go; values that nobody else has are counted among the others |
//! | ledger: parts | counts | accepted and waiting turns are counted anew by the rows; what was read and rejected stays |
//! | ledger: `judged`, `unverified` | counts; reasons, which may quote replies | worked out anew from the replies that are left |
//! | ledger: all other facts | seeds, sums, findings about the server, seals | no text; seals are renewed with their files |
//! | `certificate.json`, `model.rjm` | bounds; weights and hashes | stay, and are told of |
//! | `report.html` | examples with text | removed; `report` makes it again |
//! | `shards/` beside `job.json` | the shards of a job that are merged into the run | removed; `shards/` of a run that is no job is an export like any other |
//! | `NAME.tmp` of a file of the run | what a killed process has left half-written | removed |
//! | `status.json`, `crash.json`, `job.json` | counts and times; the name of a plugin; paths, config and cuts | no text; stay |
//! | exports and batch files, in the folder or named | rows with prompts, answers and spans | the rows go; folders of data sets with such rows are removed, since card and hashes would lie; rows with a placeholder for the id and without a place stay, and the file is told of |
//!
//! [`forget`](forget()) goes through these in an order in which each step can be made again after a kill: what finds the others goes last.

mod exports;
mod find;
mod forget;
mod places;
mod redacted;
mod replies;
mod report;
mod rows;
mod search;
mod target;

pub use exports::ChangedFile;
pub use forget::{ForgetRequest, forget, is_under_way};
pub use report::{ForgetReport, ForgottenConversation, InputPlace};
pub use target::ConversationName;
