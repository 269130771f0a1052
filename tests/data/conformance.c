/* A plugin that keeps every rule, or, compiled with one of the macros below, breaks one. */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }

struct rjn_state { int calls; };

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
    (void)host;
#ifdef EXACT_HOST
    if (host->abi_minor != RJN_ABI_MINOR)
        return say(err, "I want exactly my own version");
#endif
    if (config.len != 2 || memcmp(config.ptr, "{}", 2) != 0) {
#ifdef MUTE
        return RJN_INVALID_CONFIG;
#endif
        return say(err, "there is nothing to configure");
    }
    *out = calloc(1, sizeof **out);
#ifdef LEAK
    static void *volatile kept;
    kept = malloc(2000);
    memset(kept, 1, 2000);
#endif
    return *out ? RJN_OK : RJN_FAILED;
}

/* Reads the item behind the last one. */
#define BEYOND(column, count) \
    do { \
        volatile uint8_t sink = *(const volatile uint8_t *)((column) + (count)); \
        (void)sink; \
    } while (0)

static rjn_status classify(rjn_state *state, const rjn_batch *b, rjn_output *out, rjn_error *err)
{
    (void)state, (void)err;
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
#elif defined OVER_READ_EARLIER
    BEYOND(b->earlier_score, b->n * b->n_earlier);
#elif defined WRITE_BEYOND
    out->category[b->n] = 0;
#elif defined EXACT_BATCH
    if (b->struct_size != sizeof *b)
        return say(err, "I want exactly my own structs");
#elif defined EMPTY
    if (b->n == 0)
        return say(err, "I want work");
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

static void destroy(rjn_state *state) { free(state); }

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
    .flags = RJN_FLAG_CONCURRENT, .name = STR("conformance"), .version = STR("1"), .about = STR("for tests"),
    .config_schema = STR(
#ifdef BAD_SCHEMA
        "{\"type\": 7}"
#else
        "{\"type\": \"object\", \"additionalProperties\": false}"
#endif
    ),
    .reasons = reasons, .n_reasons = 1, .create = create, .classify_batch = classify, .destroy = destroy,
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
