/* A plugin that keeps every rule, or, compiled with one of the macros below, breaks one. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }

struct rjn_state { int calls, live, is_configured; void *kept; };

static const rjn_str reasons[] = { STR("it is long") };

static rjn_status say(rjn_error *err, const char *message)
{
    size_t len = strlen(message);
#ifndef LONG_MESSAGE
    if (len > err->cap)
        len = err->cap;
#endif
    memcpy(err->buf, message, len);
    err->len = (uint32_t)len;
    return RJN_INVALID_CONFIG;
}

static rjn_status create(const rjn_host *host, rjn_str config, rjn_state **out, rjn_error *err)
{
    (void)host, (void)config, (void)err;
#ifdef NO_LATER_HOST
    if (host->abi_minor > RJN_ABI_MINOR)
        return say(err, "I want no later version than my own");
#endif
#if !defined LOOSE && !defined LOOSE_KEY && !defined IGNORES && !defined OPEN && !defined NESTED && !defined OTHER_DEFAULT
#ifdef NO_VOTER
    static const char told[] = "{\"for\":\"";
    if (config.len > sizeof told && memcmp(config.ptr, told, sizeof told - 1) == 0)
        config.len = 2, config.ptr = (const uint8_t *)"{}";
#endif
    if (config.len != 2 || memcmp(config.ptr, "{}", 2) != 0) {
#ifdef MUTE
        return RJN_INVALID_CONFIG;
#endif
        return say(err, "there is nothing to configure");
    }
#endif
#ifdef NEVER
    return say(err, "not today\nok      \x1b[2Jall is well");
#endif
#ifdef ONE_STATE
    static struct rjn_state only;
    *out = &only;
#else
    *out = calloc(1, sizeof **out);
#endif
    if (!*out)
        return RJN_FAILED;
    (*out)->live = 1;
#ifdef OTHER_DEFAULT
    if (config.len < 2 || config.ptr[0] != '{' || config.ptr[config.len - 1] != '}')
        return say(err, "that is no object");
    (*out)->is_configured = config.len > 2;
#endif
#ifdef LEAK
    static void *volatile kept;
    kept = malloc(LEAK);
    memset(kept, 1, LEAK);
#endif
    return RJN_OK;
}

/* Reads the item behind the last one. */
#define BEYOND(column, count) \
    if ((count) > 0) { \
        volatile uint8_t sink = *(const volatile uint8_t *)((column) + (count)); \
        (void)sink; \
    }

static void read_beyond(const rjn_batch *b)
{
    (void)b;
#if defined OVER_READ_TEXT
    BEYOND(b->text, b->text_off[b->n_messages]);
#elif defined OVER_READ_TEXT_OFF
    BEYOND(b->text_off, b->n_messages + 1);
#elif defined OVER_READ_ROLE
    BEYOND(b->role, b->n_messages);
#elif defined OVER_READ_TIME
    BEYOND(b->time, b->n_messages);
#elif defined OVER_READ_LANGUAGE
    BEYOND(b->language, b->n_conversations * 4);
#elif defined OVER_READ_COLUMN_OFF
    BEYOND(b->column_off, b->n_conversations + 1);
#elif defined OVER_READ_COLUMNS
    BEYOND(b->columns, b->n_columns);
#elif defined OVER_READ_COLUMN_TEXT
    if (b->n_columns)
        BEYOND(b->column_text, b->columns[b->n_columns - 1].value_end);
#elif defined OVER_READ_CONVERSATION
    BEYOND(b->conversation, b->n);
#elif defined OVER_READ_FIRST
    BEYOND(b->first, b->n);
#elif defined OVER_READ_TARGET
    BEYOND(b->target, b->n);
#elif defined OVER_READ_ANSWER
    BEYOND(b->answer, b->n);
#elif defined OVER_READ_ANSWER_END
    BEYOND(b->answer_end, b->n);
#elif defined OVER_READ_ID
    BEYOND(b->id, b->n);
#elif defined OVER_READ_PRIOR
    BEYOND(b->prior, b->n);
#elif defined OVER_READ_HIT_OFF
    BEYOND(b->hit_off, b->n + 1);
#elif defined OVER_READ_HITS
    BEYOND(b->hits, b->n_hits);
#elif defined OVER_READ_EARLIER_VERDICT
    BEYOND(b->earlier_verdict, b->n * b->n_earlier);
#elif defined OVER_READ_EARLIER_CATEGORY
    BEYOND(b->earlier_category, b->n * b->n_earlier);
#elif defined OVER_READ_EARLIER_SCORE
    BEYOND(b->earlier_score, b->n * b->n_earlier);
#elif defined WRITE_INPUT
    /* The value that is there: nobody sees it by comparing. */
    if (b->n && b->n_columns) {
        volatile uint8_t *first = (volatile uint8_t *)(uintptr_t)b->WRITE_INPUT;
        *first = *first;
    }
#elif defined WRITE_BATCH
    volatile uint32_t *n = (volatile uint32_t *)(uintptr_t)&b->n;
    *n = *n;
#endif
}

