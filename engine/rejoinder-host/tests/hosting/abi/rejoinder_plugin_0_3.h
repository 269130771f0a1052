/* The interface between the rejoinder engine (the host) and a plugin that classifies user turns.
 *
 * This file is normative. The rules:
 *
 * Versions    Host and plugin work together if their majors are equal, whichever minor is the later. Structs grow only at
 *             the end and only with a minor step; a reader reads a field only if struct_size covers it. Element types of
 *             arrays (rjn_str, rjn_hit) never change inside a major. A plugin that needs more of its host than it finds
 *             returns NULL from its entry. (0.1 was a draft that kept none of this; it is refused.)
 * Handshake   The host looks up the symbol `rejoinder_plugin`, then one named as the file without its prefix `lib` and
 *             its extension, calls it once and checks, in this order: pointer not NULL, magic, ABI version, struct_size,
 *             functions not NULL, name ([a-z0-9_-]+). What is loaded is a copy of the file, at another place, so a library
 *             cannot look for files beside itself. It is never unloaded.
 * Ownership   Nothing that one side allocates is freed by the other. Inputs are borrowed for the duration of the call;
 *             rjn_plugin, its strings, and everything behind rjn_host live until the process ends.
 * Inputs      are guaranteed: text is valid UTF-8; offsets are monotone and on character boundaries;
 *             first[i] <= target[i] < n_messages; role[target[i]] is RJN_ROLE_USER; hits lie inside the target's text.
 * Outputs     are pre-filled by the host and are not trusted: verdict <= 3; category 1 to 5 with RJN_ACCEPT and 0 with
 *             any other verdict; reason <= n_reasons; score and probs in [0, 1], or NaN for "not given", each row of
 *             probs whole or not at all. Anything else is a fault of the plugin on that candidate. The same candidate
 *             always gets the same answer, whatever its batch, its thread and its id.
 * Faults      A call that returns another status than RJN_OK gave no output, whatever it wrote. The host halves the
 *             batch to find the candidates that cause it, gives those the verdict RJN_ESCALATE, destroys the state and
 *             creates a new one. Nothing is ever accepted on a fault. No panic and no exception may leave a function.
 * Errors      A function that fails may write at most err->cap bytes of UTF-8 to err->buf and their number to err->len.
 * Scores      A plugin with RJN_FLAG_SCORES estimates, for every candidate, calibrated probabilities: it fills probs, and they
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
 * Threads     create and destroy may run on any thread. Without RJN_FLAG_CONCURRENT a state is used by one thread at a
 *             time; with it, classify_batch runs on many threads at once on one state. destroy runs last, alone.
 *             Threads that a plugin starts are joined in destroy.
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
#define RJN_ABI_MAJOR 0
#define RJN_ABI_MINOR 3

typedef int32_t rjn_status;
enum { RJN_OK = 0, RJN_INVALID_CONFIG = 1, RJN_INCOMPATIBLE = 2, RJN_FAILED = 3, RJN_PANICKED = 4 };

/* verdicts; an ACCEPT names a category: 1 to 5 = UR1 to UR5, 0 = none */
enum { RJN_ABSTAIN = 0, RJN_ACCEPT = 1, RJN_REJECT = 2, RJN_ESCALATE = 3 };
enum { RJN_ROLE_SYSTEM = 1, RJN_ROLE_USER = 2, RJN_ROLE_ASSISTANT = 3, RJN_ROLE_TOOL = 4 };
enum { RJN_LOG_ERROR = 1, RJN_LOG_WARN = 2, RJN_LOG_INFO = 3, RJN_LOG_DEBUG = 4 };

#define RJN_FLAG_CONCURRENT (UINT64_C(1) << 0) /* one state may classify on many threads at once */
#define RJN_FLAG_SCORES (UINT64_C(1) << 1)     /* since 0.3: it gives calibrated probabilities, see "Scores" above */

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

/* Candidate i is the user message target[i]; its conversation so far is the messages first[i]..=target[i].
 * A conversation with several candidates is stored once. */
typedef struct rjn_batch {
    uint32_t struct_size;
    uint32_t n;                       /* candidates */
    uint32_t n_messages;
    uint32_t n_hits;
    uint32_t n_earlier;               /* plugins that voted before this one */
    uint32_t reserved;                /* 0 */
    const uint8_t *text;              /* all messages, concatenated */
    const uint32_t *text_off;         /* [n_messages + 1] message m is text[text_off[m]..text_off[m + 1]] */
    const uint8_t *role;              /* [n_messages] */
    const uint32_t *first;            /* [n] */
    const uint32_t *target;           /* [n] */
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
    rjn_str (*rule_name)(void *ctx, uint32_t rule);         /* empty: there is no such rule */
} rjn_host;

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
    /* Since 0.3; read only with RJN_FLAG_SCORES. */
    rjn_str score_purposes;           /* what it is calibrated for, such as "all kto UR2,UR5"; empty: whatever is wanted */
    rjn_bytes model;                  /* its own model, where that is a model file of `rejoinder train`; else empty */
} rjn_plugin;

/* The entry. NULL: the plugin does not support this host. */
const rjn_plugin *rejoinder_plugin(const rjn_host *host);

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(rjn_str) == 16 && sizeof(rjn_hit) == 12, "array elements");
_Static_assert(sizeof(rjn_bytes) == 16, "rjn_bytes");
_Static_assert(offsetof(rjn_batch, text) == 24 && offsetof(rjn_batch, hits) == 88, "rjn_batch");
_Static_assert(offsetof(rjn_batch, earlier_score) == 112 && sizeof(rjn_batch) == 120, "rjn_batch");
_Static_assert(offsetof(rjn_output, probs) == 40 && sizeof(rjn_output) == 64, "rjn_output");
_Static_assert(offsetof(rjn_error, buf) == 16 && sizeof(rjn_error) == 24, "rjn_error");
_Static_assert(offsetof(rjn_host, rule_name) == 24 && sizeof(rjn_host) == 32, "rjn_host");
_Static_assert(offsetof(rjn_plugin, name) == 24 && offsetof(rjn_plugin, create) == 104, "rjn_plugin");
_Static_assert(offsetof(rjn_plugin, destroy) == 120, "rjn_plugin");
_Static_assert(offsetof(rjn_plugin, score_purposes) == 128, "rjn_plugin");
_Static_assert(offsetof(rjn_plugin, model) == 144 && sizeof(rjn_plugin) == 160, "rjn_plugin");
#endif

#ifdef __cplusplus
}
#endif
#endif
