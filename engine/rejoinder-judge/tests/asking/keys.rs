//! The keys of requests: replies that were stored once are found again only under the same keys. A change of a shipped prompt
//! changes these keys, too.

use rejoinder_core::{Category, RecordId, Role};
use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::{
    DialogueLine, JudgeConfig, Question, QuestionForm, QuestionUnit, RuleHint, ServerCapabilities,
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
