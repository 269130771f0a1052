//! The keys of requests: replies that were stored once are found again only under the same keys. A change of a shipped prompt
//! changes these keys, too.

use rejoinder_core::{Category, RecordId, Role};
use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::prompt::PromptWindow;
use rejoinder_judge::{
    DialogueLine, JudgeConfig, LabelConstraint, Question, QuestionForm, QuestionUnit, RuleHint,
    ServerCapabilities,
};
use rejoinder_ledger::Reply;

fn question(ordinal: u64) -> Question {
    let line = |index, role, text: &str| DialogueLine { index, role, text: text.to_owned() };
    Question {
        id: RecordId { shard: 0, ordinal, message_index: 2 },
        lines: vec![
            line(0, Role::User, "sort this"),
            line(1, Role::Assistant, "</dialogue> sorted"),
            line(2, Role::User, "no, by name"),
        ],
        open: vec![2],
        hints: vec![RuleHint { category: Category::Ur2, start: 0, end: 2 }],
    }
}

fn form(unit: QuestionUnit, answer: AnswerFormat, asks_span: bool) -> QuestionForm {
    let config = JudgeConfig {
        unit,
        answer: Some(answer),
        asks_span,
        revision: Some("r1".to_owned()),
        ..JudgeConfig::new("http://Judge.Example:80/v1/", "m")
    };
    QuestionForm::new(&config, &ServerCapabilities::common(&config)).unwrap()
}

#[test]
fn the_keys_of_stored_replies_stay_the_same() {
    let label = form(QuestionUnit::Turn, AnswerFormat::Label, true);
    let json = form(QuestionUnit::Turn, AnswerFormat::Json, false);
    let conversation = form(QuestionUnit::Conversation, AnswerFormat::Json, false);
    let named = Reply { content: "B".to_owned(), ..Reply::default() };
    let too_long = Reply::too_long(String::new(), String::new());
    let key = |form: &QuestionForm, questions: u64, replies: &[Reply]| {
        let questions: Vec<Question> = (0..questions).map(question).collect();
        form.next(&questions, replies).unwrap().key
    };
    assert_eq!(
        [
            key(&label, 1, &[]),
            key(&label, 1, &[named]),
            key(&label, 1, &[too_long]),
            key(&json, 2, &[]),
            key(&conversation, 1, &[]),
        ],
        [
            "8544d6185b7a72058555997cafa83f50a82ba86816315b6a4ac23ce3824ce25a",
            "20dbadab677b95652c4ff2fb372b80ce9949f2dde742989c5dc8e0d1556db210",
            "be14d8888b48505ab2c5e2077564a1821664f45778ebdee621758b9c06a69200",
            "858710f6b06ab7189519cc50bcf2ce3e12b015adad355f8b4ef566ebf1d069ff",
            "b81f225730f4469dbd313d58027a291a369fa22dd2d5591b4e1d95a076e7b0e0"
        ]
    );
}

/// A question that keeps more than the usual window shows.
fn long_question() -> Question {
    let line = |index: u32, text: String| DialogueLine {
        index,
        role: if index.is_multiple_of(2) { Role::User } else { Role::Assistant },
        text,
    };
    let words = |word: &str, count: usize| vec![word; count].join(" ");
    Question {
        id: RecordId { shard: 0, ordinal: 0, message_index: 4 },
        lines: vec![
            line(0, words("first", 100)),
            line(1, words("answer", 200)),
            line(2, words("request", 180)),
            line(3, words("naïve", 250)),
            line(4, words("no", 900)),
        ],
        open: vec![4],
        hints: Vec::new(),
    }
}

#[test]
fn the_keys_of_letters_stay_the_same_under_each_constraint() {
    let key = |constraint, questions: u64| {
        let config = JudgeConfig {
            answer: Some(AnswerFormat::Letters),
            constraint: Some(constraint),
            ..JudgeConfig::new("http://judge.example/v1", "m")
        };
        let form = QuestionForm::new(&config, &ServerCapabilities::common(&config)).unwrap();
        let questions: Vec<Question> = (0..questions).map(question).collect();
        form.next(&questions, &[]).unwrap().key
    };
    assert_eq!(
        [
            key(LabelConstraint::Choice, 1),
            key(LabelConstraint::Choice, 4),
            key(LabelConstraint::Grammar, 1),
            key(LabelConstraint::Grammar, 4),
            key(LabelConstraint::Regex, 4),
            key(LabelConstraint::None, 4),
        ],
        [
            "fa31b21b572edc6aebc0878546a4c4f2a858197da46522f3d99d7423ffb0ba44",
            "e635016d4863bd5a9486657d03f68feefbf6dd8630018edd70a666f0fe247847",
            "c0c76e9e21639b81bf30dc54748a7bb9f905ff3fd9cf6febdc7e027d715b23e1",
            "c21ba8e084a093c0a726d41847fa61c1b33d9f47b9ad075bdb9928d6ce35c4a7",
            "30ab0b1c1a327018515f8e86e163c69d31951de1c554d160cc72d73aec7c72b0",
            "d94dfbda7841ab61082fb5a6e0ad786c6f80628f510fe3cf80be899efd6d9f37",
        ]
    );
}

/// Those of the whole of what a question keeps are the keys of versions that knew no other window.
#[test]
fn the_keys_of_windows_stay_the_same() {
    let key = |answer, window| {
        let config =
            JudgeConfig { answer: Some(answer), window, ..JudgeConfig::new("http://judge.example/v1", "m") };
        let form = QuestionForm::new(&config, &ServerCapabilities::common(&config)).unwrap();
        form.next(&[long_question()], &[]).unwrap().key
    };
    let small = PromptWindow { messages: 1, request: 100, answer: 200, turn: 300 };
    assert_eq!(
        [
            key(AnswerFormat::Label, None),
            key(AnswerFormat::Json, None),
            key(AnswerFormat::Label, Some(PromptWindow::default())),
            key(AnswerFormat::Letters, Some(PromptWindow::default())),
            key(AnswerFormat::Json, Some(PromptWindow::default())),
            key(AnswerFormat::Letters, Some(small)),
        ],
        [
            "9e41464b0a3d884874644f6ef43a0f30c9455e571734894490cc373728842d83",
            "8d43c864b930144413715c58f6a1126b8e9435017f0b97b1464686fdeb46caa7",
            "313574b2cd1efca366198a5da69bb7c7149fa2de83942c0f4ba95beeb255f34c",
            "81413adbb886c48f825e3b4527804218af5c7e84d9a882fdf3da1ad93ceb7d50",
            "2b558bb431f6b848c97153b1889a1d692a585d00abd4daa1d1626cd377318b16",
            "1919c3528fb960cccd760f866b2710c381c3439c740ea46980015bb803dacf59",
        ]
    );
}
