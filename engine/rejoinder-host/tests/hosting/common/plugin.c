#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <unistd.h>

#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }

struct rjn_state { int unused; };
static struct rjn_state the_state;

__attribute__((constructor)) static void when_loaded(void) { WHEN_LOADED }

static rjn_status create(const rjn_host *host, rjn_str config, rjn_state **out, rjn_error *error) {
    (void)host, (void)config, (void)error;
    *out = &the_state;
    WHEN_STARTED
    return RJN_OK;
}

static rjn_status classify(rjn_state *state, const rjn_batch *batch, rjn_output *out, rjn_error *error) {
    (void)state, (void)error;
    for (uint32_t i = 0; i < batch->n; i++) {
        if (batch->text[batch->text_off[batch->target[i]]] == 'x') abort();
        out->verdict[i] = RJN_ACCEPT;
        out->category[i] = CATEGORY;
    }
    return RJN_OK;
}

static void destroy(rjn_state *state) { (void)state; }

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
    .flags = RJN_GIVES_VOTES,
    .name = STR("in-c"), .version = STR("1"), .about = STR("for tests"),
    .create = create, .classify_batch = classify, .destroy = destroy,
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
