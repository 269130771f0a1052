/* The interface between the rejoinder engine (the host) and a plugin that looks at user turns: 1.0, frozen.
 *
 * This file is normative. The rules:
 *
 * Versions    Host and plugin work together if their majors are equal, whichever minor is the later. A reader reads a field
 *             only if struct_size covers it. A plugin that needs more of its host than it finds returns NULL from its entry.
 *             (0.x were drafts and are refused: compile a plugin of theirs anew against this file; what changed for it is
 *             in plugins/README.md, "From 0.x to 1.0".)
 * Growth      What a later 1.x may do, and nothing else: append fields to rjn_batch, rjn_output, rjn_error, rjn_host, rjn_plugin
 *             and rjn_selection; add flags, statuses, log levels, kinds of facts, and ways to ask (rjn_plugin.asks). It never
 *             changes what a field of 1.0 means, nor the elements of arrays (rjn_str, rjn_bytes, rjn_hit, rjn_column, rjn_fact).
 *             A host takes a flag that it does not know for not set, and from a plugin of a later minor a way to ask that it
 *             does not know for RJN_ASK_DEFAULT. A `reserved` field is 0.
 * Handshake   The host looks up the symbol `rejoinder_plugin`, then one named as the file without its prefix `lib` and
 *             its extension, calls it once and checks, in this order: pointer not NULL, magic, ABI version, struct_size,
 *             what the plugin gives, functions, name ([a-z0-9_-]+), all texts, and what it declares (scores, asks, facts).
 *             What is loaded is a copy of the file, at another place, so a library cannot look for files beside itself. It
 *             is never unloaded.
 * Gives       A plugin gives at least one of RJN_GIVES_VOTES, RJN_GIVES_SCORES and RJN_GIVES_FACTS. classify_batch is NULL where
 *             it gives facts alone, facts_batch where it gives none. Without RJN_GIVES_VOTES every verdict is RJN_ABSTAIN.
 * Ownership   Nothing that one side allocates is freed by the other. Inputs are borrowed for the duration of the call, and
 *             only read; rjn_plugin, what it points to, and everything behind rjn_host live until the process ends.
 * Inputs      are guaranteed: text, column_text and language are valid UTF-8; offsets and ranges are monotone, in bounds and on
 *             character boundaries; first[i] <= answer[i] <= answer_end[i] <= target[i] < n_messages; role[target[i]] is
 *             RJN_ROLE_USER; conversation[i] < n_conversations; hits lie inside the target's text.
 * Outputs     are pre-filled by the host and are not trusted: verdict <= 3; category 1 to 5 with RJN_ACCEPT and 0 with
 *             any other verdict; reason <= n_reasons; score and probs in [0, 1], or NaN for "not given", each row of
 *             probs whole or not at all; facts as they are declared, or NaN for "not known". Anything else is a fault of
 *             the plugin on that candidate. The same candidate always gets the same answer, whatever its batch, its thread
 *             and its id.
 * Faults      A call that returns another status than RJN_OK gave no output, whatever it wrote. The host asks
 *             about each candidate alone to find those that cause it, gives those the verdict RJN_ESCALATE, destroys the state
 *             and creates a new one. Nothing is ever accepted on a fault. No panic and no exception may leave a function.
 * Errors      A function that fails may write at most err->cap bytes of UTF-8 to err->buf and their number to err->len.
 * Scores      A plugin with RJN_GIVES_SCORES estimates, for every candidate, calibrated probabilities: it fills probs, and they
 *             sum to 1 (to within 0.01). It fills score, too: the probability of the feedback that the key `for` of its
 *             configuration names, which is `all`, `sft`, `kto`, or categories such as `UR2,UR5`. For `all` the score is
 *             1 - P(none) (to within 0.01); for less than that it may be an estimate of its own, where that ranks
 *             candidates better than the sum of the categories' probabilities does.
 *             The host adds `for` to the configuration, unless the user has given it, where the plugin is calibrated for what
 *             the run wants (score_purposes); where it is not, the host goes by probs alone. Where the configuration has the
 *             key `model`, the host takes its text for the path of a file, makes the path absolute (a relative one is taken
 *             from the folder of the config file), and identifies the plugin by the file's content instead of its path. A
 *             plugin that gives a model of the engine's own format (rjn_plugin.model) uses the file that `model` names
 *             instead of that model: the engine names such a file when it has learned from answers.
 * Facts       A plugin with RJN_GIVES_FACTS declares facts by name and type, which a rule may ask for as `plugin.name`. The host
 *             calls facts_batch on turns that such a rule may mark, before the rules are done and before any plugin votes:
 *             there are no hits and no earlier votes in that call, and prior is 0. An instance whose configuration does not
 *             allow a fact leaves it NaN, and then no condition on it holds.
 * Asking      A plugin is asked to vote about the turns that asks names, unless the config says otherwise. A plugin that scores
 *             is asked about every later turn where a score decides.
 * Columns     The metadata columns of a record are handed over only where a plugin of the run has RJN_WANTS_COLUMNS; a plugin
 *             without that flag reads none.
 * Threads     create and destroy may run on any thread. Without RJN_FLAG_CONCURRENT a state is used by one thread at a
 *             time; with it, classify_batch and facts_batch run on many threads at once on one state. destroy runs last,
 *             alone. Threads that a plugin starts are joined in destroy.
 * Process     A plugin is trusted code inside the host's process: no chdir, setlocale, signal handlers, exit. It has
 *             its own copy of its language's runtime, so it logs through rjn_host.log only.
 */
