//! How requests that somebody else has put into words are put to one server.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::JudgeConfig;
use crate::probe::ServerCapabilities;
use crate::request::{JudgeRequest, RequestParameters, body_with};
use crate::tokens::PromptTokens;

/// A request in somebody else's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenRequest {
    /// The messages, in their order; at least one.
    pub messages: Vec<GivenMessage>,
    /// The most output tokens of the answer; `None` means the config's.
    pub max_tokens: Option<u32>,
}

/// A message of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenMessage {
    /// The role of the speaker.
    pub role: GivenRole,
    /// The text.
    pub content: String,
}

/// The role of a speaker, as servers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GivenRole {
    /// Who sets the frame.
    System,
    /// The same, as some newer models call it.
    Developer,
    /// Who asks.
    User,
    /// Who answers.
    Assistant,
}

/// That a request cannot fit into the model's context, however its tokens are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTooLong {
    /// The input tokens: a number that is hardly too high.
    pub input_tokens: u64,
    /// The output tokens that the request allows.
    pub max_tokens: u32,
    /// The tokens of the model's context, input and output together.
    pub context: u64,
}

impl fmt::Display for RequestTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input_tokens, max_tokens, context } = self;
        write!(
            f,
            "not sent: at least {input_tokens} input tokens and {max_tokens} output tokens are more than the model's context of {context} \
             (`context` under [judge] says otherwise, if it is larger)"
        )
    }
}

/// How such requests are put to one server.
#[derive(Clone, Debug)]
pub struct GivenForm {
    config: JudgeConfig,
    /// The endpoint as the keys of replies name it.
    endpoint: String,
    parameters: RequestParameters,
    context: Option<u64>,
}

/// The tokens that a chat template may put around each message after the first.
const MARKERS: u64 = 16;

impl GivenForm {
    /// The form for a judge whose server has these capabilities.
    pub fn new(config: &JudgeConfig, capabilities: &ServerCapabilities) -> Self {
        Self {
            endpoint: config.endpoint(),
            parameters: capabilities.parameters,
            context: config.context.or(capabilities.context),
            config: config.clone(),
        }
    }

    /// The request to the server: its messages as they are, and greedy decoding.
    pub fn request(&self, given: &GivenRequest) -> JudgeRequest {
        let texts: Vec<&str> = given.messages.iter().map(|message| message.content.as_str()).collect();
        let mut tokens = self.config.counter.measure(&texts.join("\n"));
        tokens.bound += MARKERS * texts.len().saturating_sub(1) as u64;
        self.put(&given.messages, tokens, given.max_tokens.unwrap_or(self.config.max_tokens))
    }

    /// Why a request need not be sent: it surely does not fit into the model's context.
    pub fn too_long(&self, request: &JudgeRequest) -> Option<RequestTooLong> {
        let &JudgeRequest { input_tokens: (input_tokens, ..), max_tokens, .. } = request;
        let context = self.context?;
        let is_too_long = input_tokens + u64::from(max_tokens) > context;
        is_too_long.then_some(RequestTooLong { input_tokens, max_tokens, context })
    }

    /// A request that no server refuses that answers any.
    pub(crate) fn example(&self) -> JudgeRequest {
        const EXAMPLE: &str = "Reply with the digit 7 and nothing else.";
        let message = GivenMessage { role: GivenRole::User, content: EXAMPLE.to_owned() };
        self.put(&[message], self.config.counter.measure(EXAMPLE), 1)
    }

    fn put(&self, messages: &[GivenMessage], tokens: PromptTokens, max_tokens: u32) -> JudgeRequest {
        let body = body_with(&self.config.model, &messages, max_tokens, self.parameters);
        JudgeRequest::new(&self.config, &self.endpoint, &body, tokens, max_tokens)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn form(change: impl FnOnce(&mut JudgeConfig, &mut ServerCapabilities)) -> GivenForm {
        let mut config = JudgeConfig::new("http://127.0.0.1:1/v1", "m").for_given_requests();
        let mut able = ServerCapabilities::assumed(&config);
        change(&mut config, &mut able);
        GivenForm::new(&config, &able)
    }

    fn given(texts: &[&str]) -> GivenRequest {
        let message = |text: &&str| GivenMessage { role: GivenRole::User, content: (*text).to_owned() };
        GivenRequest { messages: texts.iter().map(message).collect(), max_tokens: Some(9) }
    }

    #[test]
    fn the_words_are_sent_as_they_are_in_the_servers_parameters() {
        let sent = |form: &GivenForm| -> Value {
            serde_json::from_str(&form.request(&given(&["a\n", "b"])).body).unwrap()
        };
        let messages = json!([{ "role": "user", "content": "a\n" }, { "role": "user", "content": "b" }]);
        assert_eq!(
            sent(&form(|_, _| {})),
            json!({ "model": "m", "messages": messages, "max_tokens": 9, "temperature": 0 })
        );
        let other = form(|_, able| {
            able.parameters = RequestParameters {
                max_completion_tokens: true,
                default_temperature: true,
                top_logprobs: None,
            };
        });
        assert_eq!(sent(&other), json!({ "model": "m", "messages": messages, "max_completion_tokens": 9 }));
    }

    #[test]
    fn the_key_tells_apart_what_may_be_answered_otherwise() {
        let key = |form: &GivenForm, given: &GivenRequest| form.request(given).key;
        let usual = form(|_, _| {});
        let one = key(&usual, &given(&["a", "b"]));
        assert_eq!(one, key(&form(|config, _| config.pace.max_retries = 0), &given(&["a", "b"])));
        assert_eq!(one, key(&form(|config, _| config.max_tokens = 3), &given(&["a", "b"])));
        let mut others = vec![
            key(&usual, &given(&["a"])),
            key(&usual, &given(&["a\nb"])),
            key(&usual, &GivenRequest { max_tokens: None, ..given(&["a", "b"]) }),
            key(&form(|config, _| config.model = "n".to_owned()), &given(&["a", "b"])),
            key(&form(|config, _| config.revision = Some("r".to_owned())), &given(&["a", "b"])),
            key(&form(|config, _| config.identity = Some("i".to_owned())), &given(&["a", "b"])),
            one,
        ];
        others.sort();
        others.dedup();
        assert_eq!(others.len(), 7);
    }

    #[test]
    fn only_what_is_surely_too_long_is_refused() {
        let words = "word ".repeat(1_000);
        let long = given(&[&words]);
        let too_long = |form: &GivenForm| form.too_long(&form.request(&long));
        let at = |context| too_long(&form(|_, able| able.context = context));
        assert_eq!(at(None), None);
        // 1,000 tokens by the estimate, and hardly fewer than 797.
        let refused = at(Some(700)).unwrap();
        assert_eq!((refused.max_tokens, refused.context), (9, 700));
        assert!(refused.to_string().contains("context of 700"), "{refused}");
        assert_eq!(at(Some(900)), None, "the server decides");
        let set = form(|config, able| (config.context, able.context) = (Some(700), Some(9_000)));
        assert!(too_long(&set).is_some(), "the config's word counts");
    }

    #[test]
    fn what_is_reserved_covers_the_markers_of_all_messages() {
        let one = form(|_, _| {}).request(&given(&["a"])).most.tokens;
        let many = form(|_, _| {}).request(&given(&["a"; 41])).most.tokens;
        assert!(many >= one + 40 * MARKERS + 40, "{one} and {many}");
    }
}