static rjn_status classify(rjn_state *state, const rjn_batch *b, rjn_output *out, rjn_error *err)
{
    (void)err;
    if (!state->live)
        return say(err, "I am dead");
#ifndef IN_FACTS
    read_beyond(b);
#endif
#ifdef LEAK_CALL
    void **kept = malloc(sizeof(void *) + LEAK_CALL);
    *kept = state->kept;
    state->kept = kept;
#endif
#if defined WRITE_BEYOND
    out->WRITE_BEYOND[b->n * WIDTH] = 0;
#elif defined WRITE_BEFORE
    out->WRITE_BEFORE[-1] = 0;
#elif defined EXACT_BATCH
    if (b->struct_size != sizeof *b)
        return say(err, "I want exactly my own structs");
#elif defined EMPTY
    if (b->n == 0)
        return say(err, "I want work");
#elif defined CRASH
    if (b->n == 0)
        *(volatile int *)8 = 0;
#elif defined HANG
    while (b->n == 0)
        usleep(1000);
#elif defined LEAVE
    if (b->n == 0)
        exit(0);
#elif defined NOT_SHARED
    static int busy;
    if (__atomic_fetch_add(&busy, 1, __ATOMIC_SEQ_CST) > 0)
        return say(err, "somebody else is here");
    usleep(200);
    __atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
#endif
    for (uint32_t i = 0; i < b->n; i++) {
        const uint32_t *off = b->text_off + b->target[i];
        if (off[1] - off[0] > 20) {
            out->verdict[i] = RJN_ESCALATE;
            out->score[i] = 0.5f;
            out->reason[i] = 1;
        }
#ifdef OTHER_DEFAULT
        out->score[i] = state->is_configured ? 0.25f : 0.75f;
#endif
#ifdef NO_VOTER
        const float none[6] = { 1, 0, 0, 0, 0, 0 };
        memcpy(out->probs + 6 * i, none, sizeof none);
        out->score[i] = 0;
#endif
#if defined RANDOM
        out->score[i] = state->calls++ % 7 ? 0.25f : 0.75f;
#elif defined NEIGHBOURS
        out->score[i] = i % 2 ? 0.25f : 0.75f;
#elif defined MESSAGES_OF_OTHERS
        out->score[i] = b->first[i] == (i ? b->target[i - 1] + 1 : 0) ? 0.25f : 0.75f;
#elif defined NO_REASON
        out->reason[i] = 2;
#elif defined NO_SCORE
        out->score[i] = 1.5f;
#elif defined NO_CATEGORY
        out->verdict[i] = RJN_ACCEPT;
#elif defined NOTE_ELSEWHERE
        if (out->note)
            out->note(out->note_ctx, b->n, reasons[0]);
#elif defined SMALL
        if (off[1] - off[0] > 100000)
            return say(err, "that is too much for me");
#endif
    }
    return RJN_OK;
}