#ifndef REJOINDER_PLUGIN_H
#define REJOINDER_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RJN_MAGIC UINT64_C(0x3147554C504E4A52) /* the bytes "RJNPLUG1" on a little-endian machine */
#define RJN_ABI_MAJOR 1
#define RJN_ABI_MINOR 0

typedef int32_t rjn_status;
enum { RJN_OK = 0, RJN_INVALID_CONFIG = 1, RJN_INCOMPATIBLE = 2, RJN_FAILED = 3, RJN_PANICKED = 4 };

/* verdicts; an ACCEPT names a category: 1 to 5 = UR1 to UR5, 0 = none */
enum { RJN_ABSTAIN = 0, RJN_ACCEPT = 1, RJN_REJECT = 2, RJN_ESCALATE = 3 };
enum { RJN_ROLE_SYSTEM = 1, RJN_ROLE_USER = 2, RJN_ROLE_ASSISTANT = 3, RJN_ROLE_TOOL = 4 };
enum { RJN_LOG_ERROR = 1, RJN_LOG_WARN = 2, RJN_LOG_INFO = 3, RJN_LOG_DEBUG = 4 };

/* the route of a rule: what a hit of it leads to, before plugins and scores have a say */
enum { RJN_ROUTE_ACCEPT = 1, RJN_ROUTE_REJECT = 2, RJN_ROUTE_ESCALATE = 3, RJN_ROUTE_SCORE = 4 };
/* which turns a plugin is asked about: what the host finds best; those that a rule marked; every user turn after an answer;
 * those of rjn_plugin.selection */
enum { RJN_ASK_DEFAULT = 0, RJN_ASK_MARKED = 1, RJN_ASK_ALL = 2, RJN_ASK_SELECTED = 3 };
/* kinds of facts: a number between two others; 0 or 1; the index of one of some words */
enum { RJN_FACT_NUMBER = 1, RJN_FACT_TRUTH = 2, RJN_FACT_WORD = 3 };

/* rjn_plugin.flags */
#define RJN_FLAG_CONCURRENT (UINT64_C(1) << 0) /* one state may be used on many threads at once */
#define RJN_GIVES_VOTES (UINT64_C(1) << 1)     /* verdicts */
#define RJN_GIVES_SCORES (UINT64_C(1) << 2)    /* calibrated probabilities, see "Scores" above */
#define RJN_GIVES_FACTS (UINT64_C(1) << 3)     /* facts that rules may ask for, see "Facts" above */
#define RJN_WANTS_COLUMNS (UINT64_C(1) << 4)   /* it reads the metadata columns, see "Columns" above */

#define RJN_NO_TIME INT64_MIN                  /* in rjn_batch.time: nobody knows */

typedef struct rjn_state rjn_state; /* the plugin's own */

typedef struct rjn_str { /* UTF-8, borrowed, no NUL at the end */
    const uint8_t *ptr;
    size_t len;
} rjn_str;

typedef struct rjn_bytes { /* any bytes, borrowed */
    const uint8_t *ptr;
    size_t len;
} rjn_bytes;

typedef struct rjn_hit { /* a rule matched bytes start..end of the target's text */
    uint32_t rule, start, end;
} rjn_hit;

