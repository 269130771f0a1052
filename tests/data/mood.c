/* A plugin of the tests that gives what the macros say: VOTES, SCORES, FACTS, and wishes to be asked about ASKS. NAME is its name, SCHEMA the schema of its
 * configuration, which says nothing to it.
 *
 * A turn with the word `hell` has sentiment -0.8, tone angry and shouts if it has no small letter; a turn with `nobody knows` has
 * unknown facts; a turn with `broken` has a sentiment that cannot be. It escalates shouting, accepts `splendid` as UR5, and its score
 * is 0.9 where the turn has a `!`, else 0.2. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rejoinder_plugin.h"

#define STR(text) {(const uint8_t *)(text), sizeof(text) - 1}

typedef struct text {
    const char *ptr;
    size_t len;
} text;

static inline text target(const rjn_batch *batch, uint32_t i) {
    uint32_t m = batch->target[i];
    return (text){(const char *)batch->text + batch->text_off[m], batch->text_off[m + 1] - batch->text_off[m]};
}

static inline bool holds(text turn, const char *word) {
    size_t len = strlen(word);
    for (size_t at = 0; at + len <= turn.len; at++) {
        size_t same = 0;
        while (same < len && (turn.ptr[at + same] | 0x20) == word[same]) same++;
        if (same == len) return true;
    }
    return false;
}

static inline bool shouts(text turn) {
    bool loud = false;
    for (size_t at = 0; at < turn.len; at++) {
        if (turn.ptr[at] >= 'a' && turn.ptr[at] <= 'z') return false;
        loud |= turn.ptr[at] >= 'A' && turn.ptr[at] <= 'Z';
    }
    return loud;
}

static rjn_status create(const rjn_host *host, rjn_str config, rjn_state **out, rjn_error *err) {
    (void)host, (void)config, (void)err;
    *out = malloc(1);
    return *out ? RJN_OK : RJN_FAILED;
}

static void destroy(rjn_state *state) { free(state); }

#if defined VOTES || defined SCORES
static rjn_status classify(rjn_state *state, const rjn_batch *batch, rjn_output *out, rjn_error *err) {
    (void)state, (void)err;
    for (uint32_t i = 0; i < batch->n; i++) {
        text turn = target(batch, i);
#ifdef VOTES
        if (holds(turn, "splendid")) {
            out->verdict[i] = RJN_ACCEPT, out->category[i] = 5;
        } else if (shouts(turn)) {
            out->verdict[i] = RJN_ESCALATE;
        }
#endif
#ifdef SCORES
        bool high = memchr(turn.ptr, '!', turn.len) != NULL;
        out->score[i] = high ? 0.9f : 0.2f;
        float *probs = out->probs + 6 * (size_t)i;
        for (int k = 0; k < 6; k++) probs[k] = 0;
        probs[0] = high ? 0.1f : 0.8f, probs[2] = high ? 0.9f : 0.2f;
#endif
    }
    return RJN_OK;
}
#endif

#ifdef FACTS
static const rjn_str TONES[] = {STR("angry"), STR("calm")};
static const rjn_fact DECLARED[] = {
    {.name = STR("sentiment"), .about = STR("how it sounds"), .kind = RJN_FACT_NUMBER, .least = -1, .most = 1},
    {.name = STR("tone"), .about = STR("the tone"), .kind = RJN_FACT_WORD, .n_words = 2, .words = TONES},
    {.name = STR("shouts"), .about = STR("no small letter"), .kind = RJN_FACT_TRUTH},
};

static rjn_status tell(rjn_state *state, const rjn_batch *batch, double *facts, rjn_error *err) {
    (void)state, (void)err;
    for (uint32_t i = 0; i < batch->n; i++) {
        text turn = target(batch, i);
        if (holds(turn, "nobody knows")) continue;
        bool angry = holds(turn, "hell");
        facts[3 * i] = holds(turn, "broken") ? 7 : angry ? -0.8 : 0.5;
        facts[3 * i + 1] = angry ? 0 : 1;
        facts[3 * i + 2] = shouts(turn);
    }
    return RJN_OK;
}
#endif

#ifdef PHRASE
static const rjn_str PHRASES[] = {STR(PHRASE)};
static const rjn_selection SELECTION = {.struct_size = sizeof(rjn_selection), .n_phrases = 1, .phrases = PHRASES};
#endif

static const rjn_plugin PLUGIN = {
    .magic = RJN_MAGIC,
    .struct_size = sizeof(rjn_plugin),
    .abi_major = RJN_ABI_MAJOR,
    .abi_minor = RJN_ABI_MINOR,
    .flags = RJN_FLAG_CONCURRENT
#ifdef VOTES
        | RJN_GIVES_VOTES
#endif
#ifdef SCORES
        | RJN_GIVES_SCORES
#endif
#ifdef FACTS
        | RJN_GIVES_FACTS
#endif
    ,
    .name = STR(NAME),
    .version = STR("1"),
    .about = STR("of the tests"),
#ifdef SCHEMA
    .config_schema = STR(SCHEMA),
#endif
    .create = create,
    .destroy = destroy,
#if defined VOTES || defined SCORES
    .classify_batch = classify,
#endif
#ifdef FACTS
    .n_facts = 3,
    .facts = DECLARED,
    .facts_batch = tell,
#endif
#ifdef ASKS
    .asks = ASKS,
#endif
#ifdef PHRASE
    .selection = &SELECTION,
#endif
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) {
    (void)host;
    return &PLUGIN;
}
