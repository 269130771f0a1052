/* A plugin that keeps every rule, or, compiled with one of the macros below, breaks one. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }

struct rjn_state { int calls, live; };

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
#if !defined LOOSE && !defined LOOSE_KEY
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

static rjn_status classify(rjn_state *state, const rjn_batch *b, rjn_output *out, rjn_error *err)
{
    (void)err;
    if (!state->live)
        return say(err, "I am dead");
#if defined OVER_READ_TEXT
    BEYOND(b->text, b->text_off[b->n_messages]);
#elif defined OVER_READ_TEXT_OFF
    BEYOND(b->text_off, b->n_messages + 1);
#elif defined OVER_READ_ROLE
    BEYOND(b->role, b->n_messages);
#elif defined OVER_READ_FIRST
    BEYOND(b->first, b->n);
#elif defined OVER_READ_TARGET
    BEYOND(b->target, b->n);
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
#elif defined WRITE_BEYOND
    out->WRITE_BEYOND[b->n * WIDTH] = 0;
#elif defined WRITE_BEFORE
    out->WRITE_BEFORE[-1] = 0;
#elif defined WRITE_INPUT
    if (b->n)
        ((uint8_t *)(uintptr_t)b->role)[b->first[0]] = RJN_ROLE_TOOL;
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
#if defined RANDOM
        out->score[i] = state->calls++ % 7 ? 0.25f : 0.75f;
#elif defined NEIGHBOURS
        out->score[i] = i % 2 ? 0.25f : 0.75f;
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

static void destroy(rjn_state *state)
{
    state->live = 0;
#ifndef ONE_STATE
    free(state);
#endif
}

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
    .flags = RJN_GIVES_VOTES | RJN_FLAG_CONCURRENT, .name = STR("conformance"), .version = STR("1"), .about = STR(
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