typedef struct rjn_column { /* a column of a record, as byte ranges of column_text */
    uint32_t name, name_end;
    uint32_t value, value_end;        /* a string as it is, anything else as JSON */
} rjn_column;

/* Candidate i is the user message target[i]; its conversation so far is the messages first[i]..=target[i].
 * A conversation with several candidates is stored once. */
typedef struct rjn_batch {
    uint32_t struct_size;
    uint32_t n;                       /* candidates */
    uint32_t n_messages;
    uint32_t n_conversations;
    uint32_t n_columns;
    uint32_t n_hits;
    uint32_t n_earlier;               /* plugins that voted before this one */
    uint32_t reserved;
    /* messages */
    const uint8_t *text;              /* all messages, concatenated */
    const uint32_t *text_off;         /* [n_messages + 1] message m is text[text_off[m]..text_off[m + 1]] */
    const uint8_t *role;              /* [n_messages] */
    const int64_t *time;              /* [n_messages] when it was written, in ms since 1970-01-01 UTC, or RJN_NO_TIME */
    /* conversations */
    const uint8_t *language;          /* [n_conversations * 4] a code of ISO 639 filled up with zeros; all zero: not determined */
    const uint32_t *column_off;       /* [n_conversations + 1] columns of c: columns[column_off[c]..column_off[c + 1]] */
    const rjn_column *columns;        /* [n_columns] what the record has beside its messages, see "Columns" above */
    const uint8_t *column_text;       /* names and values, concatenated in the order of columns; ends where the last value does */
    /* candidates */
    const uint32_t *conversation;     /* [n] */
    const uint32_t *first;            /* [n] */
    const uint32_t *target;           /* [n] */
    const uint32_t *answer;           /* [n] the answer that it would be feedback on: messages answer[i]..answer_end[i] */
    const uint32_t *answer_end;       /* [n] equal to answer[i]: there is none */
    const uint64_t *id;               /* [n] for messages to people only */
    const float *prior;               /* [n] what the rules think: log-odds of feedback */
    const uint32_t *hit_off;          /* [n + 1] hits of candidate i: hits[hit_off[i]..hit_off[i + 1]] */
    const rjn_hit *hits;              /* [n_hits] */
    const uint8_t *earlier_verdict;   /* [n * n_earlier] row i: what the earlier plugins said of candidate i */
    const uint8_t *earlier_category;  /* [n * n_earlier] */
    const float *earlier_score;       /* [n * n_earlier] NaN: none given */
} rjn_batch;

typedef struct rjn_output {
    uint32_t struct_size;
    uint32_t n;
    uint8_t *verdict;                 /* [n] pre-filled RJN_ABSTAIN */
    uint8_t *category;                /* [n] pre-filled 0 */
    uint16_t *reason;                 /* [n] k says rjn_plugin.reasons[k - 1]; pre-filled 0: none */
    float *score;                     /* [n] P(feedback), pre-filled NaN */
    float *probs;                     /* [n * 6] P(none), P(UR1) .. P(UR5), pre-filled NaN */
    void *note_ctx;
    /* Says in free words why candidate i got its answer. NULL unless a person reads it. The host copies the text. */
    void (*note)(void *note_ctx, uint32_t i, rjn_str text);
} rjn_output;

typedef struct rjn_error {
    uint32_t struct_size;
    uint32_t cap;
    uint32_t len;
    uint32_t reserved;
    uint8_t *buf;
} rjn_error;

typedef struct rjn_host {
    uint32_t struct_size;
    uint16_t abi_major, abi_minor;
    void *ctx;
    void (*log)(void *ctx, int32_t level, rjn_str message); /* from any thread */
    rjn_str (*rule_name)(void *ctx, uint32_t rule);         /* its id; empty: there is no such rule */
    uint8_t (*rule_category)(void *ctx, uint32_t rule);     /* 1 to 5; 0: none, or no such rule */
    uint8_t (*rule_route)(void *ctx, uint32_t rule);        /* RJN_ROUTE_ACCEPT..; 0: no such rule */
} rjn_host;

typedef struct rjn_fact { /* something that a rule may ask for, as `plugin.name` */
    rjn_str name, about;              /* name [a-z0-9_-]+, each once */
    uint32_t kind;                    /* RJN_FACT_NUMBER.. */
    uint32_t n_words;
    const rjn_str *words;             /* [n_words] RJN_FACT_WORD: what it may be, each [a-z0-9_-]+, once, and neither true, false nor a number; the value is the index */
    double least, most;               /* RJN_FACT_NUMBER: finite, least < most; the value lies between them, both included */
} rjn_fact;