static const rjn_str words[] = { STR("short"), STR("long") };

static const rjn_fact facts[] = {
    { .name = STR("bytes"), .about = STR("bytes of the turn"), .kind = RJN_FACT_NUMBER, .least = 0, .most = 1e9 },
    { .name = STR("length"), .about = STR("how long it is"), .kind = RJN_FACT_WORD, .n_words = 2, .words = words },
};

static rjn_status facts_of(rjn_state *state, const rjn_batch *b, double *out, rjn_error *err)
{
    if (!state->live)
        return say(err, "I am dead");
#ifdef IN_FACTS
    read_beyond(b);
#endif
#ifdef FACT_WRITE_BEYOND
    out[b->n * 2] = 0;
#endif
    for (uint32_t i = 0; i < b->n; i++) {
        const uint32_t *off = b->text_off + b->target[i];
        out[i * 2] = off[1] - off[0];
        if (off[1] > off[0])
            out[i * 2 + 1] = off[1] - off[0] > 20;
#if defined FACT_RANGE
        out[i * 2] = -1;
#elif defined FACT_WORD
        out[i * 2 + 1] = 0.5;
#elif defined FACT_RANDOM
        out[i * 2] = state->calls++;
#elif defined FACT_NEIGHBOURS
        out[i * 2] = i;
#elif defined FACT_FAILS
        if (b->n == 0 || off[1] - off[0] > 100000)
            return say(err, "I have no facts of that");
#endif
    }
    return RJN_OK;
}

static void destroy(rjn_state *state)
{
    for (void **kept = state->kept, **next; kept; kept = next) {
        next = *kept;
        free(kept);
    }
    state->live = 0;
#ifndef ONE_STATE
    free(state);
#endif
}

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
    .flags = RJN_FLAG_CONCURRENT | RJN_GIVES_FACTS | RJN_WANTS_COLUMNS
#ifdef NO_VOTER
        | RJN_GIVES_SCORES,
#else
        | RJN_GIVES_VOTES,
#endif
    .n_facts = 2, .facts = facts, .facts_batch = facts_of, .name = STR("conformance"), .version = STR("1"), .about = STR(
#ifdef RUDE
        "\x1b[2J\xc2\x9b" "2J\xe2\x80\xaegone"
#else
        "for tests"
#endif
    ),
    .config_schema = STR(
#ifdef BAD_SCHEMA
        "{\"type\": 7}"
#elif defined BAD_DEFAULT
        "{\"type\": \"object\", \"additionalProperties\": false, \"properties\":"
        " {\"k\": {\"type\": \"integer\", \"default\": 1}}}"
#elif defined NO_VOTER
        "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"for\": {\"type\": \"string\"}}}"
#elif defined OTHER_DEFAULT
        "{\"type\": \"object\", \"additionalProperties\": false, \"properties\":"
        " {\"o\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\":"
        " {\"k\": {\"type\": \"integer\", \"default\": 1}}}}}"
#elif defined IGNORES
        "{\"type\": \"object\", \"additionalProperties\": false, \"properties\":"
        " {\"k\": {\"type\": \"integer\", \"minimum\": 1}, \"w\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}}}"
#elif defined NESTED
        "{\"type\": \"object\", \"additionalProperties\": false, \"properties\":"
        " {\"k\": {\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\"}}}}}"
#elif defined OPEN
        "{\"type\": \"object\", \"additionalProperties\": true}"
#elif defined LOOSE
        "{\"type\": \"object\"}"
#elif defined LOOSE_KEY
        "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"k\": {}}}"
#else
        "{\"type\": \"object\", \"additionalProperties\": false}"
#endif
    ),
    .reasons = reasons, .n_reasons = 1, .create = create, .classify_batch = classify, .destroy = destroy,
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