/* RJN_ASK_SELECTED: turns that meet all of these. */
typedef struct rjn_selection {
    uint32_t struct_size;
    uint32_t n_phrases;
    const rjn_str *phrases;           /* [n_phrases] the turn holds one of them, as a rule's `any`: folded, on word borders; none: any turn */
    uint32_t n_languages;
    uint32_t min_words;
    const rjn_str *languages;         /* [n_languages] the conversation is in one of them (codes of ISO 639); none: any */
    uint32_t max_words;               /* the turn has min_words to max_words words; 0: no limit */
    uint32_t reserved;
} rjn_selection;

typedef struct rjn_plugin {
    uint64_t magic;                   /* RJN_MAGIC; the first 16 bytes are the same in every major */
    uint32_t struct_size;             /* sizeof(rjn_plugin) as the plugin was compiled */
    uint16_t abi_major, abi_minor;
    uint64_t flags;
    rjn_str name, version, about;
    rjn_str config_schema;            /* a JSON Schema, or empty */
    const rjn_str *reasons;           /* [n_reasons] a few words each */
    size_t n_reasons;
    /* config_json is an object. On RJN_OK *out is the state, not NULL. */
    rjn_status (*create)(const rjn_host *host, rjn_str config_json, rjn_state **out, rjn_error *err);
    rjn_status (*classify_batch)(rjn_state *state, const rjn_batch *batch, rjn_output *out, rjn_error *err);
    void (*destroy)(rjn_state *state);
    /* with RJN_GIVES_SCORES */
    rjn_str score_purposes;           /* what it is calibrated for, such as "all kto UR2,UR5"; empty: whatever is wanted */
    rjn_bytes model;                  /* its own model, where that is a model file of `rejoinder train`; else empty */
    uint32_t asks;                    /* which turns it wishes to vote on: RJN_ASK_DEFAULT.. */
    /* with RJN_GIVES_FACTS */
    uint32_t n_facts;
    const rjn_fact *facts;            /* [n_facts] */
    const rjn_selection *selection;   /* with RJN_ASK_SELECTED */
    /* Row i of facts is candidate i's, in the order of rjn_plugin.facts; pre-filled NaN: not known. */
    rjn_status (*facts_batch)(rjn_state *state, const rjn_batch *batch, double *facts /* [n * n_facts] */, rjn_error *err);
} rjn_plugin;

/* The entry. NULL: the plugin does not support this host. */
const rjn_plugin *rejoinder_plugin(const rjn_host *host);

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(rjn_str) == 16 && sizeof(rjn_bytes) == 16, "array elements");
_Static_assert(sizeof(rjn_hit) == 12 && sizeof(rjn_column) == 16 && sizeof(rjn_fact) == 64, "array elements");
_Static_assert(offsetof(rjn_fact, words) == 40 && offsetof(rjn_fact, most) == 56, "rjn_fact");
_Static_assert(offsetof(rjn_batch, text) == 32 && offsetof(rjn_batch, language) == 64, "rjn_batch");
_Static_assert(offsetof(rjn_batch, conversation) == 96 && offsetof(rjn_batch, hits) == 160, "rjn_batch");
_Static_assert(offsetof(rjn_batch, earlier_score) == 184, "rjn_batch");
_Static_assert(offsetof(rjn_output, note) == 56, "rjn_output");
_Static_assert(offsetof(rjn_error, buf) == 16, "rjn_error");
_Static_assert(offsetof(rjn_host, rule_route) == 40, "rjn_host");
_Static_assert(offsetof(rjn_selection, languages) == 24 && offsetof(rjn_selection, max_words) == 32, "rjn_selection");
_Static_assert(offsetof(rjn_plugin, name) == 24 && offsetof(rjn_plugin, create) == 104, "rjn_plugin");
_Static_assert(offsetof(rjn_plugin, score_purposes) == 128 && offsetof(rjn_plugin, asks) == 160, "rjn_plugin");
_Static_assert(offsetof(rjn_plugin, facts) == 168 && offsetof(rjn_plugin, facts_batch) == 184, "rjn_plugin");
#endif

#ifdef __cplusplus
}
#endif
#endif
